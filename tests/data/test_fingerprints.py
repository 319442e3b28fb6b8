"""Dense features: what RDKit computes one molecule at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from tests.data.molecules_strategy import GOOD, real_smiles, rows
from weft.data import descriptors as d
from weft.data import fingerprints as f
from weft.data.parallel import Part

PEPTIDE = "N[C@@H](CC(C)C)C(=O)" * 60 + "O"


@given(rows)
def test_bad_rows_are_zeros_in_their_place(smiles):
    # Protects: row i of the features is row i of the table.
    counts, described = f.morgan(smiles), f.descriptors(smiles)
    alone = [f.morgan([text])[0] for text in smiles]
    assert np.array_equal(counts, np.stack(alone))
    assert counts.shape == (len(smiles), f.MORGAN_BITS)
    assert described.shape == (len(smiles), len(d.DESCRIPTOR_NAMES))
    assert (described[counts.sum(1) == 0] == 0).all()


def test_counts_are_counts():
    # Protects: counts, not bits; seen to catch GetFingerprint.
    mol = Chem.MolFromSmiles("CCCCCCCC")
    expected = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048).GetCountFingerprint(mol)
    got = f.morgan(["CCCCCCCC"])[0]
    assert {int(at): int(got[at]) for at in got.nonzero()[0]} == expected.GetNonzeroElements()
    assert got.max() == 6


def test_large_counts_are_cut_not_wrapped():
    # Protects: 300 equal atoms do not become 44.
    assert f.morgan(["C" * 302])[0].max() == 255


@pytest.mark.parametrize("smiles", [*GOOD, "CC(=O)Oc1ccccc1C(=O)O", "[Na+].CC(=O)[O-]", PEPTIDE])
def test_descriptors_are_those_of_rdkit(smiles):
    # Protects: our joint computation of electron counts, Chi, EState and VSA sums, name by name.
    from rdkit.Chem import Descriptors

    reference = dict(Descriptors.descList)
    mol = Chem.MolFromSmiles(smiles)
    for name, value in zip(d.DESCRIPTOR_NAMES, f.descriptors([smiles])[0], strict=True):
        try:
            expected = reference[name](mol)
        except (ValueError, ArithmeticError):
            expected = np.nan
        assert value == pytest.approx(expected if np.isfinite(expected) else np.nan, rel=1e-4, abs=1e-4, nan_ok=True), (
            name
        )


def test_a_descriptor_that_fails_is_undefined_alone(monkeypatch):
    # Protects: one failing descriptor does not blank the row.
    def fails(mol):
        raise ZeroDivisionError

    monkeypatch.setattr(d, "_SINGLE_FUNCTIONS", (fails, *d._SINGLE_FUNCTIONS[1:]))
    row = f.descriptors(["CCO"])[0]
    assert np.isnan(row[0])
    assert np.isfinite(row[1:]).all()


def test_a_molecule_that_crashed_rdkit_is_undefined(monkeypatch, caplog):
    # Protects: a lost row is not taken for a molecule without atoms and rings.
    lost = Part({"x": np.zeros((1, 203), np.float32)}, ["crashed the chemistry library"], lost=True)
    monkeypatch.setattr(f, "run_rows", lambda *_: [f.descriptor_part(["CC"]), lost])
    x = f.descriptors(["CC", "CCC"])
    assert np.isfinite(x[0]).all()
    assert np.isnan(x[1]).all()
    assert "crashed" in caplog.text


def test_names_are_unique_and_the_slow_ones_left_out():
    # Protects: one column per name; nothing that takes a second per peptide comes back.
    assert len(set(d.DESCRIPTOR_NAMES)) == len(d.DESCRIPTOR_NAMES) == 203
    assert not {"Ipc", "AvgIpc", "BalabanJ", "BertzCT", "qed", "SPS", "BCUT2D_MWHI"} & set(d.DESCRIPTOR_NAMES)


def test_real_molecules_are_described():
    # Protects: on real data hardly anything is undefined.
    x = f.descriptors(real_smiles("tox21")[:150])
    assert np.isfinite(x).mean() > 0.999


def test_sparse_counts_are_the_dense_ones():
    """Protects the two ways to the same counts from each other, bad rows included."""
    smiles = ["CCO", None, "c1ccccc1C(=O)NCC", "C1CC", "C" * 300]
    x, status = f.morgan_counts(smiles, workers=0)
    assert (x.toarray() == f.morgan(smiles, workers=0)).all()
    assert [reason == "ok" for reason in status] == [True, False, True, False, True]
