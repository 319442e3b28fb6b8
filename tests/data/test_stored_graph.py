"""A graph on disk is the graph in memory: edges, features, samples, and what a model learns."""

import numpy as np
import pytest
import torch

from tests.toy import write_toy
from weft.data.graph_build import Column, build_graph
from weft.data.graph_files import is_graph, read_graph
from weft.data.graph_known import content_hash, unlabelled
from weft.data.graph_tables_write import write_graph_tables
from weft.data.hetero import HeteroGraph, NodeTable, Relation, clean_edges
from weft.data.nodes import Nodes
from weft.data.stored_build import NodeSource, build_store, store_graph
from weft.data.stored_graph import StoredGraph
from weft.errors import UserError
from weft.hetero.features import FeatureScaler
from weft.hetero.model import InlinePredictor
from weft.hetero.sampler import Sampler
from weft.hetero.topology import build_topology
from weft.jobs.fit import fit
from weft.jobs.options import FitOptions
from weft.jobs.pack import pack
from weft.jobs.predict import PredictOptions, predict
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet
from weft.training.run import Run

OWNS, KNOWS = Relation("person", "owns", "thing"), Relation("person", "knows", "person")


def small(people=120, things=70, edges=900) -> HeteroGraph:
    """People with features (some unknown) and a key, things with features, hubs among both, two tasks."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(people, 3)).astype(np.float32)
    x[::7, 1] = np.nan
    nodes = {
        "person": NodeTable(people, x, None, tuple(f"p{k}é" for k in range(people))),
        "thing": NodeTable(things, (5 + 3 * rng.normal(size=(things, 2))).astype(np.float32)),
    }
    pairs = {
        OWNS: np.stack([(rng.random(edges) ** 2 * people), rng.random(edges) ** 3 * things]).astype(np.int64),
        KNOWS: np.stack([(rng.random(edges) * people), rng.random(edges) ** 4 * people]).astype(np.int64),
    }
    edge = {relation: clean_edges(found) for relation, found in pairs.items()}
    heavy = np.zeros(people)
    np.add.at(heavy, edge[OWNS][0], nodes["thing"].dense[edge[OWNS][1], 0] - 5)
    columns = [
        Column(Task("rich", Kind.BINARY, (), "person"), np.arange(people), (heavy > 0).astype(float)),
        Column(
            Task("worth", Kind.REGRESSION, (), "thing"), np.arange(things), nodes["thing"].dense[:, 1].astype(float)
        ),
    ]
    parts = {kind: tuple(np.split(rng.permutation(t.n), [t.n // 2, 3 * t.n // 4])) for kind, t in nodes.items()}
    return build_graph(nodes, edge, columns, parts, "small")


@pytest.fixture(scope="module")
def graph():
    return small()


@pytest.fixture(scope="module")
def stored(graph, tmp_path_factory):
    return store_graph(graph, tmp_path_factory.mktemp("stored") / "graph")


def test_the_store_holds_the_graph(graph, stored):
    """Protects nodes, keys, features, edges, labels and split, opened anew by the reader of all graphs."""
    assert is_graph(stored.folder)
    found = read_graph(stored.folder)
    assert isinstance(found, StoredGraph)
    assert found.schema() == graph.schema()
    assert [found.place(row) for row in (0, 119, 120, 189)] == [graph.place(row) for row in (0, 119, 120, 189)]
    for kind, table in graph.nodes.items():
        np.testing.assert_array_equal(found.nodes[kind].dense, table.dense)
        assert list(found.nodes[kind].keys) == list(table.keys)
    for relation, pairs in graph.edges.items():
        np.testing.assert_array_equal(found.edges[relation], pairs)
    for name in ("row", "col", "value"):
        np.testing.assert_array_equal(getattr(found.labels, name), getattr(graph.labels, name))
    for part, rows in graph.split.parts().items():
        np.testing.assert_array_equal(found.split.parts()[part], rows)


def test_both_directions_are_those_of_memory(graph, stored):
    """Protects the order of edges at a node, which decides what is drawn."""
    here, there = build_topology(graph), build_topology(stored)
    assert here.schema == there.schema
    for relation, edges in here.edges.items():
        for name in ("source", "target", "start", "count"):
            torch.testing.assert_close(getattr(there.edges[relation], name), getattr(edges, name), rtol=0, atol=0)


def test_samples_are_those_of_memory(graph, stored):
    """Protects neighbourhoods, drawn with and without a limit; their features scaled alike, gaps included."""
    scalers = [FeatureScaler.fit(found) for found in (graph, stored)]
    inputs = [{k: s.inputs(k, t) for k, t in g.nodes.items()} for s, g in zip(scalers, (graph, stored), strict=True)]
    for fanout in (None, 3):
        seeds = {"person": torch.tensor([5, 3, 77]), "thing": torch.tensor([0, 69])}
        one, two = (Sampler(build_topology(found), [fanout] * 2).sample(seeds, 4) for found in (graph, stored))
        for kind, ids in one.nodes.items():
            assert torch.equal(ids, two.nodes[kind])
            parts = [found[kind].take(ids) for found in inputs]
            torch.testing.assert_close(parts[1].dense, parts[0].dense, rtol=1e-6, atol=1e-6)
            assert torch.equal(parts[1].at, parts[0].at)
        for relation, edges in one.topology.edges.items():
            assert torch.equal(edges.source, two.topology.edges[relation].source)
            assert torch.equal(edges.target, two.topology.edges[relation].target)


def test_a_model_learns_the_same(graph, stored):
    """Protects the whole way of a fit by parts: the same predictions as with the graph in memory."""
    found = []
    for one in (graph, stored):
        model = InlinePredictor(members=1, epochs=2, batch_size=32, fanout=3)
        model.config = model.config.packed()
        model.fit(Nodes.of(unlabelled(one)), one.labels, one.split, Run(seed=1, threads=1))
        found.append(model.predict(Nodes.of(unlabelled(one))).mean)
        assert len(model.gate_table(unlabelled(one)))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-4, atol=1e-5)
    assert np.isfinite(found[0][:120, 0]).all()


def test_edges_in_any_order_and_chunks(tmp_path, graph, monkeypatch):
    """Protects the sort on disk: edges shuffled, doubled and cut anywhere give the same files."""
    rng, whole = np.random.default_rng(3), {}
    for relation, pairs in graph.edges.items():
        twice = np.concatenate([pairs, pairs[:, ::5]], 1)
        whole[relation] = twice[:, rng.permutation(twice.shape[1])]
    cuts = {r: np.split(pairs, [1, 2, 300, 300, 777], 1) for r, pairs in whole.items()}
    table = {
        k: NodeSource(t.n, t.dense.shape[1], lambda t=t: np.split(t.dense, [7, 7, 50])) for k, t in graph.nodes.items()
    }
    store = build_store(tmp_path / "a", table, {r: lambda c=c: c for r, c in cuts.items()}, graph.labels)
    for relation, pairs in graph.edges.items():
        np.testing.assert_array_equal(store.edges[relation], pairs)
    monkeypatch.setattr("weft.data.stored_build.CHUNK", 64)
    again = store_graph(graph, tmp_path / "b")
    assert again.content != store.content  # keys are part of what a graph is
    np.testing.assert_array_equal(again.edges[OWNS], graph.edges[OWNS])
    for kind in graph.nodes:
        for name, value in again.nodes[kind].statistics.items():
            np.testing.assert_allclose(store.nodes[kind].statistics[name], value, rtol=1e-6)


def test_what_is_wrong_is_told_and_nothing_is_left(tmp_path, graph, stored):
    """Protects from half a store, and from edges that lead nowhere."""
    tasks = TaskSet((Task("rich", Kind.BINARY, (), "person"),))
    none = LabelTable.empty(tasks, 190)
    nodes = {"person": NodeSource(120), "thing": NodeSource(70)}
    bad = {OWNS: lambda: [np.array([[1, 2], [3, 4]]), np.array([[5, 6], [69, 70]])]}
    with pytest.raises(UserError, match=r"person__owns__thing, edge 4: there is no node 70: nodes are 0\.\.69"):
        build_store(tmp_path / "new", nodes, bad, none)
    assert not list((tmp_path / "new").iterdir())
    endless = {"person": NodeSource(2, 1, lambda: [np.array([[1], [np.inf]], np.float32)])}
    with pytest.raises(UserError, match="person, node 1, feature 0: a feature is infinite"):
        build_store(tmp_path / "new", endless, {}, none)
    with pytest.raises(UserError, match="not empty"):
        store_graph(graph, stored.folder)
    build_store(tmp_path / "new", nodes, {OWNS: lambda: [np.array([[1], [3]])]}, none)
    path = tmp_path / "new" / "edges0.into"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"edges0\.into: the file is not whole"):
        build_topology(StoredGraph.open(tmp_path / "new"))


def test_the_hash_tells_graphs_apart(tmp_path, graph, stored):
    """Protects 'the graph has changed since the fit' from being missed or invented."""
    again = store_graph(graph, tmp_path / "again")
    assert content_hash(again) == content_hash(stored)
    assert content_hash(again, with_split=True) == content_hash(stored, with_split=True)
    other = small(edges=901)
    assert content_hash(store_graph(other, tmp_path / "other")) != content_hash(stored)


def test_tables_are_packed_piece_by_piece(tmp_path, graph, monkeypatch):
    """Protects the pack of tables: the store of the same graph in memory, whatever the pieces."""
    monkeypatch.setattr("weft.data.stored_tables._ROWS", 50)
    write_graph_tables(graph, tmp_path / "tables")
    found = pack(tmp_path / "tables", tmp_path / "packed")
    whole = read_graph(tmp_path / "tables")
    assert found.schema() == whole.schema()
    for kind, table in whole.nodes.items():
        np.testing.assert_array_equal(found.nodes[kind].dense, table.dense)
        assert list(found.nodes[kind].keys) == list(table.keys)
    for relation, pairs in whole.edges.items():
        np.testing.assert_array_equal(found.edges[relation], pairs)
    assert found.tasks == whole.tasks
    for name in ("row", "col", "value"):
        np.testing.assert_array_equal(getattr(found.labels, name), getattr(whole.labels, name))
    for part, rows in whole.split.parts().items():
        np.testing.assert_array_equal(found.split.parts()[part], rows)
    with pytest.raises(UserError, match="packed already"):
        pack(tmp_path / "packed", tmp_path / "again")


def test_dangling_edges_of_tables_are_told(tmp_path, graph, monkeypatch):
    """Protects the place in a message from the pieces that a table is read in; and other features from being lost."""
    monkeypatch.setattr("weft.data.stored_tables._ROWS", 50)
    write_graph_tables(graph, tmp_path / "tables")
    file = next((tmp_path / "tables").glob("*owns*"))
    lines = file.read_text().splitlines()
    lines[123] = "nobody,3"
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(UserError, match=r"owns\S*, row 123, column \w+: there is no person 'nobody'"):
        pack(tmp_path / "tables", tmp_path / "packed")
    write_toy(tmp_path / "toy")
    with pytest.raises(UserError, match="paper has sparse features, which a packed graph cannot hold"):
        pack(tmp_path / "toy", tmp_path / "packed")


def test_fit_and_predict_on_a_packed_graph(tmp_path, graph, stored):
    """Protects the commands: a fit from the packed folder, its report, and predictions of named and of all nodes."""
    fitted = fit(stored.folder, tmp_path / "model", FitOptions(members=1, epochs=2, batch_size=32, threads=1))
    assert (fitted.folder / "report.html").is_file()
    (tmp_path / "new.csv").write_text("node,type\np3é,person\n5,thing\nnobody,person\n")
    done = predict(fitted.folder, tmp_path / "new.csv", tmp_path / "out.csv", PredictOptions(threads=1))
    assert (done.rows, done.bad, done.notes) == (3, 1, ())
    assert predict(fitted.folder, None, tmp_path / "all.csv", PredictOptions(threads=1)).rows == 190
