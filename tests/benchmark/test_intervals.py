"""Intervals cover test nodes and seeds, and the words follow them."""

import numpy as np
import pytest

from weft.benchmark.intervals import TOO_FEW, compare_runs
from weft.errors import UserError
from weft.hetero.compare import NO_DIFFERENCE
from weft.hetero.resample import Cells


def cells(rng, noise, y):
    return {"a": Cells(y, y + noise * rng.normal(size=len(y)))}


@pytest.fixture
def y():
    return np.random.default_rng(0).normal(size=400)


def test_planted_harm_and_help_are_said(y):
    """Protects the words: a worse model hurt, a better one helped, the same one did neither."""
    rng = np.random.default_rng(1)
    runs = {
        "single": [cells(rng, 0.5, y) for _ in range(3)],
        "shared": [cells(rng, 0.8, y) for _ in range(3)],
        "exchange": [cells(rng, 0.3, y) for _ in range(3)],
    }
    shared, exchange = compare_runs(runs, {"a": "r2"})
    assert (shared.verdict, exchange.verdict) == ("sharing hurt a", "sharing helped a")
    assert shared.low < shared.difference < shared.high < 0
    r2 = [1 - ((h["a"].mean - y) ** 2).sum() / ((y - y.mean()) ** 2).sum() for h in runs["shared"]]
    alone = [1 - ((h["a"].mean - y) ** 2).sum() / ((y - y.mean()) ** 2).sum() for h in runs["single"]]
    assert shared.difference == pytest.approx(np.mean(r2) - np.mean(alone))
    same = compare_runs({"single": runs["single"], "exchange": runs["single"]}, {"a": "r2"})[0]
    assert (same.difference, same.verdict) == (0, NO_DIFFERENCE)
    assert shared == compare_runs(runs, {"a": "r2"})[0]


def test_seeds_that_vary_widen_the_interval(y):
    """Protects from certainty that is only about nodes: seeds pull apart, nodes stay the same."""
    rng = np.random.default_rng(2)
    single = [cells(rng, 0.5, y) for _ in range(3)]
    steady = {"single": single, "exchange": [cells(rng, 0.45, y) for _ in range(3)]}
    wild = {"single": single, "exchange": [cells(rng, noise, y) for noise in (0.1, 0.45, 0.7)]}
    narrow, wide = (compare_runs(runs, {"a": "r2"})[0] for runs in (steady, wild))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    assert wide.verdict == NO_DIFFERENCE


def test_one_seed_is_the_bootstrap_of_nodes(y):
    """Protects the smallest comparison: a finite interval about nodes."""
    rng = np.random.default_rng(3)
    found = compare_runs({"single": [cells(rng, 0.5, y)], "shared": [cells(rng, 0.5, y)]}, {"a": "r2"})
    assert len(found) == 1
    assert np.isfinite([found[0].low, found[0].high]).all()


def test_seeds_must_pair(y):
    """Protects from a difference of other seeds."""
    one = cells(np.random.default_rng(4), 0.5, y)
    with pytest.raises(UserError, match="single 1, shared 2"):
        compare_runs({"single": [one], "shared": [one, one]}, {"a": "r2"})


def test_a_handful_of_positives_decides_nothing():
    """Protects a task at 0.07 %: a resample of its one positive looks certain and is not."""
    rng = np.random.default_rng(5)

    def runs(ones):
        y = (np.arange(500) < ones).astype(float)
        good, bad = y + 0.1 * rng.random(500), rng.random(500)
        return {"single": [{"a": Cells(y, bad)}] * 2, "exchange": [{"a": Cells(y, good)}] * 2}

    assert compare_runs(runs(1), {"a": "pr_auc"})[0].verdict == TOO_FEW
    assert compare_runs(runs(20), {"a": "pr_auc"})[0].verdict == "sharing helped a"
