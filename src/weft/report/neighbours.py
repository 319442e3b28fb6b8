"""How near data are to what the model was trained on: Tanimoto similarity of molecules, edges of nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from weft.labels import Floats, Ints

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.hetero import HeteroGraph

_BLOCK = 2048
#: Pairs of molecules that may be compared: some seconds.
_PAIRS = 5e7
_LEAST = 500
#: Edges that are counted at once.
_EDGES = 4_000_000


@dataclass(frozen=True, eq=False)
class Nearest:
    """The most similar training datum of each of some data.

    Attributes:
        at: positions of those data among the scored ones, int64 `[m]`; all of them unless there are very many.
        similarity: float64 `[m]`, from 0 to 1.
        row: the training datum, int64 `[m]`, a row of the whole data.
    """

    at: Ints
    similarity: Floats
    row: Ints


def nearest(data: Data, rows: Ints, train: Ints, seed: int = 0) -> Nearest | None:
    """Find the training molecule most like each of `rows`; None without any of either.

    Tanimoto similarity of Morgan fingerprints of radius 2, 2048 bits (Rogers and Hahn 2010).

    Args:
        data: `N` molecules.
        rows: which to look up.
        train: where to look.
        seed: of the choice among very many.
    """
    train = train[data.ok[train]]
    if not len(rows) or not len(train):
        return None
    at = np.arange(len(rows))
    most = int(max(_LEAST, _PAIRS / len(train)))
    if len(rows) > most:
        at = np.sort(np.random.default_rng(seed).choice(len(rows), most, replace=False))
    own = _bits(data, rows[at])
    size = own.sum(1)
    best, who = np.full(len(at), -1.0), np.zeros(len(at), np.int64)
    for start in range(0, len(train), _BLOCK):
        part = train[start : start + _BLOCK]
        other = _bits(data, part)
        common = own @ other.T
        union = size[:, None] + other.sum(1)[None] - common
        similar = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
        first = similar.argmax(1)
        value = similar[np.arange(len(at)), first]
        better = value > best
        best[better], who[better] = value[better], part[first[better]]
    return Nearest(at, best.astype(np.float64), who)


def _bits(data: Data, rows: Ints) -> NDArray[np.float32]:
    return (data.take(rows).dense("morgan") > 0).astype(np.float32)


def degrees(graph: HeteroGraph) -> Ints:
    """Return how many edges every node has, all relations together, int64 `[N]`."""
    count = np.zeros(len(graph), np.int64)
    for relation, edge in graph.edges.items():
        for side, kind in ((edge[0], relation.source), (edge[1], relation.target)):
            own = count[graph.offset[kind] : graph.offset[kind] + graph.nodes[kind].n]
            for first in range(0, len(side), _EDGES):
                own += np.bincount(side[first : first + _EDGES], minlength=len(own))
    return count
