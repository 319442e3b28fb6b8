"""Small graphs on disk and in memory, and when two graphs are the same."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array

from weft.data.graph_build import Column, build_graph
from weft.data.hetero import HeteroGraph, NodeTable, Relation, clean_edges
from weft.tasks import Kind, Task

FILES = {
    "graph.toml": """
name = "shop"
[nodes.customer]
file = "customers.csv"
key = "id"
features = ["age", "spent"]
categorical = ["segment"]
split = "part"
[nodes.account]
file = "accounts.tsv"
key = "iban"
[edges.owns]
file = "owns.csv"
source = "customer"
target = "account"
source_key = "who"
target_key = "what"
[tasks.churn]
node = "customer"
kind = "binary"
[tasks.plan]
node = "customer"
kind = "multiclass"
column = "tariff"
[tasks.likes]
node = "customer"
kind = "multilabel"
columns = ["tea", "coffee"]
[tasks.value]
node = "account"
kind = "regression"
""",
    "customers.csv": (
        "id,age,spent,segment,part,churn,tariff,tea,coffee\n"
        "ann,30,1.5,new,train,yes,big,1,0\n"
        "bob,,2,old,val,no,small,0,\n"
        "eve,50,-1,,test,,big,1,1\n"
        "dan,20,0,old,,no,,,\n"
    ),
    "accounts.tsv": "iban\tvalue\nA\t1.5\nB\t\nC\t-2\n",
    "owns.csv": "who,what\nbob,B\nann,A\nann,B\nann,A\n",
}


def write_files(folder, changes=None):
    """Write the shop, with some files changed (None: left out)."""
    for name, text in (FILES | (changes or {})).items():
        if text is not None:
            (folder / name).write_text(text)
    return folder


def changed(name, *pairs):
    """Return one file of the shop with texts replaced, as `write_files` takes it."""
    text = FILES[name]
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return {name: text}


def arrays():
    """Return the npz layout of a small graph: file -> arrays; `meta.json` apart."""
    return {
        "edges": {
            "author__writes__paper": np.array([[0, 1, 1, 0], [0, 0, 2, 0]]),
            "paper__cites__paper": np.array([[2, 1], [0, 1]]),
        },
        "features": {
            "author__dense": np.array([[1.0, np.nan], [0, 2]], np.float32),
            "author_extra__dense": np.array([[5.0], [6.0]], np.float32),
            "paper__csr_data": np.array([3, 1], np.uint8),
            "paper__csr_indices": np.array([1, 0], np.int32),
            "paper__csr_indptr": np.array([0, 1, 1, 2], np.int32),
            "paper__csr_shape": np.array([3, 4]),
        },
        "labels": {
            "author__area": np.array([1, -1]),
            "paper__topics": np.array([[1, 0], [0, 1], [1, 1]], np.uint8),
            "paper__year": np.array([1.5, np.nan, 3], np.float32),
        },
        "splits": {
            "author__area__train": np.array([True, False]),
            "author__area__val": np.array([False, False]),
            "author__area__test": np.array([False, True]),
            "paper__topics__train": np.array([True, False, False]),
            "paper__topics__val": np.array([False, True, False]),
            "paper__topics__test": np.array([False, False, True]),
            "paper__topics__other_train": np.array([False, True, False]),
            "paper__topics__other_val": np.array([True, False, False]),
            "paper__topics__other_test": np.array([False, False, True]),
        },
    }


META = {
    "name": "toy",
    "num_nodes": {"author": 2, "paper": 3},
    "tasks": {
        "author__area": {"kind": "single-label", "class_names": ["AI", "DB"]},
        "paper__topics": {"kind": "multi-label", "class_names": ["nets", "trees"]},
        "paper__year": {"kind": "regression"},
    },
}


def write_arrays(folder, files, meta=None):
    """Write the npz layout."""
    import json

    for name, held in files.items():
        np.savez(folder / f"{name}.npz", **held)
    (folder / "meta.json").write_text(json.dumps(META if meta is None else meta))
    return folder


HGB = {
    "node.dat": "0\tann\t0\t1,0,0,0,0\n1\tbob\t0\t0,0,0,0.5,0\n2\tp\t1\n3\tq\t1\n4\tr\t1\n",
    "link.dat": (
        "0\t2\t0\t1.0\n1\t2\t0\t1.0\n1\t4\t0\t1.0\n"  # author-paper
        "2\t0\t1\t1.0\n2\t1\t1\t1.0\n4\t1\t1\t1.0\n"  # the same turned round
        "2\t3\t2\t1.0\n"  # paper-cite-paper
    ),
    "label.dat": "2\tp\t1\t0,1\n3\tq\t1\t1\n0\tann\t0\t1\n",
    "label.dat.test": "4\tr\t1\t0\n1\tbob\t0\t0\n",
    "info.dat": """{"node.dat": {"node type": {"0": "author", "1": "paper"}},
        "link.dat": {"link type": {"0": {"start": 0, "end": 1, "meaning": "author-paper"},
                                   "1": {"start": 1, "end": 0, "meaning": "paper-author"},
                                   "2": {"start": 1, "end": 1, "meaning": "paper-cite-paper"}}},
        "label.dat": {"node type": {"0": {"0": "AI", "1": "DB"}}}}""",
}


def write_hgb(folder, changes=None):
    """Write a small graph in HGB's format."""
    for name, text in (HGB | (changes or {})).items():
        if text is not None:
            (folder / name).write_text(text)
    return folder


