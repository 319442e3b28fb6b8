"""No label reaches what it must not: test labels nothing at all, a node's own label never its own prediction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.hetero.small import TASKS, fitted, same_arrays, small_graph
from weft.data.hetero import HeteroGraph
from weft.data.nodes import Nodes
from weft.hetero.model import InlinePredictor
from weft.labels import LabelTable, Shown
from weft.tasks import Kind


def other_value(col: int, value: float) -> float:
    task = TASKS[col]
    return value + 2.5 if task.kind is Kind.REGRESSION else (value + 1) % len(task.classes)


def changed(labels: LabelTable, cells: np.ndarray) -> LabelTable:
    """Return the labels with other values in some cells."""
    value = labels.value.copy()
    for at in np.flatnonzero(cells):
        value[at] = other_value(int(labels.col[at]), value[at])
    return LabelTable(labels.tasks, labels.n_rows, labels.row, labels.col, value)


def with_other_labels(graph: HeteroGraph, rows: np.ndarray) -> HeteroGraph:
    return replace(graph, labels=changed(graph.labels, np.isin(graph.labels.row, rows)))


def predictions(made: InlinePredictor) -> np.ndarray:
    return made.predict(Nodes.of(small_graph())).mean


@pytest.mark.parametrize("options", [{}, {"batch_size": 25, "fanout": 2, "exchange": "shared"}], ids=["whole", "parts"])
def test_no_test_label_changes_anything(options: dict[str, int]):
    graph = small_graph()
    a, b = fitted(graph, **options), fitted(with_other_labels(graph, graph.split.test), **options)
    assert same_arrays(a, b)
    np.testing.assert_array_equal(predictions(a), predictions(b))


def test_validation_labels_only_choose_the_epoch():
    graph = small_graph()
    other = with_other_labels(graph, np.concatenate([graph.split.val, graph.split.test]))
    a, b = (fitted(g, select="last") for g in (graph, other))
    assert same_arrays(a, b)


def test_training_labels_do_change_the_fit():
    graph = small_graph()
    assert not same_arrays(fitted(graph), fitted(with_other_labels(graph, graph.split.train[:5])))


@pytest.mark.parametrize("options", [{}, {"batch_size": 25, "fanout": 2, "exchange": "shared"}, {"exchange": "single"}])
def test_a_nodes_own_training_label_never_reaches_its_prediction(options: dict[str, int]):
    """Change each training label the fitted model keeps, one by one: the model sees it, its own cell does not."""
    graph = small_graph()
    made = fitted(graph, **({"epochs": 8} | options))
    train, support = graph.labels.on_rows(graph.split.train), made.support
    before, elsewhere = predictions(made), 0.0
    for at in range(0, len(train), 7):
        cell = np.arange(len(train)) == at
        made.support = replace(support, value=changed(train, cell).value)
        after = predictions(made)
        family = next(f for f in made.families if int(train.col[at]) in f.tasks)
        row = int(train.row[at])
        np.testing.assert_array_equal(after[row, family.columns], before[row, family.columns])
        elsewhere = max(elsewhere, float(np.nanmax(np.abs(after - before))))
    assert elsewhere > 1e-4  # known labels are read at all


def test_a_shown_label_of_one_task_reaches_other_tasks_of_its_node_and_not_its_own():
    graph = small_graph()
    made = fitted(graph, epochs=12)
    test = graph.labels.on_rows(graph.split.test)
    shown = Shown(LabelTable(TASKS, len(graph), test.row, test.col, test.value))
    nodes, moved = Nodes.of(graph), 0.0
    before = made.predict(nodes, shown).mean
    for at in range(0, len(test), 2):
        other = changed(shown.table, np.arange(len(test)) == at)
        after = made.predict(nodes, Shown(other)).mean
        family = next(f for f in made.families if int(test.col[at]) in f.tasks)
        row = int(test.row[at])
        np.testing.assert_array_equal(after[row, family.columns], before[row, family.columns])
        moved = max(moved, float(np.nanmax(np.abs(after[row] - before[row]))))
    assert moved > 1e-4
