"""A family's metrics are those of its own labels, single or many, and of scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, r2_score

from tests.benchmark.small import TASKS, small_graph
from weft.benchmark.scores import family_kinds, family_scores, first_metrics
from weft.labels import Asked
from weft.predictor import Predictions


@pytest.fixture
def predicted():
    rng = np.random.default_rng(0)
    mean = rng.random((24, 6))
    mean[:, 5] += 2005
    return Predictions(TASKS, mean, np.ones((24, 6)), np.ones(24, bool))


def test_kinds_of_families():
    """Protects from a label of a multi-label task told as a task of its own."""
    assert family_kinds(TASKS) == {"area": "multiclass", "tags": "multilabel", "year": "regression"}
    assert first_metrics(TASKS) == {"area": "macro_f1", "tags": "pr_auc", "year": "r2"}


def test_scores_are_scikit_learns(predicted):
    """Protects columns, rows and averages: each family reads its own."""
    graph, mean = small_graph(), predicted.mean
    k = np.arange(12)
    found = family_scores(predicted, Asked(graph.labels))
    guess = mean[:12, :3].argmax(1)
    assert found["area"]["macro_f1"] == pytest.approx(f1_score(k % 3, guess, average="macro"))
    assert found["area"]["accuracy"] == pytest.approx(np.mean(guess == k % 3))
    assert found["year"]["r2"] == pytest.approx(r2_score(2000 + k, mean[12:, 5]))
    known = k != 1  # paper 1 has no label for tag a
    a = average_precision_score((k % 2)[known], mean[12:, 3][known])
    b = average_precision_score(k // 2 % 2, mean[12:, 4])
    assert found["tags"]["pr_auc"] == pytest.approx((a + b) / 2)


def test_undefined_is_none_and_unasked_is_left_out(predicted):
    """Protects from a number where there is none: one class only, or no label at all."""
    labels = small_graph().labels
    first = family_scores(predicted, Asked(labels.on_rows([12])))
    assert set(first) == {"tags", "year"}
    assert first["tags"]["pr_auc"] is None
    assert first["year"]["r2"] is None
