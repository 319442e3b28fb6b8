"""The report of a graph: what each task reached, told by what it is judged by."""

import pytest

from tests import tiny, toy
from weft.data.graph_known import unlabelled
from weft.data.nodes import Nodes
from weft.jobs.card import versions
from weft.report.graph import graph_page
from weft.report.graph_tables import graph_section, labels_section
from weft.training.assess import assess


@pytest.fixture(scope="module")
def page():
    graph = toy.toy()
    model = tiny.Tiny()
    model.tasks = graph.tasks
    model.means = model._means(graph.labels)
    scored = assess(model, Nodes.of(unlabelled(graph)), graph.labels, graph.split.test, "test", (0.0, 0.5), 2)
    options = {name: {"value": None, "default": True, "used": True} for name in ("--model", "--exchange")}
    card = {
        "options": options, "split": {"method": "published", "train": 30, "val": 15, "test": 15},
        "data": {"file": "g", "sha256": "0" * 64}, "made": "now", "seconds": 1.0, "weft": "0", "versions": versions(),
    }  # fmt: skip
    return graph_page(card, graph, graph.split, scored, model)


def test_every_task_has_a_card_with_what_it_is_judged_by(page):
    """Protects the first thing that is read: macro F1 of classes and labels, ROC-AUC, R²."""
    for told in ("area: macro F1", "late: ROC-AUC", "topic: macro F1", "pages: R²"):
        assert told in page


def test_a_multi_label_task_is_told_as_one_and_label_by_label(page):
    """Protects details from being lost behind a mean."""
    assert "Multi-label tasks" in page
    assert "Labels of topic" in page
    assert "topic: trees" in page


def test_nodes_are_not_called_molecules(page):
    """Protects from words of the other kind of data."""
    assert "molecule" not in page
    assert "on nodes kept apart" in page


def test_tables_tell_parts_and_degrees():
    """Protects the numbers: labels per part and edges per node."""
    graph = toy.toy()
    body = labels_section(graph, graph.split).body
    counts = [int(graph.labels.on_rows(rows).counts()[0]) for rows in graph.split.parts().values()]
    assert "".join(f"<td>{n}</td>" for n in counts) in body
    edges = graph.edges[toy.WRITES].shape[1]
    assert f"<td>{edges}</td><td>{edges / 20:.2f}</td><td>{edges / 40:.2f}</td>" in graph_section(graph).body
