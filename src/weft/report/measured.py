"""How good a model is, with intervals: per task and on average, with nothing shown and with labels shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from weft.labels import Asked, Floats
from weft.report.resampling import LEAST, Interval, Look, bootstrap, draws_for, nanmean, over_masks, rare
from weft.training.answers import Answers


@dataclass(frozen=True)
class Gain:
    """The same cells asked twice.

    Attributes:
        hidden: with nothing shown.
        shown: with labels shown.
        difference: of the two, paired.
    """

    hidden: Interval
    shown: Interval
    difference: Interval

    @property
    def verdict(self) -> str:
        """`helped`, `hurt`, `no difference seen` or `too few labels to tell`."""
        low, high = self.difference.low, self.difference.high
        if low is None or high is None:
            return "too few labels to tell"
        return "helped" if low > 0 else "hurt" if high < 0 else "no difference seen"


@dataclass(frozen=True)
class Measured:
    """Metrics with intervals.

    Attributes:
        metrics: family -> the metric it is judged by.
        seconds: family -> a second metric.
        draws: resamples of the intervals.
        counts: family -> labels asked, and how many of the rarer class.
        first, second: family -> interval of the metric with nothing shown, on every label of the part.
        gains: reveal ratio -> family -> what showing labels changes.
        means: reveal ratio -> metric -> the same, on average over families; at 0 nothing is shown twice.
    """

    metrics: Mapping[str, str]
    seconds: Mapping[str, str]
    draws: int
    counts: Mapping[str, tuple[int, int]]
    first: Mapping[str, Interval]
    second: Mapping[str, Interval]
    gains: Mapping[float, Mapping[str, Gain]]
    means: Mapping[float, Mapping[str, Gain]]


def measure(answers: Answers, judged_by: Mapping[str, tuple[str, str]], seed: int = 0) -> Measured:
    """Measure what a model said.

    Args:
        answers: of one part.
        judged_by: family -> the metric it is judged by, larger being better, and a second one.
        seed: of the resamples.
    """
    whole = Look.of(answers.told_nothing(), Asked(answers.known))
    counts = {name: (len(rows), rare(cells)) for name, (rows, cells) in whole.cells.items()}
    metrics = {name: pair[0] for name, pair in judged_by.items() if name in counts}
    seconds = {name: pair[1] for name, pair in judged_by.items() if name in counts}
    pairs = {ratio: _looks(answers, ratio) for ratio in answers.ratios if ratio > 0}
    looks = [whole, *(look for both in pairs.values() for side in both for look in side)]
    n, draws = len(answers.rows), draws_for(looks)
    values = bootstrap(looks, metrics, n, draws, seed)
    others = bootstrap([whole], seconds, n, draws, seed)
    trusted = {name: few >= LEAST for name, (_, few) in counts.items()}
    first = {name: Interval.of(found[0], trusted[name]) for name, found in values.items()}
    second = {name: Interval.of(found[0], trusted[name]) for name, found in others.items()}
    gains: dict[float, dict[str, Gain]] = {}
    start = {name: found[0] for name, found in values.items()}
    means = {0.0: _means({name: (v, v) for name, v in start.items()}, metrics)}
    at = 1
    for ratio, (shown, _) in pairs.items():
        k = len(shown)
        sides = {n: _sides(v[at : at + k], v[at + k : at + 2 * k], seed) for n, v in values.items()}
        gains[ratio] = {name: _gain(*both, trusted[name]) for name, both in sides.items()}
        means[ratio] = _means(sides, metrics)
        at += 2 * k
    return Measured(metrics, seconds, draws, counts, first, second, gains, means)


def _looks(answers: Answers, ratio: float) -> tuple[list[Look], list[Look]]:
    """Return what is said under each mask of a ratio with labels shown, and with nothing shown."""
    asked, nothing = [episode.asked for episode in answers.episodes[ratio]], answers.told_nothing()
    shown = [Look.of(found, cells) for found, cells in zip(answers.told(ratio), asked, strict=True)]
    return shown, [Look.of(nothing, cells) for cells in asked]


def _sides(shown: Floats, hidden: Floats, seed: int) -> tuple[Floats, Floats]:
    return over_masks(hidden, seed), over_masks(shown, seed)


def _gain(hidden: Floats, shown: Floats, trusted: bool) -> Gain:
    return Gain(*(Interval.of(values, trusted) for values in (hidden, shown, shown - hidden)))


def _means(sides: Mapping[str, tuple[Floats, Floats]], metrics: Mapping[str, str]) -> dict[str, Gain]:
    """Return per metric what `_gain` tells of the means over families, where both sides are defined on all data."""
    found: dict[str, Gain] = {}
    for metric in dict.fromkeys(metrics.values()):
        own: Sequence[tuple[Floats, Floats]] = [both for name, both in sides.items() if metrics[name] == metric]
        kept = [both for both in own if np.isfinite([both[0][0], both[1][0]]).all()]
        if kept:
            hidden, shown = (nanmean(np.stack([both[side] for both in kept])) for side in (0, 1))
            found[metric] = _gain(hidden, shown, True)
    return found
