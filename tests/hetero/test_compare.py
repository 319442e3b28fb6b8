"""Whether sharing helped is told by paired differences: intervals, words and metrics agree with slow references."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from weft.errors import UserError
from weft.hetero.compare import NO_DIFFERENCE, compare_nodes, compare_seeds, t_interval
from weft.hetero.resample import Cells, resampled, score


def test_t_interval_is_that_of_the_paired_t_test():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.80, 0.01, 5), rng.normal(0.78, 0.01, 5)
    expected = ttest_rel(a, b).confidence_interval(0.95)
    assert t_interval(a - b)[1:] == pytest.approx((expected.low, expected.high))


def test_words_follow_the_interval_and_the_metric_direction():
    scores = {
        "single": {"a": [0.80, 0.81, 0.82], "b": [0.5, 0.6, 0.7], "c": [2.0, 2.1, 2.0]},
        "shared": {"a": [0.70, 0.71, 0.73], "b": [0.6, 0.5, 0.71], "c": [1.0, 1.1, 1.05]},
    }
    rows = compare_seeds(scores, {"a": "roc_auc", "b": "roc_auc", "c": "rmse"})
    assert [row.verdict for row in rows] == ["sharing hurt a", NO_DIFFERENCE, "sharing helped c"]
    assert [row.of for row in rows] == ["shared"] * 3
    assert rows[0].difference == pytest.approx(-0.29 / 3)
    assert np.isnan(rows[0].exchange)


def test_one_seed_decides_nothing():
    (row,) = compare_seeds({"single": {"a": [0.1]}, "exchange": {"a": [0.9]}}, {"a": "roc_auc"})
    assert (row.verdict, row.low, row.high, row.n) == (NO_DIFFERENCE, -np.inf, np.inf, 1)


def test_an_undefined_seed_leaves_its_pair_only():
    scores = {"single": {"a": [0.5, None, 0.5]}, "exchange": {"a": [0.6, 0.9, 0.7]}}
    (row,) = compare_seeds(scores, {"a": "roc_auc"})
    assert (row.n, row.difference) == (2, pytest.approx(0.15))


def test_seeds_must_pair():
    with pytest.raises(UserError, match="single 1, exchange 2"):
        compare_seeds({"single": {"a": [0.5]}, "exchange": {"a": [0.6, 0.9]}}, {"a": "roc_auc"})
    with pytest.raises(UserError, match="needs 'single'"):
        compare_seeds({"exchange": {"a": [0.5]}}, {"a": "roc_auc"})


def _binary(rng, n=60):
    y = (rng.random(n) < 0.3).astype(float)
    return Cells(y, np.round(np.clip(0.3 * y + rng.random(n) * 0.7, 0, 1), 1))  # rounded: ties


@pytest.mark.parametrize(
    ("metric", "slow"),
    [
        ("roc_auc", roc_auc_score),
        ("pr_auc", average_precision_score),
        ("f1", lambda y, s: f1_score(y, s >= 0.5)),
        ("rmse", lambda y, s: np.sqrt(np.mean((y - s) ** 2))),
        ("mae", lambda y, s: np.mean(np.abs(y - s))),
        ("r2", lambda y, s: 1 - np.sum((y - s) ** 2) / np.sum((y - y.mean()) ** 2)),
    ],
)
def test_each_resample_is_scored_as_if_its_nodes_were_written_out(metric, slow):
    rng = np.random.default_rng(1)
    cells = _binary(rng)
    counts = np.stack([np.bincount(rng.integers(0, 60, 60), minlength=60) for _ in range(5)])
    expected = [slow(np.repeat(cells.truth, c), np.repeat(cells.mean, c)) for c in counts]
    assert score(counts.astype(float), cells, metric) == pytest.approx(expected)


def test_few_of_a_class_are_ranked_to_the_same_bits(monkeypatch):
    """Protects the product over pairs, ties included: counts and halves are exact in either order of sums."""
    rng = np.random.default_rng(3)
    y, mean = rng.integers(0, 30, 200).astype(float), rng.random((200, 30)).round(2)
    counts = np.stack([np.bincount(rng.integers(0, 200, 200), minlength=200) for _ in range(7)]).astype(float)
    few = score(counts, Cells(y, mean), "roc_auc")
    monkeypatch.setattr("weft.hetero.resample._FEW", -1)
    assert np.array_equal(few, score(counts, Cells(y, mean), "roc_auc"))
    rows = np.repeat(np.arange(200), counts[0].astype(int))
    there = [c for c in range(30) if (y[rows] == c).sum() > 0]
    slow = np.mean([roc_auc_score(y[rows] == c, mean[rows, c]) for c in there])
    assert few[0] == pytest.approx(slow)


def test_multiclass_and_multilabel_resamples():
    rng = np.random.default_rng(2)
    y, mean = rng.integers(0, 4, 50).astype(float), rng.random((50, 4))
    counts = np.bincount(rng.integers(0, 50, 50), minlength=50)
    rows = np.repeat(np.arange(50), counts)
    guess = mean.argmax(1)
    one = counts[None].astype(float)
    assert score(one, Cells(y, mean), "macro_f1") == pytest.approx(f1_score(y[rows], guess[rows], average="macro"))
    assert score(one, Cells(y, mean), "accuracy") == pytest.approx((y == guess)[rows].mean())
    labels = (rng.random((50, 4)) < 0.4).astype(float)
    for average in ("macro", "micro"):
        expected = f1_score(labels[rows], mean[rows] >= 0.5, average=average)
        assert score(one, Cells(labels, mean), f"{average}_f1") == pytest.approx(expected)
    holes = labels.copy()
    holes[:20, 1] = np.nan
    kept = [f1_score(labels[k:, c], mean[k:, c] >= 0.5) for c, k in enumerate((0, 20, 0, 0))]
    assert score(np.ones((1, 50)), Cells(holes, mean), "macro_f1") == pytest.approx(np.mean(kept))


def test_undefined_resamples_are_nan_and_left_out():
    cells = Cells(np.array([1.0, 0.0, 0.0]), np.array([0.9, 0.1, 0.2]))
    assert np.isnan(score(np.array([[0.0, 2.0, 1.0]]), cells, "roc_auc")).all()
    (row,) = compare_nodes({"single": {"a": cells}, "exchange": {"a": cells}}, {"a": "roc_auc"}, draws=50)
    assert (row.difference, row.low, row.high, row.verdict) == (0, 0, 0, NO_DIFFERENCE)


def test_the_bootstrap_sees_a_difference_and_repeats_by_seed():
    rng = np.random.default_rng(3)
    y = (rng.random(400) < 0.4).astype(float)
    good, bad = y * 0.5 + rng.random(400), y * 0.1 + rng.random(400)
    cells = {"single": {"a": Cells(y, bad)}, "exchange": {"a": Cells(y, good)}, "shared": {"a": Cells(y, bad)}}
    shared, exchange = compare_nodes(cells, {"a": "pr_auc"}, seed=5, draws=200)
    assert (shared.verdict, exchange.verdict) == (NO_DIFFERENCE, "sharing helped a")
    assert exchange.low < exchange.difference < exchange.high
    assert compare_nodes(cells, {"a": "pr_auc"}, seed=5, draws=200) == [shared, exchange]
    assert compare_nodes(cells, {"a": "pr_auc"}, seed=6, draws=200)[1].low != exchange.low


def test_blocks_of_resamples_are_the_same_as_one(monkeypatch):
    cells = {"single": _binary(np.random.default_rng(4))}
    whole = resampled(cells, "roc_auc", np.random.default_rng(0), 20)
    monkeypatch.setattr("weft.hetero.resample._CHUNK", 60 * 7)
    parts = resampled(cells, "roc_auc", np.random.default_rng(0), 20)
    assert np.array_equal(whole["single"], parts["single"], equal_nan=True)


def test_other_cells_and_unknown_metrics_are_refused():
    rng = np.random.default_rng(5)
    a, b = _binary(rng), _binary(rng)
    with pytest.raises(UserError, match="other cells"):
        compare_nodes({"single": {"a": a}, "exchange": {"a": b}}, {"a": "roc_auc"})
    with pytest.raises(UserError, match="no metric 'rocauc'"):
        compare_nodes({"single": {"a": a}, "exchange": {"a": a}}, {"a": "rocauc"})
