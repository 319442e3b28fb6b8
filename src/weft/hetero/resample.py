"""Metrics under many resamples of the same nodes at once: a resample is how often each node was drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weft.errors import UserError, nearest
from weft.labels import Floats

_CHUNK = 4_000_000
"""Numbers in one block of resamples: 32 MB."""
_FEW = 64
"""With so many nodes of a class, or fewer, each is compared with all others."""

Weighted = Callable[[Floats, Floats, Floats], Floats]
"""(times drawn `[B, n]`, truth `[n]`, prediction) -> metric of each resample `[B]`, NaN where undefined."""


@dataclass(frozen=True, eq=False)
class Cells:
    """One family's answers and predictions at `n` test nodes.

    Attributes:
        truth: float64 `[n]`: 0/1, class or value; `[n, C]` of 0/1 for a multi-label family, NaN where unknown.
        mean: float64 `[n]` (probability of 1, or value) or `[n, C]` (probability of each class or label).
    """

    truth: Floats
    mean: Floats


def resampled(
    models: Mapping[str, Cells], metric: str, rng: np.random.Generator, draws: int = 1000
) -> dict[str, Floats]:
    """Return each model's metric on all nodes, then on `draws` resamples shared by the models, `[1 + draws]`.

    Args:
        models: name -> cells of the same nodes.
        metric: `accuracy`, `macro_f1`, `micro_f1`, `roc_auc`, `pr_auc`, `f1`, `brier`, `rmse`, `mae` or `r2`.
        rng: for the draws.
        draws: how many.

    Raises:
        UserError: for models of different nodes, or a metric that is not for these cells.
    """
    first = next(iter(models.values()))
    for name, cells in models.items():
        if not np.array_equal(cells.truth, first.truth, equal_nan=True):
            raise UserError(f"the model {name!r} was tested on other cells", mend="Compare models of one split.")
    found: dict[str, list[Floats]] = {name: [] for name in models}
    for counts in draw_counts(len(first.truth), rng, draws):
        for name, cells in models.items():
            found[name].append(score(counts, cells, metric))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def draw_counts(n: int, rng: np.random.Generator, draws: int) -> Iterator[Floats]:
    """Yield ones, then blocks of resamples, float64 `[B, n]`."""
    yield np.ones((1, n))
    step = max(1, _CHUNK // max(n, 1))
    for start in range(0, draws, step):
        rows = min(step, draws - start)
        picked = rng.integers(0, n, (rows, n)) + np.arange(rows)[:, None] * n
        yield np.bincount(picked.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


def score(counts: Floats, cells: Cells, metric: str) -> Floats:
    """Return the metric of each resample `[B]`; `counts` `[B, n]` says how often each node was drawn."""
    y, mean = cells.truth, cells.mean
    if y.ndim == 2:
        return _multilabel(counts, y, mean, metric)
    if mean.ndim == 2 and mean.shape[1] > 1:
        return _multiclass(counts, y, mean, metric)
    return _named(metric, _PLAIN)(counts, y, mean.reshape(len(y)))


def _multilabel(counts: Floats, y: Floats, mean: Floats, metric: str) -> Floats:
    """Score labels alone and average those defined; `micro_f1` counts all labels' cells together."""
    known = np.isfinite(y)
    if metric == "micro_f1":
        hit, total = _f1_parts(counts, np.where(known, y, 0), known & (mean >= 0.5))
        return _divide(2 * hit.sum(1), total.sum(1))
    one = _named("f1" if metric == "macro_f1" else metric, _PLAIN)
    columns = [one(counts[:, k], y[k, c], mean[k, c]) for c, k in enumerate(known.T)]
    return _mean(np.stack(columns, 1))


def _multiclass(counts: Floats, y: Floats, mean: Floats, metric: str) -> Floats:
    guess, classes = mean.argmax(1), np.arange(mean.shape[1])
    if metric in ("accuracy", "micro_f1"):
        return _divide(counts @ (guess == y), counts.sum(1))
    if metric == "macro_f1":
        hit, total = _f1_parts(counts, y[:, None] == classes, guess[:, None] == classes)
        return _mean(_divide(2 * hit, total))
    one = _named(metric, {"roc_auc": _roc_auc, "pr_auc": _pr_auc})
    return _mean(np.stack([one(counts, (y == c).astype(np.float64), mean[:, c]) for c in classes], 1))