def assert_same(a: HeteroGraph, b: HeteroGraph) -> None:
    """Compare everything but how the split is called."""
    assert (a.types, a.name, list(a.edges), a.tasks) == (b.types, b.name, list(b.edges), b.tasks)
    for kind in a.types:
        one, two = a.nodes[kind], b.nodes[kind]
        assert (one.n, one.keys) == (two.n, two.keys)
        assert (one.dense is None, one.sparse is None) == (two.dense is None, two.sparse is None)
        if one.dense is not None:
            np.testing.assert_array_equal(one.dense, two.dense)
        if one.sparse is not None:
            assert one.sparse.shape == two.sparse.shape
            assert (one.sparse != two.sparse).nnz == 0
    for relation, edge in a.edges.items():
        np.testing.assert_array_equal(edge, b.edges[relation])
    for name in ("row", "col", "value"):
        np.testing.assert_array_equal(getattr(a.labels, name), getattr(b.labels, name))
    assert (a.split is None) == (b.split is None)
    for part, rows in a.split.parts().items() if a.split else ():
        np.testing.assert_array_equal(rows, b.split.parts()[part])


_NAMES = st.text("abcXYZ019", min_size=1, max_size=5)
_FLOATS = st.floats(-1e6, 1e6, width=32)


@st.composite
def graphs(draw) -> HeteroGraph:
    """Graphs of one to three types with any features, relations, tasks and parts."""
    types = draw(st.lists(_NAMES, min_size=1, max_size=3, unique_by=str.lower))
    nodes = {kind: draw(_tables()) for kind in types}
    edges = {}
    for name in draw(st.lists(_NAMES, max_size=3)):
        ends = draw(st.tuples(st.sampled_from(types), st.sampled_from(types)))
        pairs = [st.integers(0, nodes[kind].n - 1) for kind in ends]
        drawn = draw(st.lists(st.tuples(*pairs), max_size=6))
        edges[Relation(ends[0], name, ends[1])] = clean_edges(np.array(drawn, np.int64).reshape(-1, 2).T)
    columns = []
    for name in draw(st.lists(_NAMES, max_size=3, unique=True)):
        columns += draw(_columns(name, nodes))
    return build_graph(nodes, edges, columns, draw(_parts(nodes)), draw(_NAMES))


@st.composite
def _tables(draw):
    n = draw(st.integers(1, 4))
    keys = draw(st.one_of(st.just(()), st.lists(st.text("abc ,\"'1", min_size=1), min_size=n, max_size=n, unique=True)))
    dense = draw(st.lists(st.one_of(_FLOATS, st.just(float("nan"))), min_size=2 * n, max_size=2 * n))
    shown = draw(st.sampled_from(["", "dense", "sparse", "both"]))
    x = np.array(dense, np.float32).reshape(n, 2)
    words = csr_array(np.nan_to_num(x) * (np.nan_to_num(x) > 0))
    called = () if keys == [str(at) for at in range(n)] else tuple(keys)
    return NodeTable(
        n, x if shown in ("dense", "both") else None, words if shown in ("sparse", "both") else None, called
    )


@st.composite
def _columns(draw, name, nodes):
    kind = draw(st.sampled_from(list(nodes)))
    n = nodes[kind].n
    known = np.flatnonzero(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    what = draw(st.sampled_from(["binary", "multiclass", "regression", "multilabel", "named"]))
    if what == "regression":
        value = np.array(draw(st.lists(st.floats(-1e9, 1e9), min_size=n, max_size=n)))
        return [Column(Task(name, Kind.REGRESSION, (), kind), known, value[known])]
    value = np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)), float)
    tasks = {
        "binary": [Task(name, Kind.BINARY, (), kind)],
        "named": [Task(name, Kind.BINARY, ("bad", "good"), kind, draw(st.sampled_from([None, "group"])))],
        "multiclass": [Task(name, Kind.MULTICLASS, ("z", "a", "10"), kind)],
        "multilabel": [Task(f"{name}: {label}", Kind.BINARY, (), kind, name) for label in "xy"],
    }
    return [Column(task, known, value[known]) for task in tasks[what]]


@st.composite
def _parts(draw, nodes):
    if draw(st.booleans()):
        return None
    parts = {}
    for kind, table in nodes.items():
        word = np.array(draw(st.lists(st.integers(0, 3), min_size=table.n, max_size=table.n)))
        parts[kind] = tuple(np.flatnonzero(word == at) for at in range(3))
    return parts if any(len(rows) for three in parts.values() for rows in three) else None
