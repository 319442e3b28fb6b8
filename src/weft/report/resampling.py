"""Intervals by the bootstrap over data: how far a number would move with other test data.

Efron, Bootstrap methods: another look at the jackknife (1979); the middle 95% of the resamples. In a resample data
(molecules, nodes) are drawn with replacement, the same ones for all tasks, masks and models, so that differences are
paired. Where something was measured under several masks, these are drawn as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from weft.benchmark.scores import family_cells
from weft.hetero.compare import percentiles
from weft.hetero.resample import Cells, draw_counts, score
from weft.labels import Asked, Floats, Ints, LabelTable
from weft.predictor import Predictions

LEVEL = 0.95
#: Cells times resamples that a report may read: some seconds.
_BUDGET = 4e8
_DRAWS = (100, 1000)
#: With fewer labels of a binary task's rarer class no interval is to be trusted.
LEAST = 5


@dataclass(frozen=True)
class Interval:
    """A value with the interval it lies in; all None where it is undefined, the ends alone where too few data tell."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, values: Floats, trusted: bool = True) -> Interval:
        """Read a number on all data, then on every resample, `[1 + draws]`."""
        if not np.isfinite(values[0]):
            return cls(None)
        drawn = values[1:][np.isfinite(values[1:])]
        if not trusted or len(drawn) < 0.5 * (len(values) - 1):
            return cls(float(values[0]))
        low, high = percentiles(drawn, LEVEL)
        return cls(float(values[0]), low, high)


@dataclass(frozen=True, eq=False)
class Look:
    """What one set of predictions says of the asked cells of the same data.

    Attributes:
        cells: family -> rows of the data that have a label of it, and answers beside predictions.
    """

    cells: dict[str, tuple[Ints, Cells]]

    @classmethod
    def of(cls, found: Predictions, asked: Asked) -> Look:
        """Pair predictions with the asked labels of the same data."""
        table = asked.table.where(found.ok[asked.table.row])
        cells = family_cells(found, Asked(table))
        return cls({name: (_rows(table, found.tasks.families[name]), held) for name, held in cells.items()})

    def size(self) -> int:
        """Return how many cells there are."""
        return sum(held.mean.size for _, held in self.cells.values())


def _rows(table: LabelTable, members: Sequence[int]) -> Ints:
    return np.unique(table.row[np.isin(table.col, members)])


def draws_for(looks: Sequence[Look]) -> int:
    """Return how many resamples are affordable."""
    total = max(sum(look.size() for look in looks), 1)
    return int(np.clip(_BUDGET / total, *_DRAWS))


def bootstrap(
    looks: Sequence[Look], metrics: Mapping[str, str], n: int, draws: int, seed: int = 0
) -> dict[str, Floats]:
    """Return each family's metric in every look, on all data and on every resample, `[looks, 1 + draws]`.

    Args:
        looks: of the same `n` data.
        metrics: family -> metric; families that a look has no cell of are NaN there.
        n: how many data.
        draws: how many resamples.
        seed: of the draws.
    """
    found: dict[str, list[Floats]] = {name: [] for name in metrics}
    for counts in draw_counts(n, np.random.default_rng([seed, 11]), draws):
        for name, metric in metrics.items():
            found[name].append(np.stack([_scored(counts, look, name, metric) for look in looks]))
    return {name: np.concatenate(parts, 1) for name, parts in found.items()}


def _scored(counts: Floats, look: Look, name: str, metric: str) -> Floats:
    if name not in look.cells:
        return np.full(len(counts), np.nan)
    rows, cells = look.cells[name]
    return score(counts[:, rows], cells, metric)


def over_masks(values: Floats, seed: int = 0) -> Floats:
    """Return means over masks `[1 + draws]` of what was found under each, `[masks, 1 + draws]`.

    Every resample draws masks, too: which labels were shown is as much chance as which data there are.
    """
    masks, draws = len(values), values.shape[1] - 1
    picked = np.random.default_rng([seed, 13]).integers(0, masks, (masks, draws))
    drawn = np.concatenate([values[:, :1], np.take_along_axis(values[:, 1:], picked, 0)], 1)
    return nanmean(drawn)


def nanmean(values: Floats) -> Floats:
    """Return the mean over the first axis where anything is defined, NaN elsewhere."""
    good = np.isfinite(values)
    total = np.where(good, values, 0).sum(0)
    return np.divide(total, good.sum(0), out=np.full(total.shape, np.nan), where=good.any(0))


def rare(cells: Cells) -> int:
    """Return how often the rarer class of a 0/1 family stands among the answers; of others how many data there are."""
    y = cells.truth
    ones = int((y == 1).sum())
    return min(ones, len(y) - ones) if cells.mean.ndim == 1 and np.isin(y, (0, 1)).all() else len(y)
