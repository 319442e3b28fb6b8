"""Trees as flat arrays: saved without pickle, predicted at the speed of C.

A `Forest` holds the trees of many output columns end to end. scikit-learn's own compiled tree is rebuilt from
the arrays to walk them; where its layout has changed, a NumPy walk gives the same leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Arrays = Mapping[str, NDArray[Any]]

_FIELDS = ("feature", "threshold", "left", "right", "nan_left", "value", "start", "column")
_TYPES = (np.int32, np.float32, np.int32, np.int32, bool, np.float32)
_BLOCK = 512


@dataclass(frozen=True, eq=False)
class TreeArrays:
    """One binary tree; a datum goes left at a node when `x[feature] <= threshold`, and when NaN if `nan_left`.

    Attributes:
        feature: int32 `[M]`, -1 at a leaf; node 0 is the root.
        threshold: float32 `[M]`.
        left: int32 `[M]`, a node of this tree, -1 at a leaf.
        right: int32 `[M]`.
        nan_left: bool `[M]`.
        value: float32 `[M]`, the answer at a leaf.
    """

    feature: NDArray[np.int32]
    threshold: F32
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    nan_left: NDArray[np.bool_]
    value: F32


def round_down(threshold: NDArray[np.float64]) -> F32:
    """Return the largest float32 not above each threshold: float32 data compare with it as with the float64."""
    low = threshold.astype(np.float32)
    return np.where(low > threshold, np.nextafter(low, np.float32(-np.inf)), low)


def from_sklearn(tree: Any) -> TreeArrays:
    """Take the arrays of a fitted scikit-learn `Tree` of one output."""
    nodes = tree.__getstate__()["nodes"]
    leaf = tree.children_left < 0
    return TreeArrays(
        np.where(leaf, -1, tree.feature).astype(np.int32),
        np.where(leaf, 0, round_down(tree.threshold)).astype(np.float32),
        tree.children_left.astype(np.int32),
        tree.children_right.astype(np.int32),
        nodes["missing_go_to_left"].astype(bool),
        tree.value[:, 0, 0].astype(np.float32),
    )


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees end to end.

    Attributes:
        feature, threshold, left, right, nan_left, value: as `TreeArrays`, `[M]` over all trees.
        start: int64 `[R + 1]`, first node of each tree.
        column: int64 `[R]`, output column that a tree speaks for.
        n_columns: number of output columns, `L`.
    """

    feature: NDArray[np.int32]
    threshold: F32
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    nan_left: NDArray[np.bool_]
    value: F32
    start: Ints
    column: Ints
    n_columns: int
    _compiled: list[Any] = field(default_factory=list[Any], repr=False)

    @classmethod
    def of(cls, trees: Sequence[TreeArrays], column: Iterable[int], n_columns: int) -> Self:
        """Lay trees end to end; `column` names the output column of each."""
        size = [len(tree.feature) for tree in trees]
        flat = [
            np.concatenate([getattr(tree, name) for tree in trees]) if trees else np.zeros(0, dtype)
            for name, dtype in zip(_FIELDS[:6], _TYPES, strict=True)
        ]
        return cls(*flat, np.cumsum([0, *size]), np.array(list(column), np.int64), n_columns)

    @classmethod
    def join(cls, forests: Sequence[Forest]) -> Self:
        """Lay forests of the same output columns end to end."""
        trees = [forest.tree(i) for forest in forests for i in range(len(forest))]
        column = [int(c) for forest in forests for c in forest.column]
        return cls.of(trees, column, forests[0].n_columns)

    def __len__(self) -> int:
        """Return the number of trees, `R`."""
        return len(self.column)

    def tree(self, at: int) -> TreeArrays:
        """Return one tree."""
        part = slice(int(self.start[at]), int(self.start[at + 1]))
        return TreeArrays(*(getattr(self, name)[part] for name in _FIELDS[:6]))

    def leaves(self, x: F32, at: int) -> Ints:
        """Return the leaf, a node of tree `at`, that each row of `x` `[N, D]` falls into, `[N]`."""
        if not self._compiled:
            self._compiled.extend([None] * len(self))
        if self._compiled[at] is None:
            self._compiled[at] = _compile(self.tree(at), x.shape[1])
        compiled = self._compiled[at]
        return walk(self.tree(at), x) if compiled is False else compiled.apply(x)

    def moments(self, x: F32) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the sum, and the sum of squares, of the answers of each column's trees, `[N, L]` both."""
        total = np.zeros((len(x), self.n_columns))
        square = np.zeros_like(total)
        for first in range(0, len(x), _BLOCK):  # a block of rows stays in the cache while all trees pass over it
            rows = slice(first, first + _BLOCK)
            block = np.ascontiguousarray(x[rows], np.float32)
            for at in range(len(self)):
                answer = self.value[self.start[at] + self.leaves(block, at)].astype(np.float64)
                total[rows, self.column[at]] += answer
                square[rows, self.column[at]] += answer * answer
        return total, square

    def counts(self) -> Ints:
        """Return the number of trees of each column, `[L]`."""
        return np.bincount(self.column, minlength=self.n_columns)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`, features as int16 where they fit."""
        arrays: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in _FIELDS}
        if not len(self.feature) or self.feature.max() < 2**15:
            arrays["feature"] = self.feature.astype(np.int16)
        return {**arrays, "n_columns": np.array([self.n_columns])}

    @classmethod
    def restore(cls, arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        flat: list[NDArray[Any]] = [arrays[name] for name in _FIELDS]
        flat[0] = flat[0].astype(np.int32)
        return cls(*flat, int(arrays["n_columns"][0]))


def walk(tree: TreeArrays, x: F32) -> Ints:
    """Walk all rows of `x` `[N, D]` down a tree, level by level; return their leaves `[N]`."""
    node = np.zeros(len(x), np.int64)
    row = np.arange(len(x)) if tree.feature[0] >= 0 else np.zeros(0, np.int64)
    while row.size:
        at = node[row]
        value = x[row, tree.feature[at]]
        left = np.where(np.isnan(value), tree.nan_left[at], value <= tree.threshold[at])
        node[row] = np.where(left, tree.left[at], tree.right[at])
        row = row[tree.feature[node[row]] >= 0]
    return node


def _compile(tree: TreeArrays, width: int) -> Any:
    """Rebuild scikit-learn's compiled tree from arrays, or return False where its layout is another."""
    try:
        from sklearn.tree import _tree

        nodes = np.zeros(len(tree.feature), _tree.NODE_DTYPE)
        leaf = tree.feature < 0
        nodes["left_child"], nodes["right_child"] = tree.left, tree.right
        nodes["feature"] = np.where(leaf, -2, tree.feature)
        nodes["threshold"], nodes["missing_go_to_left"] = tree.threshold, tree.nan_left
        values = np.zeros((len(nodes), 1, 1))
        compiled = _tree.Tree(width, np.ones(1, np.intp), 1)
        depth = len(nodes)  # an upper bound: apply() does not read it
        compiled.__setstate__({"max_depth": depth, "node_count": len(nodes), "nodes": nodes, "values": values})
    except (ImportError, AttributeError, ValueError, TypeError, KeyError):
        return False
    return compiled
