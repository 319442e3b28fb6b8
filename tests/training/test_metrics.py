"""Masked metrics against scikit-learn, and what is undefined said to be so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk

from weft.labels import Asked, LabelTable
from weft.predictor import Predictions
from weft.tasks import Kind, Task, TaskSet
from weft.training import metrics
from weft.training.metrics import score_tasks


@settings(max_examples=60)
@given(hnp.arrays(np.int64, st.integers(2, 40), elements=st.integers(0, 1)), st.integers(0, 9), st.booleans())
def test_binary_metrics_equal_scikit_learn(y: np.ndarray, seed: int, ties: bool) -> None:
    """Ties included. Seen to catch: ranks without averaging, precision at each datum instead of each threshold."""
    p = np.random.default_rng(seed).random(len(y))
    p = np.round(p, 1) if ties else p
    if 0 < y.sum() < len(y):
        assert metrics.roc_auc(y, p) == pytest.approx(sk.roc_auc_score(y, p))
        assert metrics.pr_auc(y, p) == pytest.approx(sk.average_precision_score(y, p))
        assert metrics.balanced_accuracy(y, p) == pytest.approx(sk.balanced_accuracy_score(y, p >= 0.5))
    else:
        assert metrics.roc_auc(y, p) is None
        assert metrics.pr_auc(y, p) is None
    if y.sum() + (p >= 0.5).sum():
        assert metrics.f1(y, p) == pytest.approx(sk.f1_score(y, p >= 0.5, zero_division=0.0))
    assert metrics.brier(y, p) == pytest.approx(np.mean((y - p) ** 2))


def test_regression_metrics_equal_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    y, z = rng.normal(size=30), rng.normal(size=30)
    assert metrics.rmse(y, z) == pytest.approx(sk.root_mean_squared_error(y, z))
    assert metrics.mae(y, z) == pytest.approx(sk.mean_absolute_error(y, z))
    assert metrics.r2(y, z) == pytest.approx(sk.r2_score(y, z))
    assert metrics.r2(np.ones(3), z[:3]) is None


def scored(tasks: TaskSet, labels: list[list[float]], mean: np.ndarray, ok: list[bool] | None = None):
    table = LabelTable.from_dense(tasks, labels)
    mask = np.ones(len(mean), bool) if ok is None else np.array(ok)
    return score_tasks(Predictions(tasks, mean, np.zeros_like(mean), mask), Asked(table))


def test_a_one_class_task_is_undefined_and_left_out_of_the_mean() -> None:
    """Unknown is not zero, invariant 7. Seen to catch: undefined counted as 0 in the mean."""
    nan = np.nan
    scores = scored(
        TaskSet.binary(["a", "b", "c"]), [[0, 1, nan], [1, 1, nan]], np.array([[0.1, 0.5, 0.5], [0.9, 0.5, 0.5]])
    )
    assert scores.tasks[1].values["roc_auc"] is None
    assert "one value only" in scores.tasks[1].note
    assert scores.tasks[2].n == 0
    assert "no label" in scores.tasks[2].note
    mean = scores.means()["roc_auc"]
    assert (mean.value, mean.n_tasks) == (1.0, 1)


def test_rows_that_could_not_be_used_are_not_scored() -> None:
    scores = scored(TaskSet.binary(["a"]), [[0], [1], [1]], np.array([[0.1], [0.9], [0.0]]), [True, True, False])
    assert scores.tasks[0].n == 2
    assert scores.tasks[0].values["roc_auc"] == 1.0


def test_multiclass_scores() -> None:
    tasks = TaskSet((Task("a"), Task("m", Kind.MULTICLASS, ("x", "y", "z"))))
    mean = np.array([[0.5, 0.7, 0.2, 0.1], [0.5, 0.1, 0.8, 0.1], [0.5, 0.5, 0.3, 0.2], [0.5, 0.1, 0.2, 0.7]])
    values = scored(tasks, [[0, 0], [1, 1], [0, 1], [1, 2]], mean).tasks[1].values
    assert values["accuracy"] == 0.75
    assert values["macro_f1"] == pytest.approx(sk.f1_score([0, 1, 1, 2], [0, 1, 0, 2], average="macro"))
    expected = sk.roc_auc_score([0, 1, 1, 2], mean[:, 1:], multi_class="ovr")
    assert values["roc_auc"] == pytest.approx(expected)