def _f1_parts(counts: Floats, y: NDArray[np.generic], guess: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return hits and the sum of true and guessed, `[B, C]`."""
    true = y.astype(np.float64)
    return counts @ (true * guess), counts @ (true + guess)


def _f1(counts: Floats, y: Floats, mean: Floats) -> Floats:
    hit, total = _f1_parts(counts, y[:, None], (mean >= 0.5)[:, None])
    return _divide(2 * hit, total)[:, 0]


def _accuracy(counts: Floats, y: Floats, mean: Floats) -> Floats:
    return _divide(counts @ ((mean >= 0.5) == y), counts.sum(1))


def _groups(counts: Floats, y: Floats, order: NDArray[np.intp], mean: Floats) -> tuple[Floats, Floats]:
    """Return how often positives and negatives were drawn at each distinct score, `[B, G]`, in the given order."""
    if not len(order):
        return np.zeros((len(counts), 0)), np.zeros((len(counts), 0))
    starts = np.flatnonzero(np.diff(mean[order], prepend=np.nan) != 0)
    positive = np.add.reduceat((counts * y)[:, order], starts, axis=1)
    return positive, np.add.reduceat(counts[:, order], starts, axis=1) - positive


def _roc_auc(counts: Floats, y: Floats, mean: Floats) -> Floats:
    ones = np.flatnonzero(y)
    if len(ones) <= _FEW:  # as of one class among hundreds: a product over pairs instead of a sort of every resample
        above = (mean[ones, None] > mean) + 0.5 * (mean[ones, None] == mean)
        won = (counts[:, ones] * (counts @ (above * (1 - y)).T)).sum(1)
        return _divide(won, (counts @ y) * (counts @ (1 - y)))
    positive, negative = _groups(counts, y, np.argsort(mean, kind="stable"), mean)
    below = negative.cumsum(1) - negative / 2
    return _divide((positive * below).sum(1), positive.sum(1) * negative.sum(1))


def _pr_auc(counts: Floats, y: Floats, mean: Floats) -> Floats:
    positive, negative = _groups(counts, y, np.argsort(-mean, kind="stable"), mean)
    hits = positive.cumsum(1)
    precision = np.nan_to_num(_divide(hits, hits + negative.cumsum(1)))
    both = (negative.sum(1) > 0) * positive.sum(1)
    return _divide((positive * precision).sum(1), both)


def _squares(counts: Floats, y: Floats, mean: Floats) -> Floats:
    return _divide(counts @ (y - mean) ** 2, counts.sum(1))


def _rmse(counts: Floats, y: Floats, mean: Floats) -> Floats:
    return np.sqrt(_squares(counts, y, mean))


def _mae(counts: Floats, y: Floats, mean: Floats) -> Floats:
    return _divide(counts @ np.abs(y - mean), counts.sum(1))


def _r2(counts: Floats, y: Floats, mean: Floats) -> Floats:
    n = counts.sum(1)
    spread = _divide(counts @ (y - y.mean()) ** 2, n) - _divide(counts @ (y - y.mean()), n) ** 2
    return 1 - _divide(_squares(counts, y, mean), spread)


_PLAIN: dict[str, Weighted] = {
    "roc_auc": _roc_auc,
    "pr_auc": _pr_auc,
    "f1": _f1,
    "accuracy": _accuracy,
    "brier": _squares,
    "rmse": _rmse,
    "mae": _mae,
    "r2": _r2,
}


def _named(metric: str, known: Mapping[str, Weighted]) -> Weighted:
    if metric not in known:
        raise UserError(f"these cells have no metric {metric!r}", mend=nearest(metric, known))
    return known[metric]


def _divide(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 1e-12)


def _mean(values: Floats) -> Floats:
    """Return the mean over columns where defined, `[B]`."""
    good = np.isfinite(values)
    return _divide(np.where(good, values, 0).sum(1), good.sum(1).astype(np.float64))
