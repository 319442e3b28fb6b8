"""Some of each node's edges, drawn without replacement; a hub costs no more than its fan-out."""

from __future__ import annotations

import torch
from torch import Tensor

_DENSE = 4
"""Up to this many times the fan-out, edges are ranked by random keys; above, draws are repeated where they meet."""


def draw_edges(start: Tensor, count: Tensor, fanout: int | None, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw up to `fanout` edges of each node, every subset of that size equally likely.

    Memory is that of at most four times `fanout` edges per node, whatever their degrees. The order of threads does
    not matter: all numbers come from `generator`, in one order.

    Args:
        start: first edge of each node, int64 `[n]`; no node twice.
        count: number of edges of each node, int64 `[n]`.
        fanout: most edges of a node; None takes all.
        generator: where random numbers come from.

    Returns:
        The edges, int64 `[E]`, and the node of each as a position in `start`, ascending, int64 `[E]`. A node's edges
        are in their own order.
    """
    if fanout is None or not (count > fanout).any():
        return _all_edges(start, count)
    whole, dense = count <= fanout, count <= _DENSE * fanout
    parts = [
        (_all_edges(start[whole], count[whole]), whole),
        (_by_keys(start, count, fanout, dense & ~whole, generator), dense & ~whole),
        (_by_draws(start[~dense], count[~dense], fanout, generator), ~dense),
    ]
    edge = torch.cat([found[0] for found, _ in parts])
    node = torch.cat([chosen.nonzero()[:, 0][found[1]] for found, chosen in parts])
    order = torch.argsort(node, stable=True)
    return edge[order], node[order]


def _all_edges(start: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    node = torch.repeat_interleave(count)
    before = (count.cumsum(0) - count)[node]
    return start[node] + torch.arange(len(node)) - before, node


def _by_keys(
    start: Tensor, count: Tensor, fanout: int, chosen: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Give every edge of the chosen nodes a random key and keep each node's `fanout` smallest."""
    count = count[chosen]
    edge, node = _all_edges(start[chosen], count)
    key = torch.randint(2**31, (len(edge),), generator=generator) + (node << 31)
    order = torch.argsort(key, stable=True)
    rank = torch.arange(len(edge)) - (count.cumsum(0) - count)[node]  # the sort moves no edge to another node
    kept = order[rank < fanout].sort().values
    return edge[kept], node[kept]


def _by_draws(start: Tensor, count: Tensor, fanout: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw with replacement, then draw again what came twice, until nothing does.

    What is drawn again is decided by position and not by which edge it is, so that no subset is favoured.
    """
    edge = _draw(start[:, None].expand(-1, fanout), count[:, None], generator).sort(1).values
    left = torch.arange(len(start))
    while len(left):
        rows = edge[left]
        again = torch.zeros_like(rows, dtype=torch.bool)
        again[:, 1:] = rows[:, 1:] == rows[:, :-1]
        some = again.any(1)
        left, rows, again = left[some], rows[some], again[some]
        at = again.nonzero()[:, 0]
        rows[again] = _draw(start[left][at], count[left][at], generator)
        edge[left] = rows.sort(1).values
    node = torch.arange(len(start)).repeat_interleave(fanout)
    return edge.flatten(), node


def _draw(start: Tensor, count: Tensor, generator: torch.Generator) -> Tensor:
    share = torch.rand(start.shape, dtype=torch.float64, generator=generator)
    return start + (share * count).long().clamp(max=count - 1)
