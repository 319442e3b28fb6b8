"""Some of each node's edges, drawn without replacement; a hub costs no more than its fan-out."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_DENSE = 4
"""Up to this many times the fan-out, edges are ranked by random keys; above, draws are repeated where they meet."""

Words = NDArray[np.uint64]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def draw_edges(start: Tensor, count: Tensor, fanout: int | None, key: int) -> tuple[Tensor, Tensor]:
    """Draw up to `fanout` edges of each node, every subset of that size equally likely.

    What is drawn for a node depends on `key` and the node's place among all edges, and on nothing else: neither on
    which nodes are drawn for beside it nor on the number of threads. Memory is that of at most four times `fanout`
    edges per node, whatever their degrees.

    Args:
        start: first edge of each node, int64 `[n]`; no node twice.
        count: number of edges of each node, int64 `[n]`.
        fanout: most edges of a node; None takes all.
        key: decides what is drawn, from 0 to 2^64 - 1.

    Returns:
        The edges, int64 `[E]`, and the node of each as a position in `start`, ascending, int64 `[E]`. A node's edges
        are in their own order.
    """
    if fanout is None or not (count > fanout).any():
        return _all_edges(start, count)
    whole, dense = count <= fanout, count <= _DENSE * fanout
    places = [mask.nonzero()[:, 0] for mask in (whole, dense & ~whole, ~dense)]
    parts = [
        _all_edges(start[places[0]], count[places[0]]),
        _by_keys(start[places[1]], count[places[1]], fanout, key),
        _by_draws(start[places[2]], count[places[2]], fanout, key),
    ]
    edge = torch.cat([edges for edges, _ in parts])
    node = torch.cat([place[at] for place, (_, at) in zip(places, parts, strict=True)])
    order = torch.argsort(node, stable=True)
    return edge[order], node[order]


def _all_edges(start: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    node = torch.repeat_interleave(count)
    before = (count.cumsum(0) - count)[node]
    return start[node] + torch.arange(len(node)) - before, node


def _by_keys(start: Tensor, count: Tensor, fanout: int, key: int) -> tuple[Tensor, Tensor]:
    """Give every edge a random number and keep each node's `fanout` smallest."""
    edge, node = _all_edges(start, count)
    number = torch.from_numpy((_mix(_words(edge), key) >> np.uint64(33)).astype(np.int64))
    order = torch.argsort(number + (node << 31), stable=True)
    rank = torch.arange(len(edge)) - (count.cumsum(0) - count)[node]  # the sort moves no edge to another node
    kept = order[rank < fanout].sort().values
    return edge[kept], node[kept]


def _by_draws(start: Tensor, count: Tensor, fanout: int, key: int) -> tuple[Tensor, Tensor]:
    """Draw with replacement, then draw again what came twice, until nothing does.

    What is drawn again is decided by position and not by which edge it is, so that no subset is favoured.
    """
    own = _mix(_words(start), key)
    edge = _draw(start[:, None], count[:, None], own[:, None], np.arange(fanout)).sort(1).values
    left, turn = np.arange(len(start)), 0
    while len(left):
        turn += 1
        rows = edge[left]
        again = torch.zeros_like(rows, dtype=torch.bool)
        again[:, 1:] = rows[:, 1:] == rows[:, :-1]
        some = again.any(1)
        left, rows, again = left[some.numpy()], rows[some], again[some]
        row, column = (at.numpy() for at in again.nonzero().T)
        at = left[row]
        rows[again] = _draw(start[at], count[at], own[at], turn * fanout + column)
        edge[left] = rows.sort(1).values
    return edge.flatten(), torch.arange(len(start)).repeat_interleave(fanout)


def _draw(start: Tensor, count: Tensor, own: Words, turn: NDArray[np.int64]) -> Tensor:
    """Return the draw number `turn` of nodes whose random number is `own`."""
    mixed = _scramble(own + turn.astype(np.uint64) * _GOLDEN)
    share = torch.from_numpy((mixed >> np.uint64(11)) * 2.0**-53)
    return start + (share * count).long().clamp(max=count - 1)


def _words(values: Tensor) -> Words:
    return values.numpy().view(np.uint64)


def _mix(values: Words, key: int) -> Words:
    """Return a random number of each value, another for another key."""
    first = _scramble(np.array([key], np.uint64) + _GOLDEN)
    return _scramble(values * _GOLDEN + first)


def _scramble(z: Words) -> Words:
    """Return the output function of SplitMix64 (Steele, Lea and Flood 2014, figure 17)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
