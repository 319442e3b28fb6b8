"""Molecules as `Data`: every feature of row i is of row i, whatever is bad around it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.data.molecules_strategy import real_smiles, rows
from tests.data.test_store import assert_same
from weft.data.base import Data, Inputs
from weft.data.featurize import FEATURISER_HASH
from weft.data.molecules import Molecules
from weft.errors import UserError

MIXED = ["CCO", None, "[Na+].[Cl-]", "C1CC", "c1ccccc1", "", "OCC"]


@given(rows, st.data())
def test_taking_rows_is_taking_them_before(smiles, data):
    # Protects: a view, and a view of a view, gives what a table of those rows gives.
    first = data.draw(st.lists(st.integers(0, len(smiles) - 1), min_size=1, max_size=6))
    second = data.draw(st.lists(st.integers(0, len(first) - 1), max_size=6))
    view = Molecules.from_smiles(smiles).take(np.array(first)).take(np.array(second, np.int64))
    alone = Molecules.from_smiles([smiles[first[at]] for at in second])
    assert (view.status, view.keys, view.smiles, len(view)) == (alone.status, alone.keys, alone.smiles, len(alone))
    assert np.array_equal(view.ok, alone.ok)
    assert_same(view.graphs(), alone.graphs())
    assert np.array_equal(view.dense("morgan"), alone.dense("morgan"))


def test_rows_stay_in_order_and_bad_ones_say_why():
    # Protects: output rows = input rows; two spellings of one molecule have one key.
    data: Data = Molecules.from_smiles(MIXED)
    assert data.ok.tolist() == [True, False, True, False, True, False, True]
    assert data.keys == ["CCO", "", "[Cl-].[Na+]", "", "c1ccccc1", "", "CCO"]
    assert data.status[1] == data.status[5] == "empty SMILES"
    assert data.status[3].startswith("cannot be parsed")


@pytest.mark.parametrize("kind", ["morgan", "descriptors"])
def test_dense_features_of_bad_rows_are_zeros(kind):
    # Protects: the convention of `Data.dense`.
    data = Molecules.from_smiles(MIXED)
    x = data.dense(kind)
    assert x.dtype == np.float32
    assert np.array_equal((x != 0).any(1), data.ok)
    assert np.array_equal(x[0], x[6], equal_nan=True)


def test_features_handed_out_are_copies():
    # Protects: a caller who scales in place does not change what the next one gets.
    data = Molecules.from_smiles(["CCO"])
    for kind in ("morgan", "descriptors"):
        data.dense(kind)[:] = 7
        assert not (data.dense(kind) == 7).all()


def test_the_cache_gives_the_same_table(monkeypatch, tmp_path):
    # Protects: text and arrays through the cache file, a message with any letter included.
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path))
    first = Molecules.from_smiles([*MIXED, "Ünsinn\n"])
    before = first.status, first.keys, first.graphs(), first.dense("descriptors")
    monkeypatch.setattr("weft.data.parallel.run_rows", lambda *a: pytest.fail("computed again"))
    monkeypatch.setattr("weft.data.featurize.run_rows", lambda *a: pytest.fail("computed again"))
    monkeypatch.setattr("weft.data.fingerprints.run_rows", lambda *a: pytest.fail("computed again"))
    again = Molecules.from_smiles([*MIXED, "Ünsinn\n"])
    assert (again.status, again.keys) == before[:2]
    assert_same(again.graphs(), before[2])
    assert np.array_equal(again.dense("descriptors"), before[3], equal_nan=True)


def test_inputs_of_molecules():
    # Protects: what the training loop gathers from.
    batch = Inputs.of(Molecules.from_smiles(MIXED), ("graph", "morgan")).take(torch.tensor([6, 1]))
    assert batch.graph is not None
    assert (batch.graph.n_graphs, batch.graph.atom.shape, batch.dense["morgan"].shape) == (2, (3, 7), (2, 2048))


def test_hashes_and_unknown_kinds():
    # Protects: a model trained on other features is noticed; a wrong kind is told.
    data = Molecules.from_smiles(["C"])
    assert data.feature_hash("graph") == FEATURISER_HASH
    assert len({data.feature_hash(kind) for kind in data.kinds}) == 3
    with pytest.raises(UserError, match="Did you mean morgan"):
        data.dense("morgen")
    with pytest.raises(UserError, match="no features"):
        data.feature_hash("vectors")


def test_missing_and_wrong_values():
    # Protects: NaN from pandas is a missing SMILES; a number is an error that names the row.
    assert Molecules.from_smiles([float("nan"), "C"]).ok.tolist() == [False, True]  # pyright: ignore
    with pytest.raises(UserError, match="row 2: expected a SMILES, got int 3"):
        Molecules.from_smiles(["C", 3])  # pyright: ignore


def test_an_empty_table():
    # Protects: no rows is no error.
    data = Molecules.from_smiles([])
    assert (len(data), data.keys, len(data.graphs()), data.dense("morgan").shape) == (0, [], 0, (0, 2048))
    assert data.ok.dtype == bool


def test_tox21_has_eight_unreadable_molecules():
    # Protects: the number of usable rows on which every published figure rests.
    data = Molecules.from_smiles(real_smiles("tox21"))
    assert (len(data), int(data.ok.sum())) == (7831, 7823)
    assert all("Al" in reason for reason in data.status if reason != "ok")
