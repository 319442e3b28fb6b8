"""Labels as structure: shares and counts against loops over nodes, and a node's own label never among them."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.data.hetero import HeteroGraph, NodeTable, Relation, clean_edges
from weft.hetero.families import Scale, families
from weft.hetero.label_structure import label_views, path_columns
from weft.hetero.paths import paths_into
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet

WRITES, CITES = Relation("author", "writes", "paper"), Relation("paper", "cites", "paper")
TASKS = TaskSet(
    (
        Task("venue", Kind.MULTICLASS, ("a", "b", "c"), "paper"),
        Task("year", Kind.REGRESSION, (), "paper"),
        Task("area", Kind.BINARY, (), "author"),
    )
)
SIZES = {"author": 5, "paper": 7}


def draw_graph(seed: int) -> HeteroGraph:
    rng = np.random.default_rng(seed)
    nodes = {kind: NodeTable(n) for kind, n in SIZES.items()}
    edges = {
        WRITES: clean_edges(np.stack([rng.integers(5, size=12), rng.integers(7, size=12)])),
        CITES: clean_edges(np.stack([rng.integers(7, size=8), rng.integers(7, size=8)])),
    }
    return HeteroGraph(nodes, edges, draw_labels(rng))


def draw_labels(rng: np.random.Generator) -> LabelTable:
    values = np.full((12, 3), np.nan)
    values[5:, 0] = np.where(rng.random(7) < 0.7, rng.integers(3, size=7), np.nan)
    values[5:, 1] = np.where(rng.random(7) < 0.7, rng.standard_normal(7), np.nan)
    values[:5, 2] = np.where(rng.random(5) < 0.7, rng.integers(2, size=5), np.nan)
    return LabelTable.from_dense(TASKS, values)


def edge_lists(graph: HeteroGraph) -> dict[tuple[str, str, str], dict[int, set[int]]]:
    """Receiver -> senders, for every relation and its reverse, self-citations left out."""
    found: dict[tuple[str, str, str], dict[int, set[int]]] = {}
    for relation, (source, target) in graph.edges.items():
        there, back = defaultdict(set), defaultdict(set)
        for s, t in zip(source.tolist(), target.tolist(), strict=True):
            if relation.source != relation.target or s != t:
                there[t].add(s)
                back[s].add(t)
        found[tuple(relation)] = there
        found[relation.target, f"rev_{relation.name}", relation.source] = back
    return found


def slow_counts(graph, path_name: str, kind: str, value, mark):
    """Sum and count over all ways to labelled nodes other than the receiver itself, by loops."""
    lists = edge_lists(graph)
    words = path_name.split(" < ")
    first = lists[words[2], words[1], words[0]]
    total, count = np.zeros((SIZES[kind], value.shape[1])), np.zeros((SIZES[kind], value.shape[1]))
    for v in range(SIZES[kind]):
        for w in first.get(v, ()):
            if len(words) == 3:
                total[v] += value[w]
                count[v] += mark[w]
                continue
            for u in lists[words[4], words[3], words[2]].get(w, ()):
                if words[4] != kind or u != v:
                    total[v] += value[u]
                    count[v] += mark[u]
    return total, count


def slow_hub_free(graph, path_name: str, kind: str, value, mark):
    """Mean over middle nodes of the labels' mean there, the receiver left out of each, over middles that have any."""
    lists = edge_lists(graph)
    words = path_name.split(" < ")
    first, second = lists[words[2], words[1], words[0]], lists[words[4], words[3], words[2]]
    shares, middles = np.zeros((SIZES[kind], value.shape[1])), np.zeros((SIZES[kind], value.shape[1]))
    for v in range(SIZES[kind]):
        for w in first.get(v, ()):
            others = [u for u in second.get(w, ()) if words[4] != kind or u != v]
            for c in range(value.shape[1]):
                known = [u for u in others if mark[u, c]]
                if known:
                    mean = sum(value[u, c] for u in known)
                    shares[v, c] += mean / len(known) if words[4] == kind else mean / (len(known) + 1)
                    middles[v, c] += 1
    return shares / (middles + 1)


def dense(labels: LabelTable, kind: str, column: int):
    offset = 0 if kind == "author" else 5
    values, observed = labels.to_dense()
    values, observed = values[offset : offset + SIZES[kind]], observed[offset : offset + SIZES[kind]]
    if column == 0:
        return np.eye(3)[values[:, 0].astype(int)] * observed[:, :1], np.repeat(observed[:, :1], 3, 1).astype(float)
    return values[:, [column]] * observed[:, [column]], observed[:, [column]].astype(float)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_columns_are_those_of_loops_over_nodes(seed):
    graph = draw_graph(seed)
    for kind in SIZES:
        for path in paths_into(graph, kind):
            for column in (0, 1) if path.source == "paper" else (2,):
                value, mark = dense(graph.labels, path.source, column)
                found = path_columns(path, value, mark)
                total, count = slow_counts(graph, path.name, kind, value, mark)
                np.testing.assert_allclose(found[0], total / (count + 1), atol=2e-5, err_msg=path.name)
                np.testing.assert_allclose(found[-2], np.sign(total) * np.log1p(np.abs(total)), atol=2e-5)
                np.testing.assert_allclose(found[-1][:, 0], np.log1p(count.max(1)), atol=2e-5)
                if path.second is not None:
                    slow = slow_hub_free(graph, path.name, kind, value, mark)
                    np.testing.assert_allclose(found[1], slow, atol=2e-5, err_msg=path.name)


@pytest.mark.parametrize("seed", range(5))
def test_a_node_never_sees_its_own_label(seed):
    """Changing or removing one label changes no column of its own family at its own node, to the last bit."""
    graph = draw_graph(seed)
    found = families(TASKS)
    scale = Scale(np.zeros(5), np.ones(5))
    before = label_views(graph, graph.labels, found, scale, list(SIZES))
    for at in range(len(graph.labels)):
        row, col = int(graph.labels.row[at]), int(graph.labels.col[at])
        values, observed = graph.labels.to_dense()
        for new in (None, 1.0 if graph.labels.value[at] != 1.0 else 0.0):
            observed[row, col] = new is not None
            values[row, col] = new or 0.0
            after = label_views(graph, LabelTable.from_dense(TASKS, values, observed), found, scale, list(SIZES))
            kind, place = ("author", row) if row < 5 else ("paper", row - 5)
            mine = [c for c, (_, family) in enumerate(before[kind].names) if family == TASKS[col].name]
            np.testing.assert_array_equal(after[kind].columns[place, mine], before[kind].columns[place, mine])


def test_other_nodes_do_see_it():
    """The test above is no triviality: somebody else's columns change."""
    graph = draw_graph(0)
    found, scale = families(TASKS), Scale(np.zeros(5), np.ones(5))
    before = label_views(graph, graph.labels, found, scale, ["paper"])
    after = label_views(graph, LabelTable.empty(TASKS, 12), found, scale, ["paper"])
    assert np.abs(before["paper"].columns - after["paper"].columns).max() > 0.1


def test_views_without_paths_are_empty():
    """A type that no relation reaches has no columns, and says so by an empty list of names."""
    graph = HeteroGraph({"a": NodeTable(2)}, {}, LabelTable.empty(TaskSet((Task("x", node_type="a"),)), 2))
    view = label_views(graph, graph.labels, families(graph.tasks), Scale(np.zeros(1), np.ones(1)), ["a"])["a"]
    assert view.columns.shape == (2, 0)
    assert view.names == ()
