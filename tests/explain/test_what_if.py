"""What if: labels changed, added and forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from tests.explain.conftest import MODELS
from weft.errors import UserError
from weft.explain.labels import label_text, read_label
from weft.labels import LabelTable, Shown
from weft.tasks import Kind, Task


@pytest.mark.parametrize("name", MODELS)
def test_after_is_what_predict_says_of_the_changed_labels(name, ask, problem, request):
    """Protects from changes that are lost, or made to the labels of the inquiry itself."""
    inquiry = ask(request.getfixturevalue(name))
    rows = problem.split.test
    labels = problem.labels.take(rows[[0]])
    found = inquiry.what_if(0, {"a": 1, "r": None, "c": "y"})
    values = labels.to_dense()[0]
    values[~labels.to_dense()[1]] = np.nan
    values[0, :4] = [1, values[0, 1], 1, np.nan]
    known = Shown(LabelTable.from_dense(labels.tasks, values))
    expected = inquiry.model.predict(problem.data.take(rows[[0]]), known)
    np.testing.assert_allclose(found.after[5], expected.mean[0, 5], atol=1e-5)  # r is known to neither
    np.testing.assert_allclose(inquiry.what_if(0, {}).difference, 0)
    assert found.changes == {"a": "1", "r": None, "c": "y"}


def test_a_change_does_not_move_its_own_task(ask, default):
    """Protects the rule that a task is never told from its own label."""
    found = ask(default).what_if(0, {"a": 1})
    other = ask(default).what_if(0, {"a": 0})
    np.testing.assert_allclose(found.after[0], other.after[0], atol=1e-12)
    assert np.abs(found.after[1:] - other.after[1:]).max() > 1e-4


@pytest.mark.parametrize(
    ("task", "label", "expected"),
    [
        (Task("a"), "1", 1.0),
        (Task("a"), True, 1.0),
        (Task("a"), 0, 0.0),
        (Task("a", classes=("no", "yes")), "yes", 1.0),
        (Task("a", classes=("no", "yes")), 1.0, 1.0),
        (Task("a", classes=("1", "0")), "1", 0.0),
        (Task("c", Kind.MULTICLASS, ("x", "y", "z")), "z", 2.0),
        (Task("c", Kind.MULTICLASS, ("x", "y", "z")), 2, 2.0),
        (Task("r", Kind.REGRESSION), "-1.5", -1.5),
    ],
)
def test_labels_are_read_as_they_are_said(task, label, expected):
    """Protects names before numbers: a class that is called 1 is not the second class."""
    assert read_label(task, label) == expected
    assert read_label(task, label_text(task, expected)) == expected


@pytest.mark.parametrize(
    ("task", "label"),
    [
        (Task("a"), 2),
        (Task("a"), 0.5),
        (Task("a"), float("nan")),
        (Task("c", Kind.MULTICLASS, ("x", "y")), "w"),
        (Task("r", Kind.REGRESSION), float("inf")),
        (Task("r", Kind.REGRESSION), "much"),
    ],
)
def test_labels_a_task_cannot_have_are_refused(task, label):
    """Protects from a label that means nothing, NaN above all."""
    with pytest.raises(UserError, match=f"task {task.name}"):
        read_label(task, label)


def test_unknown_tasks_are_refused(ask, default):
    """Protects from a misspelt task that silently changes nothing."""
    with pytest.raises(UserError, match="no task 'aa'"):
        ask(default).what_if(0, {"aa": 1})


def test_it_is_told_as_json(ask, network):
    """Protects what machines read: no NaN, also where one network has no spread; the farthest moved first."""
    import json

    told = ask(network).what_if(0, {"a": 1}).to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    moves = [abs(column["difference"]) for column in told["columns"]]
    assert moves == sorted(moves, reverse=True)
