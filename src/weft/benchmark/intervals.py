"""Differences between models of several seeds, with an interval that covers both test nodes and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from weft.errors import UserError
from weft.hetero.compare import EXCHANGE, SHARED, SINGLE, Comparison, percentiles, verdict
from weft.hetero.resample import Cells, resampled
from weft.labels import Floats

#: With fewer test labels than this of a binary task's rarer class, no interval can be trusted.
LEAST = 5
TOO_FEW = "too few labels to tell"

Seeds = Sequence[Mapping[str, Cells]]
"""Per seed: family -> answers and predictions."""


def compare_runs(
    runs: Mapping[str, Seeds],
    metrics: Mapping[str, str],
    seed: int = 0,
    draws: int = 1000,
    level: float = 0.95,
) -> list[Comparison]:
    """Compare models that were each trained with the same seeds.

    A two-level bootstrap: in each draw the test nodes are resampled (the same ones for all models and seeds), and
    the seeds; a difference is the mean over the drawn seeds of a model's metric minus that of `single`. With one
    seed the interval covers test nodes only.

    Args:
        runs: model (`single`, and `shared`, `exchange` or both) -> per seed, in the same order.
        metrics: family -> metric, for families that have test labels.
        seed: of the draws.
        draws: how many.
        level: of confidence.

    Returns:
        Per family a row of `shared` and one of `exchange`, as far as they were run; the verdict is `TOO_FEW` for a
        binary task with fewer than `LEAST` test labels of its rarer class.

    Raises:
        UserError: for models with different numbers of seeds.
    """
    if len({len(seeds) for seeds in runs.values()}) != 1:
        told = ", ".join(f"{name} {len(seeds)}" for name, seeds in runs.items())
        raise UserError(f"the models were trained with different numbers of seeds: {told}")
    rows: list[Comparison] = []
    for at, (family, metric) in enumerate(metrics.items()):
        rng = np.random.default_rng([seed, at])
        found = _drawn(runs, family, metric, rng, draws)
        picked = rng.integers(0, len(runs[SINGLE]), (draws, len(runs[SINGLE])))
        means = {name: _mean(values[:, :1])[0] for name, values in found.items()}
        n, rare = len(runs[SINGLE][0][family].truth), _rare(runs[SINGLE][0][family])
        for name in (model for model in (SHARED, EXCHANGE) if model in runs):
            pairs = found[name] - found[SINGLE]  # [seeds, 1 + draws]
            resampled_means = _mean(pairs[picked.T, np.arange(1, draws + 1)])
            low, high = percentiles(resampled_means[np.isfinite(resampled_means)], level)
            difference = float(_mean(pairs[:, :1])[0])
            words = verdict(family, metric, low, high) if rare >= LEAST else TOO_FEW
            single, shared, exchange = (float(means.get(model, np.nan)) for model in (SINGLE, SHARED, EXCHANGE))
            rows.append(
                Comparison(
                    family, metric, single, shared, exchange, difference, low, high, words, name, "nodes and seeds", n
                )
            )
    return rows


def _drawn(
    runs: Mapping[str, Seeds], family: str, metric: str, rng: np.random.Generator, draws: int
) -> dict[str, Floats]:
    """Return each model's metric per seed on all nodes and on every resample, `[seeds, 1 + draws]`."""
    flat = {f"{name} {k}": held[family] for name, seeds in runs.items() for k, held in enumerate(seeds)}
    values = resampled(flat, metric, rng, draws)
    return {name: np.stack([values[f"{name} {k}"] for k in range(len(seeds))]) for name, seeds in runs.items()}


def _rare(cells: Cells) -> int:
    """Return how often the rarer class of a binary task stands among the answers; of others how many there are."""
    y = cells.truth
    ones = int((y == 1).sum())
    return min(ones, len(y) - ones) if cells.mean.ndim == 1 and np.isin(y, (0, 1)).all() else len(y)


def _mean(values: Floats) -> Floats:
    """Return the mean over the first axis where defined, NaN where nowhere."""
    good = np.isfinite(values)
    total = np.where(good, values, 0).sum(0)
    return np.divide(total, good.sum(0), out=np.full(total.shape, np.nan), where=good.any(0))
