import numpy as np
import pytest

from weft.labels import LabelTable
from weft.predictor import Predictions
from weft.report.score_tables import score_table
from weft.report.sections import label_correlation, labels_table, relations
from weft.tasks import Kind, Task, TaskSet
from weft.training.assess import Assessment
from weft.training.evaluate import evaluate_episodes, fixed_episodes


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    y = np.column_stack([rng.integers(0, 2, (40, 2)), rng.normal(size=40)]).astype(float)
    y[:, 1] = np.where(rng.random(40) < 0.8, y[:, 0], y[:, 1])
    y[rng.random(y.shape) < 0.2] = np.nan
    return LabelTable.from_dense(TaskSet((Task("a"), Task("b"), Task("c", Kind.REGRESSION))), y)


def test_correlation_is_over_cells_known_together(labels):
    """Protects from unknown counted as zero: equal to NumPy on the pairs known together."""
    y, mask = labels.to_dense()
    found = label_correlation(labels)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        both = mask[:, i] & mask[:, j]
        assert found[i, j] == pytest.approx(np.corrcoef(y[both, i], y[both, j])[0, 1])
    assert np.allclose(found, found.T)


def test_no_correlation_without_variation_or_enough_data(labels):
    """Protects from a strong relation read off three molecules or a constant column."""
    assert np.isnan(label_correlation(labels.take(np.arange(5)))).all()
    y, mask = labels.to_dense()
    y[:, 0] = 1
    constant = LabelTable.from_dense(labels.tasks, y, mask)
    assert np.isnan(label_correlation(constant)[0]).all()


def test_labels_are_counted(labels):
    """Protects the numbers of the table of labels."""
    text = labels_table(labels).body
    zeros, ones = labels.class_counts("a")
    assert f"0: {zeros}, 1: {ones}" in text
    assert "±" in text


def test_one_task_has_no_relations(labels):
    """Protects a report of a single task from an empty picture."""
    assert relations(labels.take_tasks(["a"])) is None


def test_each_mean_tells_its_own_number_of_tasks():
    """Protects means of metrics that are undefined in some tasks. Seen to catch: the first metric's number for all."""
    tasks = TaskSet((Task("a"), Task("b")))
    known = LabelTable.from_dense(tasks, np.array([[0.0, 1], [1, 1], [1, 1]]))
    found = Predictions(tasks, np.full((3, 2), 0.6), np.ones((3, 2)), np.ones(3, bool))
    evaluation = evaluate_episodes(lambda _: found, fixed_episodes(known, 0.0, 1, 0), 0.0)
    body = score_table(Assessment("test", 3, (evaluation,), (), {})).body
    assert "0.500 (1)" in body  # ROC-AUC of a alone
    assert "0.900 (2)" in body  # F1 of both


def test_small_errors_are_not_zero():
    """Protects tasks in small units: an RMSE of 4e-7 is not shown as 0.000."""
    tasks = TaskSet((Task("dose", Kind.REGRESSION),))
    known = LabelTable.from_dense(tasks, np.arange(9.0)[:, None] * 1e-7)
    found = Predictions(tasks, np.full((9, 1), 4e-7), np.ones((9, 1)), np.ones(9, bool))
    evaluation = evaluate_episodes(lambda _: found, fixed_episodes(known, 0.0, 1, 0), 0.0)
    assert "2.582e-07" in score_table(Assessment("test", 9, (evaluation,), (), {})).body
