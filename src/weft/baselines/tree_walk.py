"""One tree at a time, row by row: scikit-learn's own compiled tree rebuilt from the arrays, or a walk in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from weft.baselines.tree_nodes import F32, Ints, Nodes


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
