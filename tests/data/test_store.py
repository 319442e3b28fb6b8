"""The packed store: a gathered batch is what joining the molecules one by one gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.data.molecules_strategy import rows
from weft.data.featurize import featurise
from weft.data.store import GraphBatch, PackedGraphs, empty_store
from weft.errors import UserError


def store_of(smiles) -> PackedGraphs:
    return PackedGraphs.from_arrays(featurise(smiles)[0])


def slow_batch(smiles, order) -> GraphBatch:
    """Featurise each molecule alone and join them in a loop."""
    atom, bond, src, dst, graph, first = [], [], [], [], [], 0
    for place, row in enumerate(order):
        arrays = featurise([smiles[row]])[0]
        atom += arrays["atom"].tolist()
        bond += arrays["bond"].tolist()
        src += (arrays["src"] + first).tolist()
        dst += (arrays["dst"] + first).tolist()
        graph += [place] * len(arrays["atom"])
        first += len(arrays["atom"])
    codes = torch.tensor(atom, dtype=torch.uint8).reshape(-1, 7), torch.tensor(bond, dtype=torch.uint8).reshape(-1, 4)
    ends = (torch.tensor(x, dtype=torch.int64) for x in (src, dst, graph))
    return GraphBatch(*codes, *ends, len(order))


def assert_same(a, b):
    assert type(a) is type(b)
    for name, value in vars(a).items():
        other = getattr(b, name)
        if isinstance(value, torch.Tensor):
            assert value.dtype == other.dtype, name
            assert torch.equal(value, other), name
        else:
            assert value == other, name


@given(rows, st.data())
def test_batch_equals_a_slow_join(smiles, data):
    # Protects: the gather, with bad rows, repeats and any order; seen to catch bond ends shifted by the wrong molecule.
    order = data.draw(st.lists(st.integers(0, len(smiles) - 1), max_size=8))
    assert_same(store_of(smiles).batch(torch.tensor(order, dtype=torch.int64)), slow_batch(smiles, order))


@given(rows, st.data())
def test_take_then_batch_equals_batch(smiles, data):
    # Protects: `take` renumbers the pointers.
    order = torch.tensor(data.draw(st.lists(st.integers(0, len(smiles) - 1), max_size=8)), dtype=torch.int64)
    store = store_of(smiles)
    assert_same(store.take(order).batch(torch.arange(len(order))), store.batch(order))


@given(rows)
def test_the_reverse_of_bond_e_is_e_xor_1(smiles):
    # Protects: what directed message passing relies on, in a batch too.
    batch = store_of(smiles).batch(torch.arange(len(smiles)).flip(0))
    reverse = torch.arange(len(batch.src)) ^ 1
    assert torch.equal(batch.src[reverse], batch.dst)
    assert torch.equal(batch.bond[reverse], batch.bond)
    assert torch.equal(batch.graph[batch.src], batch.graph[batch.dst])


def test_save_then_load_is_equal(tmp_path):
    # Protects: every tensor and its dtype survives the file.
    store = store_of(["CCO", None, "c1ccccc1"])
    store.save(tmp_path / "a.safetensors")
    assert_same(PackedGraphs.load(tmp_path / "a.safetensors"), store)


@pytest.mark.parametrize("cut", [0, 5, 60, -1])
def test_a_cut_file_is_a_user_error(tmp_path, cut):
    # Protects: a truncated store is told, not read.
    path = tmp_path / "a.safetensors"
    store_of(["CCO", "CC"]).save(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UserError, match=r"a\.safetensors"):
        PackedGraphs.load(path)


def test_pointers_that_contradict_the_atoms_are_a_user_error(tmp_path):
    # Protects: a well-formed file of a broken store is not read beyond its end.
    store = store_of(["CCO", "CC"])
    PackedGraphs(store.atom[:-1], store.bond, store.src, store.dst, store.atom_ptr, store.bond_ptr).save(
        tmp_path / "a.safetensors"
    )
    with pytest.raises(UserError, match="atom_ptr does not fit 4 atoms"):
        PackedGraphs.load(tmp_path / "a.safetensors")


def test_empty_molecules_and_no_molecules():
    # Protects: batches of nothing have the shapes and dtypes of any other.
    nothing, empty = store_of(["CC"]).batch(torch.zeros(0, dtype=torch.int64)), empty_store(3)
    assert (nothing.n_graphs, nothing.atom.shape, nothing.bond.shape) == (0, (0, 7), (0, 4))
    assert_same(empty, store_of([None, "", "C("]))
    assert empty.batch(torch.tensor([2, 2])).n_graphs == 2


def test_tensors_share_memory_with_the_arrays():
    # Protects: making a store of a big data set does not copy it.
    arrays = featurise(["CCO"])[0]
    assert np.shares_memory(PackedGraphs.from_arrays(arrays).atom.numpy(), arrays["atom"])
