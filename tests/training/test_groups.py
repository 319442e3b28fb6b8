"""A multi-label task told as one, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from weft.labels import Asked, LabelTable
from weft.predictor import Predictions
from weft.tasks import Kind, Task, TaskSet
from weft.training.metrics import score_tasks

TASKS = TaskSet(
    (
        Task("x", group="g"),
        Task("n", Kind.REGRESSION),
        Task("y", group="g"),
        Task("z", group="g"),
    )
)


def scores(y, mean):
    ok = np.ones(len(y), bool)
    table = LabelTable.from_dense(TASKS, y)
    return score_tasks(Predictions(TASKS, mean, np.zeros_like(mean), ok), Asked(table))


def test_means_and_f1_are_those_of_scikit_learn():
    """Protects macro and micro F1 of published tables: a label that is nowhere counts 0 in the macro mean."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, (50, 4)).astype(float)
    mean = rng.random((50, 4))
    y[:, 3] = 0
    mean[:, 3] *= 0.4
    (group,) = scores(y, mean).groups
    labels, guess = y[:, [0, 2, 3]], mean[:, [0, 2, 3]] >= 0.5
    assert group.values["macro_f1"] == pytest.approx(f1_score(labels, guess, average="macro", zero_division=0))
    assert group.values["micro_f1"] == pytest.approx(f1_score(labels, guess, average="micro"))
    assert group.values["roc_auc"] == pytest.approx(np.mean([roc_auc_score(y[:, j], mean[:, j]) for j in (0, 2)]))
    assert group.n == 50


def test_it_counts_once_in_the_means_and_stands_in_the_place_of_its_labels():
    """Protects means over tasks from being those of the task with most labels."""
    rng = np.random.default_rng(1)
    found = scores(rng.integers(0, 2, (20, 4)).astype(float), rng.random((20, 4)))
    assert [score.task for score in found.families()] == ["g", "n"]
    assert found.means()["roc_auc"].n_tasks == 1
    assert found.to_json()["groups"]["g"]["labels"] == ["x", "y", "z"]
    assert found.headline() == pytest.approx((found.groups[0].values["macro_f1"] + found.tasks[1].values["r2"]) / 2)


def test_nothing_asked_is_undefined():
    """Unknown is not zero: without a label of the group there is no F1 of 0."""
    y = np.full((5, 4), np.nan)
    y[:, 1] = 1.0
    (group,) = scores(y, np.full((5, 4), 0.1)).groups
    assert set(group.values.values()) == {None}


def test_without_groups_nothing_is_added():
    """Protects metrics.json of molecules: the same form as ever."""
    tasks = TaskSet.binary(["a"])
    table = LabelTable.from_dense(tasks, [[1.0], [0.0]])
    told = score_tasks(Predictions(tasks, np.array([[0.9], [0.1]]), np.zeros((2, 1)), np.ones(2, bool)), Asked(table))
    assert set(told.to_json()) == {"tasks", "means"}
