"""Trees as flat arrays: saved without pickle, walked at the speed of C.

A `Forest` holds the trees of many output columns end to end. scikit-learn's own compiled tree is rebuilt from
the arrays to walk them; where its layout has changed, a NumPy walk gives the same leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays

F32 = NDArray[np.float32]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_BLOCK = 512
#: So few rows go down all trees at once; more go tree by tree, where calling one costs less than what it does.
_FEW = 32


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


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees end to end.

    Attributes:
        nodes: of all trees.
        start: int64 `[R + 1]`, first node of each tree.
        column: int64 `[R]`, output column that a tree speaks for.
        n_columns: number of output columns, `L`.
    """

    nodes: Nodes
    start: Ints
    column: Ints
    n_columns: int
    _compiled: dict[int, Any] = field(default_factory=dict[int, Any], repr=False)

    @classmethod
    def of(cls, trees: Sequence[Nodes], column: Iterable[int], n_columns: int) -> Self:
        """Lay trees end to end; `column` names the output column of each."""
        start = np.cumsum([0, *(len(tree) for tree in trees)])
        return cls(Nodes.join(trees), start, np.array(list(column), np.int64), n_columns)

    def __len__(self) -> int:
        """Return the number of trees, `R`."""
        return len(self.column)

    def tree(self, at: int) -> Nodes:
        """Return one tree."""
        return self.nodes.part(int(self.start[at]), int(self.start[at + 1]))

    def answers(self, x: F32, at: int) -> Floats:
        """Return what tree `at` says of each row of `x` `[N, D]`, float64 `[N]`."""
        fast = self._walker(at, x.shape[1])
        leaf = walk(self.tree(at), x) if fast is None else fast.apply(x)
        return self.nodes.number[self.start[at] + leaf].astype(np.float64)

    def _walker(self, at: int, width: int) -> Any:
        if at not in self._compiled:
            self._compiled[at] = compiled(self.tree(at), width)
        return self._compiled[at]

    def moments(self, x: F32) -> tuple[Floats, Floats]:
        """Return the sum, and the sum of squares, of the answers of each column's trees, `[N, L]` both.

        Blocks of rows go to as many threads as torch is given; no sum depends on how many those are.
        """
        if len(x) <= _FEW:
            total = np.zeros((len(x), self.n_columns))
            square = np.zeros_like(total)
            self._add_few(np.ascontiguousarray(x, np.float32), total, square)
            return total, square
        for at in range(len(self)):
            self._walker(at, x.shape[1])
        blocks = [x[first : first + _BLOCK] for first in range(0, len(x), _BLOCK)]
        with ThreadPoolExecutor(max(1, min(len(blocks), _threads()))) as pool:
            sums = list(pool.map(self._sums, blocks))
        total, square = (np.concatenate([part[at] for part in sums], 1).T.copy() for at in (0, 1))
        return total, square

    def _sums(self, x: F32) -> tuple[Floats, Floats]:
        """Return the moments of a block of rows, which stays in the cache while all trees pass over it, `[L, N]`."""
        x = np.ascontiguousarray(x, np.float32)
        total, square = np.zeros((self.n_columns, len(x))), np.zeros((self.n_columns, len(x)))
        for at, column in enumerate(self.column.tolist()):
            answer = self.answers(x, at)
            total[column] += answer
            answer *= answer
            square[column] += answer
        return total, square

    def _add_few(self, x: F32, total: Floats, square: Floats) -> None:
        """Add what all trees say of a few rows, tree after tree as the long way does: sums are equal bit for bit."""
        answer = self.nodes.number[self._leaves(x)].astype(np.float64)
        for column in np.unique(self.column):
            part = answer[:, self.column == column]
            total[:, column], square[:, column] = part.cumsum(1)[:, -1], (part * part).cumsum(1)[:, -1]

    def _leaves(self, x: F32) -> Ints:
        """Walk all rows of `x` `[N, D]` down all trees together; return their leaves' places `[N, R]`."""
        nodes, root = self.nodes, np.tile(self.start[:-1], len(x))
        row = np.repeat(np.arange(len(x)), len(self))
        node, going = root.copy(), np.flatnonzero(nodes.feature[root] >= 0)
        while going.size:
            at = node[going]
            value = x[row[going], nodes.feature[at]]
            left = np.where(np.isnan(value), nodes.nan_left[at], value <= nodes.number[at])
            node[going] = root[going] + np.where(left, nodes.left[at], nodes.right[at])
            going = going[nodes.feature[node[going]] >= 0]
        return node.reshape(len(x), len(self))

    def only(self, first: int, stop: int) -> Forest:
        """Return the trees of the columns from `first` up to `stop`, which become columns 0, 1, ..."""
        key = -1 - (first * self.n_columns + stop)  # compiled trees are kept from call to call
        if key not in self._compiled:
            at = np.flatnonzero((self.column >= first) & (self.column < stop))
            self._compiled[key] = Forest.of([self.tree(int(i)) for i in at], self.column[at] - first, stop - first)
        return self._compiled[key]

    def counts(self) -> Ints:
        """Return the number of trees of each column, `[L]`."""
        return np.bincount(self.column, minlength=self.n_columns)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`: 10 bytes a node where features and trees are small enough."""
        nodes = self.nodes
        arrays: dict[str, NDArray[Any]] = {
            "feature": _narrow(nodes.feature),
            "number": nodes.number,
            "left": _narrow(nodes.left),
            "right": _narrow(nodes.right),
            "start": self.start,
            "column": self.column,
            "n_columns": np.array([self.n_columns]),
        }
        return {**arrays, "nan_left": nodes.nan_left} if nodes.nan_left.any() else arrays

    @classmethod
    def restore(cls, arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        feature, left, right = (np.asarray(arrays[name], np.int32) for name in ("feature", "left", "right"))
        nan_left = np.asarray(arrays.get("nan_left", np.zeros(len(feature), bool)), bool)
        nodes = Nodes(feature, np.asarray(arrays["number"], np.float32), left, right, nan_left)
        start, column = np.asarray(arrays["start"], np.int64), np.asarray(arrays["column"], np.int64)
        return cls(nodes, start, column, int(arrays["n_columns"][0]))


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def _narrow(numbers: NDArray[np.int32]) -> NDArray[Any]:
    return numbers.astype(np.int16) if not numbers.size or numbers.max() < 2**15 else numbers


def walk(tree: Nodes, x: F32) -> Ints:
    """Walk all rows of `x` `[N, D]` down a tree, level by level; return their leaves `[N]`."""
    node = np.zeros(len(x), np.int64)
    row = np.flatnonzero(tree.feature[node] >= 0)
    while row.size:
        at = node[row]
        value = x[row, tree.feature[at]]
        left = np.where(np.isnan(value), tree.nan_left[at], value <= tree.number[at])
        node[row] = np.where(left, tree.left[at], tree.right[at])
        row = row[tree.feature[node[row]] >= 0]
    return node


def compiled(tree: Nodes, width: int) -> Any:
    """Rebuild scikit-learn's compiled tree over `width` features, or return None where its layout is another."""
    try:
        import sklearn.tree._tree as sk

        library: Any = sk
        leaf = tree.feature < 0
        nodes: Any = np.zeros(len(tree), library.NODE_DTYPE)
        nodes["left_child"], nodes["right_child"] = tree.left, tree.right
        nodes["feature"] = np.where(leaf, -2, tree.feature)
        nodes["threshold"], nodes["missing_go_to_left"] = tree.number, tree.nan_left
        fast = library.Tree(width, np.ones(1, np.intp), 1)
        values = np.zeros((len(tree), 1, 1))
        fast.__setstate__({"max_depth": len(tree), "node_count": len(tree), "nodes": nodes, "values": values})
    except (ImportError, AttributeError, ValueError, TypeError, KeyError):
        return None
    return fast
