"""The comparisons of a forest as bits: which rows are at or below which thresholds.

Comparisons of one feature share one sort of the rows: x <= t holds for the first k of them, and the bits of the first
1, 2, ... rows are made once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from weft.baselines.tree_nodes import F32, Ints, Nodes

Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]

#: Rows whose bits are held in one number.
WORD = 64
#: A feature with fewer thresholds is compared with each of them; one with more is sorted.
_SORTED = 64
_CHUNK = 256


@dataclass(frozen=True, eq=False)
class Compared:
    """The rows at or below each threshold.

    Attributes:
        bits: uint64 `[P, N / 64]`.
        place: int64 `[C]`, where in `bits` those of each comparison are; several may share them.
    """

    bits: Words
    place: Ints

    def take(self, comparison: Ints) -> Words:
        """Return the bits of some comparisons."""
        return self.bits.take(self.place.take(comparison), 0)


@dataclass(frozen=True, eq=False)
class Comparisons:
    """The different comparisons `x[feature] <= number` of a forest, sorted by feature, then number.

    Attributes:
        feature: int64 `[C]`.
        number: float32 `[C]`.
    """

    feature: Ints
    number: F32

    @classmethod
    def of(cls, nodes: Nodes) -> tuple[Self, Ints]:
        """Return the comparisons of `M` nodes, and the place of each node's among them, int64 `[M]`, -1 at leaves."""
        split = np.flatnonzero(nodes.feature >= 0)
        order = split[np.lexsort((nodes.number[split], nodes.feature[split]))]
        feature, number = nodes.feature[order].astype(np.int64), nodes.number[order]
        first, number_of = _different(feature, number)
        place = np.full(len(nodes), -1, np.int64)
        place[order] = number_of
        return cls(feature[first], number[first]), place

    def __call__(self, x: F32) -> Compared:
        """Compare all rows of `x` `[N, D]`, N a multiple of 64."""
        whole = (x == np.rint(x)).all(0)  # a count at or below t is at or below t's whole part: few are different
        number = np.where(whole[self.feature], np.floor(self.number), self.number)
        first, place = _different(self.feature, number)
        feature, number = self.feature[first], number[first]
        _, start, count = np.unique(feature, return_index=True, return_counts=True)
        many = count >= _SORTED
        few = np.flatnonzero(np.repeat(~many, count))
        at = np.empty(len(feature), np.int64)
        at[few] = np.arange(len(few))
        bits = np.zeros((len(few) + int(many.sum()) * (len(x) + 1), len(x) // 8), np.uint8)
        for chunk in np.array_split(few, max(1, len(few) // _CHUNK)):
            bits[at[chunk]] = np.packbits(x.T[feature[chunk]] <= number[chunk, None], axis=1)
        below = bits[len(few) :].reshape(-1, len(x) + 1, len(x) // 8)
        for k, (begin, size) in enumerate(zip(start[many].tolist(), count[many].tolist(), strict=True)):
            part = slice(begin, begin + size)
            at[part] = len(few) + k * (len(x) + 1) + _sorted(x[:, feature[begin]], number[part], below[k])
        return Compared(bits.view(np.uint64), at[place])


def _different(feature: Ints, number: F32) -> tuple[Ints, Ints]:
    """Return the first place of each different pair of sorted pairs, and which of them every pair is."""
    new = np.ones(len(feature), bool)
    new[1:] = (feature[1:] != feature[:-1]) | (number[1:] != number[:-1])
    return np.flatnonzero(new), np.cumsum(new) - 1


def _sorted(column: F32, number: F32, below: Bytes) -> Ints:
    """Write the bits of the first 0, 1, ... N rows in order of values; return how many are at or below `number`."""
    order = np.argsort(column, kind="stable")
    n = len(column)
    below[1 + np.arange(n), order // 8] = 128 >> (order % 8)  # np.packbits puts the first row highest
    np.bitwise_or.accumulate(below, axis=0, out=below)
    return np.searchsorted(column[order], number, "right")
