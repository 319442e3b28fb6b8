"""The report of a graph: the same page, told in words of graphs."""

import pytest

from tests import tiny, toy
from weft.data.graph_known import unlabelled
from weft.data.nodes import Nodes
from weft.jobs.card import versions
from weft.report.facts import Facts
from weft.report.graph_tables import graph_tables
from weft.report.neighbours import degrees
from weft.report.whole import report_page
from weft.training.answers import ask
from weft.training.assess import score_answers


@pytest.fixture(scope="module")
def facts():
    graph = toy.toy()
    model = tiny.Tiny()
    model.tasks = graph.tasks
    model.means = model._means(graph.labels)
    nodes = Nodes.of(unlabelled(graph))
    answers = ask(model, nodes, graph.labels, graph.split.test, "test", (0.0, 0.5), 2)
    options = {name: {"value": name[2:], "default": True, "used": True} for name in ("--model", "--exchange")}
    card = {
        "options": options, "split": {"method": "published", "train": 30, "val": 15, "test": 15},
        "data": {"file": "g", "sha256": "0" * 64}, "made": "now", "seconds": 1.0, "weft": "0", "versions": versions(),
    }  # fmt: skip
    return Facts("toy", card, model, nodes, graph.labels, graph.split, answers, score_answers(answers), graph=graph)


@pytest.fixture(scope="module")
def page(facts):
    return report_page(facts)


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
    assert "olecule" not in page
    assert "on nodes kept apart" in page
    assert "edges of the node" in page


def test_sharing_that_was_not_measured_says_how(page):
    """Protects from silence where a number could be had."""
    assert "weft compare GRAPH --out MODEL/compare" in page


def test_tables_tell_degrees(facts):
    """Protects the numbers: edges per node, and both ends of an edge counted."""
    edges = facts.graph.edges[toy.WRITES].shape[1]
    assert f"<td>{edges}</td><td>{edges / 20:.2f}</td><td>{edges / 40:.2f}</td>" in graph_tables(facts.graph)
    assert degrees(facts.graph).sum() == 2 * sum(edge.shape[1] for edge in facts.graph.edges.values())
