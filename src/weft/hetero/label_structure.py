"""Labels as structure: what the known labels around a node say of it, its own label never among them.

MetaLink (arXiv 2303.07666) predicts a label edge from the other label edges of the knowledge graph. On a
heterogeneous graph the labelled nodes one or two relations away are such edges: their labels, counted per path,
reach a node's prediction at its head. A label that is asked never takes part: of a path that returns to its own
type every node's own contribution is taken out, exactly, before anything else is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.data.hetero import HeteroGraph
from weft.hetero.families import Family, Scale, targets
from weft.hetero.paths import Path, paths_into
from weft.labels import LabelTable

Floats = NDArray[Any]

#: Sums are made in float64 and rounded, so that a label taken out of one leaves no trace in the last bits.
_DIGITS = 5


@dataclass(frozen=True, eq=False)
class LabelView:
    """What the labels around say of the nodes of one type.

    Attributes:
        names: of each column: the path and the family that it speaks of.
        columns: float32 `[n, S]`.
    """

    names: tuple[tuple[str, str], ...]
    columns: Floats


def label_views(
    graph: HeteroGraph, known: LabelTable, families: Sequence[Family], scale: Scale, kinds: Sequence[str]
) -> dict[str, LabelView]:
    """Return the label structure of every node of the types `kinds`.

    Per path and family the columns are, for classes c: the share of c among the labels at the other ends,
    `sum / (n + 1)`; the mean of the middle nodes' own shares, so that a hub in the middle counts once; the log of
    1 + the sum; and `log(1 + n)`.

    Args:
        graph: the graph; its own labels are not read.
        known: labels that may be seen.
        families: of the tasks of `known`.
        scale: of regression columns.
        kinds: types to look from.
    """
    dense = {f.name: dense_labels(graph, known, f, scale) for f in families}
    return {kind: _view(graph, kind, families, dense) for kind in kinds}


def dense_labels(graph: HeteroGraph, known: LabelTable, family: Family, scale: Scale) -> tuple[Floats, Floats]:
    """Return values and 0/1 marks of a family over all nodes of its type, `[n, C]`."""
    n = graph.nodes[family.node_type].n
    found = targets(known, family, graph.offset[family.node_type], scale)
    value, mark = np.zeros((n, family.width)), np.zeros((n, family.width))
    value[found.row], mark[found.row] = found.value, found.known
    return value, mark


def _view(
    graph: HeteroGraph, kind: str, families: Sequence[Family], dense: Mapping[str, tuple[Floats, Floats]]
) -> LabelView:
    names: list[tuple[str, str]] = []
    columns: list[Floats] = [np.zeros((graph.nodes[kind].n, 0))]
    for path in paths_into(graph, kind):
        for family in families:
            if family.node_type == path.source:
                found = np.hstack(path_columns(path, *dense[family.name]))
                names += [(path.name, family.name)] * found.shape[1]
                columns.append(found)
    return LabelView(tuple(names), np.hstack(columns).astype(np.float32))


def path_columns(path: Path, value: Floats, mark: Floats) -> list[Floats]:
    """Return the columns of one path: shares `[n, C]`, of two relations also hub-free ones, log counts `[n, 1]`."""
    if path.second is None:
        total, count = path.first @ value, path.first @ mark
        return [_share(total, count), _log(total), _log(count.max(1, keepdims=True))]
    at_middle, count_middle = path.second @ value, path.second @ mark
    total, count = path.first @ at_middle, path.first @ count_middle
    if not path.returns:
        shares = path.first @ _share(at_middle, count_middle)
        middles = path.first @ (count_middle > 0).astype(float)
        return [_share(total, count), _share(shares, middles), _log(total), _log(count.max(1, keepdims=True))]
    ways = _own_ways(path)[:, None]
    total, count = total - ways * value, count - ways * mark
    hub_free = _hub_free(path, value, mark, at_middle, count_middle)
    return [_share(total, count), hub_free, _log(total), _log(count.max(1, keepdims=True))]


def _own_ways(path: Path) -> Floats:
    """Return the number of ways from each node back to itself, `[n]`."""
    return np.asarray(path.first.multiply(path.second.T.tocsr()).sum(1), np.float64).ravel()


def _hub_free(path: Path, value: Floats, mark: Floats, at_middle: Floats, count_middle: Floats) -> Floats:
    """Return the mean over middle nodes of their label shares, the node's own label taken out of each.

    A labelled node v takes itself out of every middle it reaches; `own` holds those middles, for paths whose
    second relation is not the first one's reverse they are fewer than `first`'s.
    """
    own = path.first.multiply(path.second.T.tocsr()).tocsr()
    other = (path.first - own).tocsr()
    known = mark > 0
    inverse = _inverse(count_middle)
    without = _inverse(count_middle - 1)
    plain = own @ (at_middle * inverse)
    less = own @ (at_middle * without) - value * (own @ without)
    shares = other @ (at_middle * inverse) + np.where(known, less, plain)
    present = (count_middle > 0).astype(float)
    beyond = (count_middle > 1).astype(float)
    middles = other @ present + np.where(known, own @ beyond, own @ present)
    return _share(shares, middles)


def _inverse(count: Floats) -> Floats:
    return np.where(count > 0.5, 1 / np.maximum(count, 1), 0)


def _share(total: Floats, count: Floats) -> Floats:
    return np.round(total / (count + 1), _DIGITS)


def _log(count: Any) -> Floats:
    return np.round(np.sign(count) * np.log1p(np.abs(count)), _DIGITS)
