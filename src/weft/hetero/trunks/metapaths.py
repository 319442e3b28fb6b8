"""Meta-paths from a type back to itself: which nodes are joined by them, within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from weft.data.hetero import Ints, Relation
from weft.hetero.topology import Topology, reverse

Path = tuple[Relation, ...]

MOST = 32
"""Of one node in the middle, at most this many senders are taken; of one receiver, at most this many neighbours."""

_KEPT: WeakKeyDictionary[Topology, dict[tuple[str, Path], Tensor]] = WeakKeyDictionary()


def paths_to(kind: str, relations: Sequence[Relation]) -> list[Path]:
    """Return meta-paths from `kind` to `kind`: each relation among the type, and each other followed by its reverse.

    Where there is none, the empty path stands for the node itself.
    """
    inside: list[Path] = [(r,) for r in relations if r.source == r.target == kind]
    there = [r for r in relations if r.source == kind != r.target]
    back = {r: other for r in there for other in relations if reverse(r) == other or reverse(other) == r}
    return [*inside, *((r, back[r]) for r in there if r in back)] or [()]


def neighbours(topology: Topology, kind: str, path: Path) -> Tensor:
    """Return who is joined by a meta-path, each node with itself among them, int64 `[2, E]`; kept per topology.

    A node in the middle with more than `MOST` senders passes on `MOST` of them, drawn by a fixed seed, and a
    receiver keeps the `MOST` neighbours that the most paths join to it: without a bound a hub of degree d alone
    makes d squared pairs.
    """
    kept = _KEPT.setdefault(topology, {})
    if (kind, path) not in kept:
        n = topology.counts[kind]
        pairs = [
            (edges.source.cpu().numpy(), edges.target.cpu().numpy()) for edges in (topology.edges[r] for r in path)
        ]
        source, target = _compose(*pairs) if len(pairs) == 2 else (pairs or [_none()])[0]
        source, target = _strongest(source, target, n)
        both = np.concatenate([[source, target], np.tile(np.arange(n), (2, 1))], 1)
        kept[kind, path] = torch.from_numpy(both).to(topology.device)
    return kept[kind, path]


def _none() -> tuple[Ints, Ints]:
    return np.zeros(0, np.int64), np.zeros(0, np.int64)


def _compose(first: tuple[Ints, Ints], second: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Return one pair (start, end) per path start -> middle -> end, within the bound."""
    start, middle = _thinned(*first)
    count = np.bincount(middle, minlength=int(second[0].max(initial=-1)) + 1)
    begin = np.cumsum(count) - count
    many = count[second[0]]
    inside = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    return start[np.repeat(begin[second[0]], many) + inside], np.repeat(second[1], many)


def _thinned(source: Ints, target: Ints) -> tuple[Ints, Ints]:
    """Return the edges sorted by target, at most `MOST` per target."""
    order = np.lexsort((np.random.default_rng(0).random(len(target)), target))
    rank = _rank(target[order])
    order = order[rank < MOST]
    return source[order], target[order]


def _strongest(source: Ints, target: Ints, n: int) -> tuple[Ints, Ints]:
    """Return each pair of different nodes once, per target the `MOST` that stand there most often."""
    other = source != target
    pair, times = np.unique(target[other] * n + source[other], return_counts=True)
    order = np.lexsort((-times, pair // max(n, 1)))
    target = pair[order] // max(n, 1)
    order = order[_rank(target) < MOST]
    return pair[order] % max(n, 1), pair[order] // max(n, 1)


def _rank(group: Ints) -> Ints:
    """Return each entry's place inside its run of equal, sorted values."""
    start = np.flatnonzero(np.diff(group, prepend=-1))
    return np.arange(len(group)) - np.repeat(start, np.diff(start, append=len(group)))
