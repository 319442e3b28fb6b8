import numpy as np
import pytest

from weft.labels import Asked, LabelTable
from weft.predictor import Predictions
from weft.report.resampling import Interval, Look, bootstrap, nanmean, over_masks, rare
from weft.tasks import Kind, Task, TaskSet

TASKS = TaskSet((Task("a"), Task("b"), Task("size", Kind.REGRESSION)))


def looked(n, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    y = np.column_stack([rng.random((n, 2)) < 0.4, rng.normal(size=n)]).astype(float)
    score = 1 / (1 + np.exp(-(y - 0.5 + noise * np.random.default_rng(seed + 1).normal(size=y.shape))))
    score[:, 2] = y[:, 2] + noise * rng.normal(size=n)
    known = rng.random(y.shape) < 0.7
    known[:, 2] &= np.arange(n) % 2 == 0
    found = Predictions(TASKS, score, np.ones_like(score), np.ones(n, bool))
    return found, Asked(LabelTable.from_dense(TASKS, y, known))


def test_the_first_number_is_that_of_all_data():
    """Protects the reported value: the bootstrap's first column equals the plain metrics."""
    from weft.training.metrics import score_tasks

    found, asked = looked(80)
    values = bootstrap([Look.of(found, asked)], {"a": "roc_auc", "size": "r2"}, 80, 50)
    plain = {score.task: score.values for score in score_tasks(found, asked).tasks}
    assert values["a"].shape == (1, 51)
    assert values["a"][0, 0] == pytest.approx(plain["a"]["roc_auc"])
    assert values["size"][0, 0] == pytest.approx(plain["size"]["r2"])


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """Protects the 95%: of 100 samples, most intervals hold the metric of a very large sample."""
    large, asked = looked(40_000, seed=999)
    truth = bootstrap([Look.of(large, asked)], {"a": "roc_auc"}, 40_000, 1)["a"][0, 0]
    inside = 0
    for seed in range(100):
        values = bootstrap([Look.of(*looked(120, seed))], {"a": "roc_auc"}, 120, 200, seed)["a"][0]
        interval = Interval.of(values)
        inside += interval.low <= truth <= interval.high
    assert 86 <= inside <= 100


def test_pairing_makes_differences_of_the_same_predictions_zero():
    """Protects paired differences: two looks share their resamples. Seen to catch draws of their own for each."""
    look = Look.of(*looked(60))
    values = bootstrap([look, look], {"a": "roc_auc", "b": "roc_auc"}, 60, 100)
    assert all(np.array_equal(held[0], held[1], equal_nan=True) for held in values.values())


def test_too_few_labels_have_a_value_and_no_interval():
    """Protects from intervals read off three positives; and undefined stays undefined."""
    values = np.concatenate([[0.8], np.linspace(0.5, 1, 100)])
    assert Interval.of(values, trusted=False) == Interval(0.8)
    assert Interval.of(np.full(101, np.nan)) == Interval(None)
    assert Interval.of(np.concatenate([[0.8], np.full(99, np.nan), [0.7]])) == Interval(0.8)
    found, asked = looked(40)
    cells = Look.of(found, asked).cells["a"][1]
    assert rare(cells) == min((cells.truth == 1).sum(), (cells.truth == 0).sum())


def test_masks_are_drawn_as_well():
    """Protects gains from looking surer than the choice of labels shown allows: one mask far off widens it."""
    same = over_masks(np.full((5, 201), 0.7))
    assert same == pytest.approx(np.full(201, 0.7))
    spread = over_masks(np.repeat([[0.1], [0.7], [0.7], [0.7], [1.3]], 201, 1))
    assert spread[0] == pytest.approx(0.7)
    assert spread[1:].std() > 0.1


def test_undefined_tasks_are_left_out_of_a_mean():
    """Protects means over tasks from one that has no number."""
    assert np.array_equal(nanmean(np.array([[1.0, np.nan], [3.0, np.nan]])), [2.0, np.nan], equal_nan=True)
