"""Hypotheses are answered as the model answers them, many at once."""

from __future__ import annotations

import numpy as np
import pytest

from tests.explain.conftest import MODELS
from weft.errors import UserError
from weft.explain.asker import Asker
from weft.explain.rows import take_rows
from weft.labels import LabelTable, Shown


@pytest.mark.parametrize("name", MODELS)
def test_a_hypothesis_is_answered_as_predict_answers_it(name, problem, request):
    """Protects from answers about another row or other labels: seen to catch a gather that forgets `ok`."""
    model = request.getfixturevalue(name)
    rows = problem.split.test[:6]
    data, labels = problem.data.take(rows), problem.labels.take(rows)
    asker = Asker(model, data, Shown(labels))
    which = np.array([4, 0, 4, 2])
    values = asker.values[which]
    values[2] = np.nan
    found = asker.ask(which, values)
    for at, row in enumerate(which):
        known = Shown(LabelTable.from_dense(labels.tasks, values[[at]]))
        alone = model.predict(data.take(np.array([row])), known)
        np.testing.assert_allclose(found.mean[at], alone.mean[0], atol=1e-5)


def test_chunks_change_nothing(label_only, problem, monkeypatch):
    """Protects the seams between chunks of hypotheses."""
    data, labels = problem.data, problem.labels
    asker = Asker(label_only, data, Shown(labels))
    rows = np.arange(len(data))
    whole = asker.ask_around(rows, asker.values)
    monkeypatch.setattr("weft.explain.asker._CHUNK", 7)
    np.testing.assert_allclose(asker.ask_around(rows, asker.values).mean, whole.mean, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_a_task_is_never_told_from_its_own_label(name, problem, request):
    """Protects from a label that shows in what is said of its own task, and from hiding more than that."""
    model = request.getfixturevalue(name)
    rows = problem.split.test[:8]
    data, labels = problem.data.take(rows), problem.labels.take(rows)
    asker = Asker(model, data, Shown(labels))
    found = asker.ask_around(np.arange(8), asker.values)
    for j, task in enumerate(labels.tasks):
        without = model.predict(data, Shown(labels.where(labels.col != j)))
        own = slice(*labels.tasks.offsets[j : j + 2])
        np.testing.assert_allclose(found.mean[:, own], without.mean[:, own], atol=1e-5, err_msg=task.name)
        np.testing.assert_allclose(found.std[:, own], without.std[:, own], atol=1e-5, err_msg=task.name)


def test_labels_of_other_tasks_are_refused(label_only, problem):
    """Protects from labels read by position on a model of other tasks."""
    few = problem.labels.take_tasks(["a", "b"])
    with pytest.raises(UserError, match="but there are"):
        Asker(label_only, problem.data, Shown(few))


def test_rows_are_taken_within_any_nesting():
    """Protects encodings of every shape: tuples, mappings and whole objects keep what is not per row."""
    x = np.arange(6.0).reshape(3, 2)
    found = take_rows((x, {"a": x[:, 0]}, np.zeros(5), "word", None), np.array([2, 0, 2]), 3)
    np.testing.assert_array_equal(found[0], x[[2, 0, 2]])
    np.testing.assert_array_equal(found[1]["a"], [4, 0, 4])
    assert len(found[2]) == 5
    assert found[3:] == ("word", None)
