"""Codes of atoms and bonds to rows, and the kinds of row in a batch."""

import torch

from weft.data.featurize import ATOM_FIELDS, ATOM_MASS
from weft.encoders.atoms import ATOM_WIDTH, BOND_WIDTH, atom_rows, bond_rows, kinds
from weft.testing import toy_graphs


def test_rows_are_one_hot_fields_and_mass():
    """Every field has one column set, at its own place; the last column is the atom's mass."""
    codes = torch.tensor([[6, 3, 2, 0, 1, 1, 1], [17, 1, 2, 0, 0, 2, 0]], dtype=torch.uint8)
    rows = atom_rows(codes)
    assert rows.shape == (2, ATOM_WIDTH)
    starts = torch.tensor([size for _, size in ATOM_FIELDS]).cumsum(0) - torch.tensor([s for _, s in ATOM_FIELDS])
    for code, row in zip(codes, rows, strict=True):
        assert torch.nonzero(row[:-1]).flatten().tolist() == (starts + code).tolist()
        assert row[-1] == ATOM_MASS[int(code[0])]
    assert bond_rows(torch.tensor([[3, 1, 1, 0]], dtype=torch.uint8)).sum() == 4
    assert bond_rows(torch.zeros((0, 4), dtype=torch.uint8)).shape == (0, BOND_WIDTH)


def test_kinds_and_index_give_the_codes_back():
    """No two kinds are merged and none is listed twice."""
    atom = toy_graphs(12, seed=5).atom.repeat(3, 1)
    atom[0] = 255
    distinct, kind, _ = kinds(atom)
    assert torch.equal(distinct[kind], atom)
    assert len(distinct) == len(set(map(tuple, atom.tolist())))
