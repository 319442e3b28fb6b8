"""Which labels are shown and which are asked: the four settings and their episodes.

MetaLink (arXiv 2303.07666, section 3): *standard* shows nothing of a query datum, *relational* shows a
part of its labels, *meta* asks for tasks that were not trained on, *relational_meta* does both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from weft.errors import UserError, nearest
from weft.labels import Asked, Bools, Ints, LabelTable, Shown


class Setting(StrEnum):
    """The four settings of MetaLink."""

    STANDARD = "standard"
    RELATIONAL = "relational"
    META = "meta"
    RELATIONAL_META = "relational_meta"

    @classmethod
    def _missing_(cls, value: object) -> Setting:
        raise UserError(f"there is no setting {str(value)!r}", mend=nearest(str(value), cls))

    @property
    def shows_labels(self) -> bool:
        """Whether some labels of a query datum are shown."""
        return self in (Setting.RELATIONAL, Setting.RELATIONAL_META)

    @property
    def new_tasks(self) -> bool:
        """Whether tasks that were not trained on can be asked."""
        return self in (Setting.META, Setting.RELATIONAL_META)


@dataclass(frozen=True)
class Episode:
    """What is shown and what is asked of the same data; no cell is in both.

    Raises:
        UserError: when a cell is both shown and asked, or the two speak of different data.
    """

    shown: Shown
    asked: Asked

    def __post_init__(self) -> None:
        a, b = self.shown.table, self.asked.table
        if a.n_rows != b.n_rows or a.tasks != b.tasks:
            raise UserError("shown and asked labels are of different data or tasks")
        width = max(len(a.tasks), 1)
        if np.intersect1d(a.row * width + a.col, b.row * width + b.col).size:
            raise UserError("a label is both shown and asked")


def reveal(labels: LabelTable, ratio: float, seed: int) -> Episode:
    """Show a fixed share of every datum's known labels and ask for the rest.

    Of a datum's m known labels, min(floor(ratio m + 1/2), m - 1) are shown, so one at least is asked. For
    one seed the shown cells of a smaller ratio are among those of a larger one.

    Args:
        labels: the known labels.
        ratio: in [0, 1).
        seed: which labels come first.

    Raises:
        UserError: for a ratio outside [0, 1).
    """
    if not 0 <= ratio < 1:
        raise UserError(f"the reveal ratio is {ratio}", mend="Use a share from 0 up to, not including, 1.")
    m = labels.row_counts()
    quota = np.maximum(np.minimum(np.floor(ratio * m + 0.5).astype(np.int64), m - 1), 0)
    return Episode(*labels.split(_first(labels, quota, np.random.default_rng(seed))))


def reveal_at_random(labels: LabelTable, rng: np.random.Generator, nothing: float = 0.1) -> Episode:
    """Show of every datum a share drawn uniformly from [0, 1), for training one model for all ratios.

    Args:
        labels: the known labels.
        rng: the source of randomness.
        nothing: share of data of which nothing is shown.
    """
    return Episode(*labels.split(random_mask(labels.n_rows, labels.row, rng, nothing)))


def random_mask(n_rows: int, row: Ints, rng: np.random.Generator, nothing: float = 0.1) -> Bools:
    """Return which labels `reveal_at_random` shows, bool `[E]`, of labels whose rows are `row`, int64 `[E]`."""
    ratio = rng.random(n_rows) * (rng.random(n_rows) >= nothing)
    return rng.random(len(row)) < ratio[row]


def _first(labels: LabelTable, quota: np.ndarray, rng: np.random.Generator) -> Bools:
    """Mark, of every row, the first `quota` labels in a random order."""
    order = np.lexsort((rng.random(len(labels)), labels.row))
    start = np.cumsum(labels.row_counts()) - labels.row_counts()
    rank = np.empty(len(labels), np.int64)
    rank[order] = np.arange(len(labels)) - start[labels.row[order]]
    return rank < quota[labels.row]
