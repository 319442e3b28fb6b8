"""The parts of a report, from numbers to words and tables."""

import numpy as np
import pytest

from weft.data.splits import Split
from weft.labels import Asked, LabelTable
from weft.predictor import Predictions
from weft.report.data import data_section
from weft.report.facts import Facts
from weft.report.score_tables import score_tables
from weft.report.tasks_map import label_correlation, map_section
from weft.tasks import Kind, Task, TaskSet
from weft.training.assess import Assessment
from weft.training.evaluate import evaluate_episodes, fixed_episodes


class Rows:
    """Data of which only the number and the names are known."""

    def __init__(self, n):
        self.ok = np.ones(n, bool)

    def __len__(self):
        return len(self.ok)


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    y = np.column_stack([rng.integers(0, 2, (40, 2)), rng.normal(size=40)]).astype(float)
    y[:, 1] = np.where(rng.random(40) < 0.8, y[:, 0], y[:, 1])
    y[rng.random(y.shape) < 0.2] = np.nan
    return LabelTable.from_dense(TaskSet((Task("a"), Task("b"), Task("c", Kind.REGRESSION))), y)


def facts_of(labels, unusable=()):
    rows = np.arange(labels.n_rows)
    split = Split(rows[:20], rows[20:30], rows[30:], "random", 0)
    return Facts("t.csv", {}, None, Rows(labels.n_rows), labels, split, None, None, unusable=unusable)


def test_correlation_is_over_cells_known_together(labels):
    """Protects from unknown counted as zero: equal to NumPy on the pairs known together."""
    y, mask = labels.to_dense()
    found = label_correlation(labels)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        both = mask[:, i] & mask[:, j]
        assert found[i, j] == pytest.approx(np.corrcoef(y[both, i], y[both, j])[0, 1])
    assert np.allclose(found, found.T)


def test_no_correlation_without_variation_enough_data_or_order(labels):
    """Protects from a strong relation read off three molecules, a constant column, or the numbers of classes."""
    assert np.isnan(label_correlation(labels.take(np.arange(5)))).all()
    y, mask = labels.to_dense()
    y[:, 0] = 1
    assert np.isnan(label_correlation(LabelTable.from_dense(labels.tasks, y, mask))[0]).all()
    tasks = TaskSet((Task("kind", Kind.MULTICLASS, ("x", "y", "z")), Task("b")))
    found = label_correlation(LabelTable.from_dense(tasks, np.column_stack([np.arange(30) % 3, np.arange(30) % 2])))
    assert np.isnan(found[0, 1])


def test_labels_are_counted_per_part(labels):
    """Protects the numbers of the table of labels."""
    text = data_section(facts_of(labels)).body
    zeros, ones = labels.class_counts("a")
    assert f"0: {zeros}, 1: {ones}" in text
    assert "±" in text
    train = labels.take(np.arange(20))
    n = int(train.counts()[0])
    assert f"<td>{n} ({train.value[train.col == 0].mean():.0%})</td>" in text


def test_rows_that_cannot_be_used_are_told_with_their_reason(labels):
    """Protects bad rows from being lost between table and report; one row is one row."""
    text = data_section(facts_of(labels, ["7: cannot be parsed: <bad> ring"])).body
    assert "1 row of the table cannot be used" in text
    assert "cannot be parsed: &lt;bad&gt; ring" in text


def test_one_task_has_no_map(labels):
    """Protects a report of a single task from an empty picture."""
    assert map_section(facts_of(labels.take_tasks(["a"]))) is None


def test_each_mean_tells_its_own_number_of_tasks():
    """Protects means of metrics that are undefined in some tasks. Seen to catch: the first metric's number for all."""
    tasks = TaskSet((Task("a"), Task("b")))
    known = LabelTable.from_dense(tasks, np.array([[0.0, 1], [1, 1], [1, 1]]))
    found = Predictions(tasks, np.full((3, 2), 0.6), np.ones((3, 2)), np.ones(3, bool))
    evaluation = evaluate_episodes(lambda _: found, fixed_episodes(known, 0.0, 1, 0), 0.0)
    body = score_tables(Assessment("test", 3, (evaluation,), (), {}))
    assert "0.500 (1)" in body  # ROC-AUC of a alone
    assert "0.900 (2)" in body  # F1 of both


def test_small_errors_are_not_zero():
    """Protects tasks in small units: an RMSE of 4e-7 is not shown as 0.000."""
    tasks = TaskSet((Task("dose", Kind.REGRESSION),))
    known = LabelTable.from_dense(tasks, np.arange(9.0)[:, None] * 1e-7)
    found = Predictions(tasks, np.full((9, 1), 4e-7), np.ones((9, 1)), np.ones(9, bool))
    evaluation = evaluate_episodes(lambda _: found, fixed_episodes(known, 0.0, 1, 0), 0.0)
    assert "2.582e-07" in score_tables(Assessment("test", 9, (evaluation,), (), {}))


def test_coverage_counts_sets_that_hold_the_truth():
    """Protects the told coverage: seen to catch classes mixed up and intervals left out."""
    from weft.report.reliability import coverage_of
    from weft.training.conformal import Region

    tasks = TaskSet((Task("a"), Task("c", Kind.REGRESSION)))
    found = Predictions(tasks, np.full((3, 2), 0.5), np.ones((3, 2)), np.ones(3, bool))
    asked = Asked(LabelTable.from_dense(tasks, np.array([[0, 1.0], [1, 5.0], [1, np.nan]])))
    holds = np.array([[True, False], [True, False], [True, True]])

    class Fixed:
        def regions(self, *_):
            return [Region(holds=holds), Region(low=np.zeros(3), high=np.full(3, 2.0))]

    told = coverage_of(Fixed(), found, asked, 0.9, np.zeros((3, 2), bool))
    assert (told["a"].n, told["a"].share, told["a"].size) == (3, pytest.approx(2 / 3), pytest.approx(4 / 3))
    assert (told["c"].n, told["c"].share, told["c"].size) == (2, 0.5, 2.0)
