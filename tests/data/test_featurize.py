"""Featurisation: the codes say what RDKit says, and no text can hurt the process."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from rdkit import Chem

from tests.data.molecules_strategy import BAD, GOOD, real_smiles, rows
from weft.data import featurize as f


def slow_atom(atom: Chem.Atom) -> list[int]:
    """Look the codes of one atom up in the words of the tables."""

    def at(value: object, known: list[object]) -> int:
        return known.index(value) if value in known else len(known)

    hybrid = [getattr(Chem.HybridizationType, name) for name in ("SP", "SP2", "SP3", "SP3D", "SP3D2")]
    tags = ["CHI_UNSPECIFIED", "CHI_TETRAHEDRAL_CW", "CHI_TETRAHEDRAL_CCW", "CHI_OTHER"]
    return [
        atom.GetAtomicNum() if atom.GetAtomicNum() <= 100 else 0,
        at(atom.GetDegree(), [0, 1, 2, 3, 4, 5]),
        at(atom.GetFormalCharge(), [-2, -1, 0, 1, 2]),
        at(str(atom.GetChiralTag()), tags),
        at(atom.GetTotalNumHs(), [0, 1, 2, 3, 4]),
        at(atom.GetHybridization(), hybrid),
        int(atom.GetIsAromatic()),
    ]


def slow_bond(bond: Chem.Bond) -> list[int]:
    kinds = ["SINGLE", "DOUBLE", "TRIPLE", "AROMATIC"]
    stereos = ["STEREONONE", "STEREOANY", "STEREOZ", "STEREOE", "STEREOCIS", "STEREOTRANS"]
    kind, stereo = str(bond.GetBondType()), str(bond.GetStereo())
    return [
        kinds.index(kind) if kind in kinds else 4,
        int(bond.GetIsConjugated()),
        int(bond.IsInRing()),
        stereos.index(stereo) if stereo in stereos else 6,
    ]


@pytest.mark.parametrize("smiles", [*GOOD, "C[C@H](F)/C=C/Cl |r|", "C[S@@](=O)c1ccccc1", "[Og]"])
def test_codes_are_those_of_a_slow_reading_of_the_tables(smiles):
    # Protects: every field and its order; seen to catch hybridisation and hydrogens swapped.
    arrays, status, _ = f.featurise([smiles])
    mol = Chem.MolFromSmiles(smiles)
    assert status == ["ok"]
    assert arrays["atom"].tolist() == [slow_atom(atom) for atom in mol.GetAtoms()]
    assert arrays["bond"].tolist() == [slow_bond(bond) for bond in mol.GetBonds() for _ in range(2)]
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
    assert arrays["src"].tolist() == [end for pair in ends for end in pair]
    assert arrays["dst"].tolist() == [end for pair in ends for end in pair[::-1]]


def test_stereo_is_read_where_it_is_written():
    # Protects: the short cut that does not ask RDKit for stereo of a text without marks.
    arrays, _, _ = f.featurise(["N[C@@H](C)O", "NC(C)O", "F/C=C/F", "FC=CF"])
    chiral = np.add.reduceat(arrays["atom"][:, 3], arrays["atom_ptr"][:-1])
    assert chiral.tolist()[1:] == [0, 0, 0]
    assert chiral[0] > 0
    assert arrays["bond"][arrays["bond_ptr"][2] : arrays["bond_ptr"][3], 3].max() > 0


@given(rows)
def test_rows_are_neither_lost_nor_shifted(smiles):
    # Protects: a bad row stays one empty row; seen to catch bad rows that were skipped.
    arrays, status, keys = f.featurise(smiles)
    assert len(status) == len(keys) == len(arrays["atom_ptr"]) - 1 == len(smiles)
    for at, text in enumerate(smiles):
        mol = None if text is None or text in BAD else Chem.MolFromSmiles(text)
        n_atoms = arrays["atom_ptr"][at + 1] - arrays["atom_ptr"][at]
        assert (status[at] == "ok") == (mol is not None)
        assert n_atoms == (0 if mol is None else mol.GetNumAtoms())
        assert keys[at] == ("" if mol is None else Chem.MolToSmiles(mol))


@given(rows)
def test_codes_stay_within_their_fields(smiles):
    # Protects: an embedding table of the stated size is never read beyond its end.
    arrays, _, _ = f.featurise(smiles)
    for name, table in (("atom", f.ATOM_FIELDS), ("bond", f.BOND_FIELDS)):
        assert (arrays[name] < np.array([count for _, count in table])).all()


def test_mass_of_carbon():
    # Protects: the mass table is indexed by the code of the atomic number.
    assert f.ATOM_MASS.shape == (101,)
    assert f.ATOM_MASS[[0, 6]].tolist() == pytest.approx([0, 0.12011])


def test_parallel_equals_one_process():
    # Protects: chunks come back in order.
    smiles = [*real_smiles("sider")[:300], None, *real_smiles("sider")[300:700], "C1CC"]
    one, many = f.featurise(smiles, workers=0), f.featurise(smiles, workers=2)
    assert one[1:] == many[1:]
    assert all(np.array_equal(one[0][name], many[0][name]) for name in one[0])
