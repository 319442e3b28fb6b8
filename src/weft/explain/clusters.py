"""Which things hang together: hierarchical clustering of a matrix of influences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from weft.labels import Floats

#: More clusters than this say little.
_MOST = 8


def clusters_of(influence: Floats) -> tuple[list[list[int]], list[int]]:
    """Group things that move each other, and order them so that neighbours do.

    Average linkage on 1 - the mean of both directions, scaled by the largest, with optimal leaf order (Bar-Joseph et
    al. 2001). As many clusters as have the largest mean silhouette (Rousseeuw 1987), two to eight; one when no two
    things move each other.

    Args:
        influence: float64 `[T, T]`, NaN where there is none.

    Returns:
        the members of each cluster, the largest first and by their order; and the order of all.
    """
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
    from scipy.spatial.distance import squareform

    n = len(influence)
    both = np.nan_to_num((influence + influence.T) / 2)
    if n < 3 or not both.any():
        return [list(range(n))] if n else [], list(range(n))
    distance = 1 - both / both.max()
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    order = [int(k) for k in leaves_list(tree)]
    cuts = [fcluster(tree, k, "maxclust") for k in range(2, min(_MOST, n - 1) + 1)]
    label = max(cuts, key=lambda cut: _silhouette(distance, cut))
    groups = [[k for k in order if label[k] == name] for name in np.unique(label)]
    return sorted(groups, key=lambda group: (-len(group), group[0])), order


def _silhouette(distance: Floats, label: NDArray[np.int64]) -> float:
    """Return the mean over things of (b - a) / max(a, b): how much nearer their own cluster is than the next."""
    names = np.unique(label)
    if len(names) < 2:
        return -1.0
    member = (label[:, None] == names).astype(np.float64)
    size = member.sum(0)
    total = distance @ member
    own = member.astype(bool)
    inside = total[own] / np.maximum(size[own.argmax(1)] - 1, 1)
    outside = np.where(own, np.inf, total / size).min(1)
    score = np.where(size[own.argmax(1)] > 1, (outside - inside) / np.maximum(np.maximum(inside, outside), 1e-12), 0.0)
    return float(score.mean())
