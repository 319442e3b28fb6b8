"""Did sharing help? Paired differences between models of the same test cells, with confidence intervals and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from weft.errors import UserError
from weft.hetero.resample import Cells, resampled
from weft.labels import Floats
from weft.training.metrics import HIGHER_IS_BETTER

SINGLE, SHARED, EXCHANGE = "single", "shared", "exchange"
NO_DIFFERENCE = "no difference seen"


@dataclass(frozen=True)
class Comparison:
    """One family and metric: a model that shares against a model of the family's own.

    Attributes:
        family: what is predicted.
        metric: by its name in `weft.training.metrics`, or `micro_f1`.
        single: the metric of the model of its own; the mean over seeds where there are several.
        shared: of the shared bottom; NaN where it was not run.
        exchange: of the model that exchanges; NaN where it was not run.
        difference: of the model named by `of`, minus `single`, in the metric's own units.
        low: lower end of the interval of the difference; minus infinity when it cannot be told (one seed).
        high: upper end.
        verdict: `sharing hurt FAMILY`, `sharing helped FAMILY` or `no difference seen`.
        of: which model the difference is of: `shared` or `exchange`.
        basis: what varies in the interval: `seeds` or `nodes`.
        n: how many seeds or nodes.
    """

    family: str
    metric: str
    single: float
    shared: float
    exchange: float
    difference: float
    low: float
    high: float
    verdict: str
    of: str = EXCHANGE
    basis: str = "seeds"
    n: int = 0


def compare_seeds(
    scores: Mapping[str, Mapping[str, Sequence[float | None]]], metrics: Mapping[str, str], level: float = 0.95
) -> list[Comparison]:
    """Compare over seeds: the t interval of the mean of paired differences (n - 1 degrees of freedom).

    Args:
        scores: model (`single`, and `shared`, `exchange` or both) -> family -> one score per seed, seeds in the
            same order everywhere; a seed where either score is None is left out of a pair.
        metrics: family -> name of the metric that `scores` holds.
        level: of confidence.

    Returns:
        Per family of `metrics`, in order, a row of `shared` and one of `exchange`, as far as they were run.

    Raises:
        UserError: without `single`, or for models with different numbers of seeds.
    """
    rows: list[Comparison] = []
    for family, metric in metrics.items():
        found = {name: _numbers(scores[name][family]) for name in _models(scores)}
        if len({len(values) for values in found.values()}) > 1:
            raise UserError(f"the models were run with different seeds: {_told(found)}", where=family)
        means = {name: float(np.nanmean(v)) if np.isfinite(v).any() else np.nan for name, v in found.items()}
        for name in (SHARED, EXCHANGE):
            if name in found:
                pairs = found[name] - found[SINGLE]
                pairs = pairs[np.isfinite(pairs)]
                rows.append(_row(family, metric, means, name, t_interval(pairs, level), "seeds", len(pairs)))
    return rows


def compare_nodes(
    cells: Mapping[str, Mapping[str, Cells]],
    metrics: Mapping[str, str],
    seed: int = 0,
    draws: int = 1000,
    level: float = 0.95,
) -> list[Comparison]:
    """Compare over nodes: a paired bootstrap of the test nodes, percentile interval of the difference.

    Args:
        cells: model -> family -> answers and predictions of the same nodes in the same order.
        metrics: family -> metric.
        seed: of the draws.
        draws: number of resamples; all models of a family see the same.
        level: of confidence.

    Returns:
        As `compare_seeds`.

    Raises:
        UserError: without `single`, for different nodes, or for a metric the kind of task does not have.
    """
    rows: list[Comparison] = []
    for at, (family, metric) in enumerate(metrics.items()):
        models = {name: cells[name][family] for name in _models(cells)}
        drawn = resampled(models, metric, np.random.default_rng([seed, at]), draws)
        whole = {name: values[0] for name, values in drawn.items()}
        for name in (SHARED, EXCHANGE):
            if name in models:
                pairs = drawn[name][1:] - drawn[SINGLE][1:]
                told = (float(whole[name] - whole[SINGLE]), *percentiles(pairs[np.isfinite(pairs)], level))
                rows.append(_row(family, metric, whole, name, told, "nodes", len(models[name].truth)))
    return rows


def t_interval(pairs: Floats, level: float = 0.95) -> tuple[float, float, float]:
    """Return mean, low and high of paired differences; an endless interval for fewer than two."""
    if not len(pairs):
        return np.nan, -np.inf, np.inf
    mean = float(pairs.mean())
    if len(pairs) == 1:
        return mean, -np.inf, np.inf
    from scipy.stats import t

    half = float(t.ppf((1 + level) / 2, len(pairs) - 1) * pairs.std(ddof=1) / np.sqrt(len(pairs)))
    return mean, mean - half, mean + half


def percentiles(values: Floats, level: float = 0.95) -> tuple[float, float]:
    """Return the middle `level` of the values; an endless interval for none."""
    if not len(values):
        return -np.inf, np.inf
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def verdict(family: str, metric: str, low: float, high: float) -> str:
    """Return the words for an interval of the difference to the model of its own."""
    better = HIGHER_IS_BETTER.get(metric, True)
    if low > 0:
        return f"sharing {'helped' if better else 'hurt'} {family}"
    if high < 0:
        return f"sharing {'hurt' if better else 'helped'} {family}"
    return NO_DIFFERENCE


def _row(
    family: str, metric: str, means: Mapping[str, float], of: str, told: tuple[float, float, float], basis: str, n: int
) -> Comparison:
    single, shared, exchange = (float(means.get(name, np.nan)) for name in (SINGLE, SHARED, EXCHANGE))
    words = verdict(family, metric, told[1], told[2])
    return Comparison(family, metric, single, shared, exchange, *told, words, of, basis, n)


def _models(given: Mapping[str, object]) -> list[str]:
    if SINGLE not in given or not ({SHARED, EXCHANGE} & set(given)):
        raise UserError(
            f"a comparison needs {SINGLE!r} and {SHARED!r} or {EXCHANGE!r}, and got {', '.join(given) or 'nothing'}"
        )
    return [name for name in (SINGLE, SHARED, EXCHANGE) if name in given]


def _numbers(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _told(found: Mapping[str, Floats]) -> str:
    return ", ".join(f"{name} {len(values)}" for name, values in found.items())
