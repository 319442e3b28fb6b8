"""Support labels: what is left out is what predict would say without it."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from weft.errors import UserError
from weft.explain.support import Support, support_attributions
from weft.explain.support_bank import banked
from weft.labels import LabelTable, Shown
from weft.predictor import build
from weft.tasks import TaskSet
from weft.training.run import Run

ADDED = TaskSet.binary(["new", "other"])


@pytest.fixture(scope="module")
def fresh(problem):
    """Labels of two tasks that the models do not know, of the first twenty data."""
    rng = np.random.default_rng(3)
    y = (problem.data.dense("vectors")[:20, :1] + 0.3 * rng.normal(size=(20, 2)) > 0).astype(float)
    return problem.data.take(np.arange(20)), LabelTable.from_dense(ADDED, y, rng.random((20, 2)) < 0.8)


@pytest.mark.parametrize("task", ["a", "c", "r"])
def test_one_pass_is_what_each_label_left_out_gives(task, paper, problem):
    """Protects the short way: all labels as task nodes of their own, against a task side made anew for each."""
    support = Support(problem.data, problem.labels, problem.split.train)
    one, shown = problem.data.take(problem.split.test[:1]), Shown(problem.labels.take(problem.split.test[:1]))
    fast = banked(paper, paper.engine, support, one, shown, task)
    slow = banked(paper, paper.engine, support, one, shown, task, fast=False)
    rows = fast[1][:9]
    np.testing.assert_allclose(fast[2](rows), slow[2](rows), atol=1e-5)
    found = support_attributions(paper, support, problem.data, int(problem.split.test[0]), task, most=9)
    assert found.effects.shape == (9, paper.tasks[paper.tasks.index(task)].width)
    sizes = np.abs(found.effects).max(1)
    assert (np.diff(sizes) <= 0).all()
    assert sizes[0] > 0


def test_networks_of_several_layers_and_members(network, problem):
    """Protects the long way: left out is the edge, for both members, also where data read tasks again."""
    support = Support(problem.data, problem.labels, problem.split.train)
    row = int(problem.split.test[0])
    found = support_attributions(network, support, problem.data, row, "a", most=4)
    at = int(found.support[0])
    labels = problem.labels
    without = labels.where((labels.row != at) | (labels.col != 0)).take(problem.split.train)
    other = copy.deepcopy(network)
    for k, net in enumerate(other.engine.nets):
        h = other.engine.encode(problem.data.take(problem.split.train))[0][k]
        import torch

        with torch.no_grad():
            other.engine.sides[k] = net.graph.task_side(h, other.engine.layout.columns(without))
    expected = found.full - other.predict(problem.data.take(np.array([row]))).mean[0, :1]
    np.testing.assert_allclose(found.effects[0], expected, atol=1e-5)


def test_a_task_added_to_a_network(problem, fresh):
    """Protects tasks added in one pass: without a label, the answer is that of a model that never had it."""
    data, labels = fresh
    model = build("metalink", preset="metalink-paper", setting="relational_meta", encoder="vectors", epochs=1)
    model.fit(problem.data, problem.labels, problem.split, Run(threads=1))
    bare = copy.deepcopy(model)
    model.add_task(data, labels)
    found = support_attributions(model, Support(data, labels), problem.data, 5, "other")
    assert found.labels == tuple(str(int(labels.to_dense()[0][k, 1])) for k in found.support)
    at = int(found.support[0])
    bare.add_task(data, labels.where((labels.row != at) | (labels.col != 1)))
    expected = found.full - bare.predict(problem.data.take(np.array([5]))).mean[0, -1:]
    np.testing.assert_allclose(found.effects[0], expected, atol=1e-5)


def test_a_task_added_to_the_default_engine(default, problem, fresh):
    """Protects tasks learnt from their support: without a label, the answer is that of a model that never had it."""
    data, labels = fresh
    model, bare = copy.deepcopy(default), copy.deepcopy(default)
    labels = labels.take_tasks(["new"])
    model.add_task(data, labels, Run(threads=1))
    known = Shown(LabelTable.empty(model.tasks, len(problem.data)))
    found = support_attributions(model, Support(data, labels), problem.data, 5, "new", known, most=1)
    at = int(found.support[0])
    bare.add_task(data, labels.where(labels.row != at), Run(threads=1))
    expected = found.full - bare.predict(problem.data.take(np.array([5]))).mean[0, -1:]
    np.testing.assert_allclose(found.effects[0], expected, atol=1e-6)
    told = found.to_json()
    assert [line["row"] for line in told["support"]] == found.support.tolist()
    with pytest.raises(UserError, match="went into training"):
        support_attributions(model, Support(problem.data, problem.labels), problem.data, 5, "a")


def test_what_has_no_support_is_refused(label_only, paper, problem):
    """Protects from attributions to labels that were never an edge, and to those of another table."""
    support = Support(problem.data, problem.labels, problem.split.train)
    with pytest.raises(UserError, match="has no support"):
        support_attributions(label_only, support, problem.data, 0, "a")
    wrong = Support(problem.data, problem.labels, problem.split.test)
    with pytest.raises(UserError, match="not what the model's task nodes were made from"):
        support_attributions(paper, wrong, problem.data, 0, "a")
    few = Support(problem.data, problem.labels.take_tasks(["b"]), problem.split.train)
    with pytest.raises(UserError, match="no labels of 'a'"):
        support_attributions(paper, few, problem.data, 0, "a")
