"""Dense features for learners on tables: which columns are kept and how they are scaled.

All statistics come from the training rows a `Columns` or `Scaler` was fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from weft.arrays import Arrays
from weft.errors import UserError

if TYPE_CHECKING:
    from weft.data.base import Data

F32 = NDArray[np.float32]

#: Fingerprint counts are compared and stored up to this value.
MAX_COUNT = 255


@dataclass(frozen=True, eq=False)
class Features:
    """A dense table of features.

    Attributes:
        x: float32 `[N, D]`; undefined values are NaN.
        counts: how many leading columns are fingerprint counts (whole, never negative or undefined).
    """

    x: F32
    counts: int = 0

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: ArrayLike) -> Features:
        """Return the features of `rows` (positions or a mask)."""
        return Features(self.x[np.asarray(rows)], self.counts)


def tabular(data: Data) -> Features:
    """Collect the dense features of `data`: fingerprint counts first, then every other dense kind.

    Raises:
        UserError: when the data gives no dense features.
    """
    dense = [kind for kind in ("morgan", "descriptors", "vectors", "words", "thumbnail") if kind in data.kinds]
    if not dense:
        raise UserError(
            f"data of kinds {', '.join(data.kinds)} have no dense features",
            mend="Give molecules or vectors, or choose '--model metalink'.",
        )
    parts = [np.asarray(data.dense(kind), np.float32) for kind in dense]
    counts = parts[0].shape[1] if dense[0] == "morgan" else 0
    return Features(np.concatenate(parts, 1) if len(parts) > 1 else parts[0], counts)


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns that can tell training data apart, and what stands for an undefined value.

    Attributes:
        keep: int64 `[K]`, positions of the kept columns.
        fill: float32 `[K]`, median over the training rows.
        counts: how many of the kept columns are fingerprint counts.
        width: number of columns before the choice.
    """

    keep: NDArray[np.int64]
    fill: F32
    counts: int
    width: int

    @classmethod
    def fit(cls, features: Features, least: int = 8) -> Self:
        """Choose columns on training data.

        Fingerprint bits set in fewer than `least` data (fewer for tables below 80 rows: a tenth of them)
        are dropped, and so is every constant or wholly undefined column.
        """
        c = features.counts
        bits, rest = features.x[:, :c], features.x[:, c:]
        least = max(1, min(least, len(features) // 10))
        on = (bits > 0).sum(0)
        keep_bits = (on >= least) & (bits.max(0, initial=0) > bits.min(0, initial=np.inf))
        rest = np.where(np.isfinite(rest), rest, np.nan)
        known = ~np.isnan(rest).all(0)
        fill = np.zeros(features.x.shape[1], np.float32)
        fill[c:][known] = np.nanmedian(rest[:, known], 0) if len(rest) else 0
        filled = np.where(np.isnan(rest), fill[c:], rest)
        varies = filled.max(0, initial=-np.inf) > filled.min(0, initial=np.inf)
        keep = np.flatnonzero(np.concatenate([keep_bits, varies]))
        return cls(keep, fill[keep], int(keep_bits.sum()), features.x.shape[1])

    def apply(self, features: Features) -> Features:
        """Return the kept columns, finite everywhere.

        Raises:
            UserError: when the table has another number of columns than the training data.
        """
        if features.x.shape[1] != self.width:
            raise UserError(f"the data have {features.x.shape[1]} features, the model expects {self.width}")
        x = features.x[:, self.keep]
        return Features(np.where(np.isfinite(x), x, self.fill), self.counts)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`."""
        return {"keep": self.keep, "fill": self.fill, "shape": np.array([self.counts, self.width])}

    @classmethod
    def restore(cls, arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        counts, width = (int(value) for value in arrays["shape"])
        return cls(np.asarray(arrays["keep"], np.int64), np.asarray(arrays["fill"], np.float32), counts, width)


@dataclass(frozen=True, eq=False)
class Scaler:
    """Robust standardisation: `clip((x - centre) / scale, -limit, limit)`.

    The centre is the median and the scale the normal-consistent interquartile range, or the standard
    deviation where more than half of the values agree (counts of rare groups).

    Attributes:
        centre: float32 `[D]`.
        scale: float32 `[D]`, positive.
        limit: bound on the result; RDKit descriptors can be off by tens of orders of magnitude.
    """

    centre: F32
    scale: F32
    limit: float = 5.0

    @classmethod
    def fit(cls, x: F32, limit: float = 5.0) -> Self:
        """Take centre and scale from training rows, float32 `[n, D]` without NaN."""
        low, centre, high = np.quantile(x.astype(np.float64), [0.25, 0.5, 0.75], axis=0)
        scale = (high - low) / 1.349
        spread = x.astype(np.float64).std(0)
        scale = np.where(scale > 1e-6 * (np.abs(centre) + 1e-30), scale, spread)
        scale = np.where(scale > 0, scale, 1.0)
        return cls(centre.astype(np.float32), scale.astype(np.float32), limit)

    def apply(self, x: F32) -> F32:
        """Standardise `x`, `[N, D]`."""
        return np.clip((x - self.centre) / self.scale, -self.limit, self.limit).astype(np.float32)
