"""Nodes of trees as flat arrays: saved without pickle, whatever grew them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Nodes:
    """Nodes of one tree, or of several end to end.

    A datum goes left at a node when `x[feature] <= number`, and when `x[feature]` is NaN if `nan_left`.

    Attributes:
        feature: int32 `[M]`, -1 at a leaf; a tree's first node is its root.
        number: float32 `[M]`, the threshold of a split, the answer of a leaf.
        left: int32 `[M]`, counted from the tree's root; -1 at a leaf.
        right: int32 `[M]`.
        nan_left: bool `[M]`.
    """

    feature: NDArray[np.int32]
    number: F32
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    nan_left: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.feature)

    def part(self, first: int, stop: int) -> Nodes:
        """Return the nodes from `first` up to `stop`."""
        at = slice(first, stop)
        return Nodes(self.feature[at], self.number[at], self.left[at], self.right[at], self.nan_left[at])

    @staticmethod
    def join(parts: Sequence[Nodes]) -> Nodes:
        """Lay the nodes of trees end to end."""
        if not parts:
            none = np.zeros(0, np.int32)
            return Nodes(none, np.zeros(0, np.float32), none, none, np.zeros(0, bool))
        return Nodes(
            np.concatenate([part.feature for part in parts]),
            np.concatenate([part.number for part in parts]),
            np.concatenate([part.left for part in parts]),
            np.concatenate([part.right for part in parts]),
            np.concatenate([part.nan_left for part in parts]),
        )


def round_down(threshold: Floats) -> F32:
    """Return the largest float32 not above each threshold: float32 data compare with it as with the float64."""
    low = threshold.astype(np.float32)
    return np.where(low > threshold, np.nextafter(low, np.float32(-np.inf)), low)


def from_sklearn(tree: Any) -> Nodes:
    """Take the nodes of a fitted scikit-learn `Tree` of one output."""
    leaf = tree.children_left < 0
    return Nodes(
        np.where(leaf, -1, tree.feature).astype(np.int32),
        np.where(leaf, tree.value[:, 0, 0].astype(np.float32), round_down(tree.threshold)),
        tree.children_left.astype(np.int32),
        tree.children_right.astype(np.int32),
        tree.__getstate__()["nodes"]["missing_go_to_left"].astype(bool),
    )
