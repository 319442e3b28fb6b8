"""Many rows down many trees at once, a bit per row.

Every node of a tree holds one bit per row: whether the row comes by. A child's bits are its parent's and those of the
parent's comparison, so one instruction moves 64 rows and nothing branches. A leaf's number is then read off in planes:
bit b of it is the union of the leaves that have bit b set. Leaves are numbered from left to right, so that most of
such a union is whole subtrees, whose bits are already there.

QuickScorer (Lucchese et al. 2015) holds a bit per leaf where this holds one per row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from weft.baselines.tree_comparisons import WORD, Compared, Comparisons
from weft.baselines.tree_nodes import F32, Floats, Ints, Nodes

#: Nodes whose bits are held at once: for 1024 rows 1 MB.
_NODES = 2**13
#: Larger trees are quicker walked: most of their nodes are passed by a few rows.
_MOST_NODES = 1000
_MOST_PLANES = 16


@dataclass(frozen=True, eq=False)
class _Level:
    """Splits at one depth: the places of their bits, their comparisons, and the place of the first child.

    The left children lie from `children` on in the order of their parents, the right ones behind them.
    """

    place: Ints
    comparison: Ints
    children: int

    @property
    def left(self) -> slice:
        return slice(self.children, self.children + len(self.place))

    @property
    def right(self) -> slice:
        return slice(self.children + len(self.place), self.children + 2 * len(self.place))


@dataclass(frozen=True, eq=False)
class _Group:
    """Some trees of a forest, level by level.

    Attributes:
        trees: how many.
        size: their nodes.
        levels: from the roots down; the roots' bits lie first.
        planes: of the largest tree's leaf number.
        joined: places whose bits are united, plane by plane of tree by tree.
        kept: which planes of `trees x planes` have any, and `first` in `joined`.
        first: see above.
        answer: float64, of all leaves, tree after tree.
        start: int64 `[trees, 1]`, each tree's first leaf in `answer`.
    """

    trees: int
    size: int
    levels: list[_Level]
    planes: int
    joined: Ints
    kept: Ints
    first: Ints
    answer: Floats
    start: Ints

    def answers(self, compared: Compared) -> Floats:
        """Return what each tree says of each row, float64 `[trees, N]`, from what is at or below each threshold."""
        words = compared.bits.shape[1]
        bits = np.empty((self.size, words), np.uint64)
        bits[: self.trees] = ~np.uint64(0)
        for level in self.levels:
            parent, left = bits.take(level.place, 0), bits[level.left]
            np.bitwise_and(parent, compared.take(level.comparison), out=left)
            np.bitwise_xor(parent, left, out=bits[level.right])
        planes = np.zeros((self.trees * self.planes, words), np.uint64)
        if len(self.kept):
            planes[self.kept] = np.bitwise_or.reduceat(bits.take(self.joined, 0), self.first, axis=0)
        each = np.unpackbits(planes.view(np.uint8), axis=1).reshape(self.trees, self.planes, words * WORD)
        leaf = each[:, 0].astype(np.uint16)
        for plane in range(1, self.planes):
            leaf |= each[:, plane].astype(np.uint16) << plane
        return self.answer.take(self.start + leaf)


class BitForest:
    """Trees end to end, ready for many rows.

    Args:
        nodes: of all trees.
        start: int64 `[R + 1]`, first node of each tree.
    """

    def __init__(self, nodes: Nodes, start: Ints) -> None:
        self.comparisons, place = Comparisons.of(nodes)
        groups = (start[:-1] - start[0]) // _NODES  # trees of a group begin within the same stretch of nodes
        parts = np.split(np.arange(len(start) - 1), np.flatnonzero(np.diff(groups)) + 1)
        self.groups = [_group(nodes, start[part], place) for part in parts]

    @staticmethod
    def suits(nodes: Nodes, start: Ints) -> bool:
        """Tell whether trees are small enough to be quicker this way."""
        sizes = np.diff(start)
        return len(sizes) > 0 and len(nodes) <= _MOST_NODES * len(sizes) and int(sizes.max()) < 2**_MOST_PLANES

    def answers(self, x: F32) -> Iterator[tuple[int, Floats]]:
        """Yield the first tree of a group and what its trees say of all rows, float64 `[R', N]`.

        Args:
            x: float32 `[N, D]` without NaN.
        """
        rows = len(x)
        wide = np.zeros((-(-rows // WORD) * WORD, x.shape[1]), np.float32, order="F")
        wide[:rows] = x
        compared, first = self.comparisons(wide), 0
        for group in self.groups:
            yield first, group.answers(compared)[:, :rows]
            first += group.trees


def _group(nodes: Nodes, roots: Ints, comparison: Ints) -> _Group:
    """Lay out the trees that begin at the nodes `roots`."""
    node, tree = roots.copy(), np.arange(len(roots))
    place, size = tree.copy(), len(roots)
    levels: list[_Level] = []
    all_nodes, all_trees, parents = [node], [tree], [np.full(len(roots), -1)]
    while True:
        split = nodes.feature[node] >= 0
        node, tree, place = node[split], tree[split], place[split]
        if not len(node):
            break
        levels.append(_Level(place, comparison[node], size))
        parents.append(np.concatenate([place, place]))
        root = roots[tree]
        node, tree = np.concatenate([root + nodes.left[node], root + nodes.right[node]]), np.concatenate([tree, tree])
        place, size = np.arange(size, size + len(node)), size + len(node)
        all_nodes.append(node)
        all_trees.append(tree)
    return _numbered(nodes, levels, *(np.concatenate(part) for part in (all_nodes, all_trees, parents)))


def _numbered(nodes: Nodes, levels: list[_Level], node: Ints, tree: Ints, parent: Ints) -> _Group:
    """Number the leaves of each tree from left to right and find whose bits make the planes of their numbers."""
    trees = int((parent < 0).sum())
    leaf = nodes.feature[node] < 0
    leaves, low = leaf.astype(np.int64), np.zeros(len(node), np.int64)
    for level in reversed(levels):
        leaves[level.place] = leaves[level.left] + leaves[level.right]
    for level in levels:
        low[level.left] = low[level.place]
        low[level.right] = low[level.place] + leaves[level.left]
    high = low + leaves - 1
    planes = max(1, int(leaves[:trees].max() - 1).bit_length())
    joined, plane_of = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for plane in range(planes):
        same = low >> plane == high >> plane  # all leaves below share the bit: the topmost such node stands for them
        top = np.flatnonzero(same & (low >> plane & 1 > 0) & ~same[parent])
        joined, plane_of = np.append(joined, top), np.append(plane_of, tree[top] * planes + plane)
    order = np.argsort(plane_of, kind="stable")
    kept, first = np.unique(plane_of[order], return_index=True)
    start = np.cumsum(leaves[:trees]) - leaves[:trees]
    answer = np.zeros(int(leaf.sum()))
    answer[start[tree[leaf]] + low[leaf]] = nodes.number[node[leaf]]
    return _Group(trees, len(node), levels, planes, joined[order], kept, first, answer, start[:, None])
