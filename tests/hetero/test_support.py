"""Training labels kept with a model: found again by name, whatever the order of nodes."""

from __future__ import annotations

import numpy as np

from weft.data.hetero import HeteroGraph, NodeTable
from weft.hetero.gate_table import summarise
from weft.hetero.support import Support
from weft.hetero.trunks.base import GateReading
from weft.labels import LabelTable
from weft.tasks import Task, TaskSet

TASKS = TaskSet((Task("x", node_type="b"), Task("y", node_type="b")))


def graph_of(keys: tuple[str, ...]) -> HeteroGraph:
    nodes = {"a": NodeTable(2), "b": NodeTable(len(keys), keys=keys)}
    return HeteroGraph(nodes, {}, LabelTable.empty(TASKS, 2 + len(keys)))


def test_labels_follow_their_nodes():
    """Nodes moved, one is gone, one is new: labels stay with the names."""
    first = graph_of(("p", "q", "r"))
    support = Support.of(first, LabelTable(TASKS, 5, np.array([2, 4, 4]), np.array([0, 0, 1]), np.array([1.0, 0, 1])))
    found = support.on(graph_of(("new", "r", "p")))
    assert list(zip(found.row.tolist(), found.col.tolist(), found.value.tolist(), strict=True)) == [
        (3, 0, 0.0),
        (3, 1, 1.0),
        (4, 0, 1.0),
    ]
    assert len(support.on(graph_of(("other",)))) == 0


def test_shown_labels_go_before_kept_ones():
    """A person who shows a label means it."""
    graph = graph_of(("p", "q"))
    support = Support.of(graph, LabelTable(TASKS, 4, np.array([2, 3]), np.array([0, 0]), np.array([1.0, 1.0])))
    both = support.beside(graph, LabelTable(TASKS, 4, np.array([2]), np.array([0]), np.array([0.0])))
    assert dict(zip(both.row.tolist(), both.value.tolist(), strict=True)) == {2: 0.0, 3: 1.0}


def test_state_round_trip():
    """What is saved gives the same labels."""
    graph = graph_of(("p", "q"))
    support = Support.of(graph, LabelTable(TASKS, 4, np.array([2]), np.array([1]), np.array([1.0])))
    again = Support.restore(TASKS, {f"s.{k}": v for k, v in support.state().items()}, "s.")
    assert again.on(graph).to_dense()[0].tolist() == support.on(graph).to_dense()[0].tolist()


def test_gate_rows_are_means_over_nodes():
    """Two tasks, one relation, three nodes, and a shared expert."""
    import torch

    weight = torch.tensor([[[[0.2, 0.8, 0.0], [0.4, 0.6, 0.0], [0.6, 0.4, 0.0]]], [[[0, 0.5, 0.5]] * 3]])
    rows = summarise([GateReading(1, "b", ("b__r__b",), weight)], ["x", "y"])
    told = {(row.task, row.source): round(row.mean, 6) for row in rows}
    assert told == {
        ("x", "x"): 0.4, ("x", "y"): 0.6, ("x", "shared 1"): 0.0,
        ("y", "x"): 0.0, ("y", "y"): 0.5, ("y", "shared 1"): 0.5,
    }  # fmt: skip
    assert rows[0].sd == np.float32(np.std([0.2, 0.4, 0.6]))
