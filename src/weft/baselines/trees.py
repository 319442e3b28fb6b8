"""A forest as flat arrays: what all its trees say of many rows.

A `Forest` holds the trees of many output columns end to end. Small trees are asked all together, a bit per row
(`tree_bits`); large ones one after the other, at the speed of scikit-learn's compiled tree (`tree_walk`). Where its
layout has changed, a NumPy walk gives the same leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays
from weft.baselines.blocks import even, in_threads
from weft.baselines.tree_bits import BitForest
from weft.baselines.tree_nodes import F32, Floats, Ints, Nodes
from weft.baselines.tree_walk import compiled, walk

#: Rows that pass all trees together: their bits, or columns, stay in the cache.
_BLOCK = 1024
#: So few rows go down all trees at once; more go tree by tree, where calling one costs less than what it does.
_FEW = 32


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
    _made: dict[object, Any] = field(default_factory=dict[object, Any], repr=False)

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
        if at not in self._made:
            self._made[at] = compiled(self.tree(at), width)
        return self._made[at]

    def sums(self, x: F32) -> Floats:
        """Return the sum of the answers of each column's trees, float64 `[N, L]`."""
        return self._moments(x, 1)[0]

    def moments(self, x: F32) -> tuple[Floats, Floats]:
        """Return the sum, and the sum of squares, of the answers of each column's trees, `[N, L]` both.

        Blocks of rows go to as many threads as torch is given; no sum depends on how many those are.
        """
        total, square = self._moments(x, 2)
        return total, square

    def _moments(self, x: F32, count: int) -> Sequence[Floats]:
        if len(x) <= _FEW:
            return self._few(np.ascontiguousarray(x, np.float32), count)
        answers = self._in_bits if BitForest.suits(self.nodes, self.start) and not np.isnan(x).any() else self._walked
        answers(x[:1])  # what threads share is made before they start
        sums = in_threads(
            even(len(x), _BLOCK), lambda part: self._sums(answers(x[part]), part.stop - part.start, count)
        )
        return [np.concatenate([part[at] for part in sums], 1).T.copy() for at in range(count)]

    def _sums(self, answers: Iterator[tuple[int, Floats]], rows: int, count: int) -> list[Floats]:
        """Add up the answers, tree after tree, and their squares if `count` is 2, `[L, N]` each."""
        sums = [np.zeros((self.n_columns, rows)) for _ in range(count)]
        for first, said in answers:
            for column, answer in zip(self.column[first : first + len(said)].tolist(), said, strict=True):
                sums[0][column] += answer
                if count > 1:
                    sums[1][column] += answer * answer
        return sums

    def _in_bits(self, x: F32) -> Iterator[tuple[int, Floats]]:
        if "bits" not in self._made:
            self._made["bits"] = BitForest(self.nodes, self.start)
        return self._made["bits"].answers(x)

    def _walked(self, x: F32) -> Iterator[tuple[int, Floats]]:
        for at in range(len(self)):
            self._walker(at, x.shape[1])
        columns = np.asfortranarray(x, np.float32)  # a tree reads few of them, each for many rows
        return ((at, self.answers(columns, at)[None]) for at in range(len(self)))

    def _few(self, x: F32, count: int) -> list[Floats]:
        """Add up what all trees say of a few rows, tree after tree as the long way does: equal bit for bit."""
        sums = [np.zeros((len(x), self.n_columns)) for _ in range(count)]
        answer = self.nodes.number[self._leaves(x)].astype(np.float64)
        for column in np.unique(self.column):
            part = answer[:, self.column == column]
            for power, total in enumerate(sums):
                total[:, column] = (part * part if power else part).cumsum(1)[:, -1]
        return sums

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
        key = (first, stop)  # kept, as what is made for it, from call to call
        if key not in self._made:
            at = np.flatnonzero((self.column >= first) & (self.column < stop))
            self._made[key] = Forest.of([self.tree(int(i)) for i in at], self.column[at] - first, stop - first)
        return self._made[key]

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


def _narrow(numbers: NDArray[np.int32]) -> NDArray[Any]:
    return numbers.astype(np.int16) if not numbers.size or numbers.max() < 2**15 else numbers
