"""All relations into one type of node, all heads, in one pass: projected on the side with fewer nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from weft.hetero.gradients import once
from weft.hetero.products import times
from weft.hetero.segments import gather_back, gather_dots, gather_sum
from weft.hetero.topology import Adjacency


class Part(NamedTuple):
    """What comes in by one relation.

    Attributes:
        x: states of the senders, `[K, n_source, D]`, or `[1, n_source, D]` when all heads read the same.
        weight: of the edges, `[K, E]`; None for a loop.
        edges: the relation; None for a loop.
    """

    x: Tensor
    weight: Tensor | None = None
    edges: Adjacency | None = None

    def head(self, k: int) -> Part:
        """Return one head's part, `[n_source, D]` and `[E]`."""
        weight = None if self.weight is None else self.weight[k].contiguous()
        return Part(self.x[k % len(self.x)], weight, self.edges)


def aggregate(project: Tensor, parts: Sequence[Part]) -> Tensor:
    """Return `m[k, r, v] = (sum over edges (w, v) of relation r of weight[k, e] * x[k, w]) project[k]`.

    States are projected before they are summed or after, whichever has fewer rows; never per edge. Sums are not
    kept for the backward pass, which makes them again.

    Args:
        project: `[K, D, C]`.
        parts: `R` of them, with the same number of receivers.

    Returns:
        `[K, R, n_target, C]`, contiguous: rows written far apart were measured to cost eight times as much.
    """
    tensors = [tensor for part in parts for tensor in (part.x, part.weight)]
    return _Aggregate.apply([part.edges for part in parts], project, *tensors)  # type: ignore[no-any-return]


def product(x: Tensor, project: Tensor) -> Tensor:
    """Return `x[k] @ project[k]`, `[K, N, C]`, of `[K or 1, N, D]` and `[K, D, C]`."""
    return aggregate(project, (Part(x),))[:, 0]


class _Aggregate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, edges: list[Adjacency | None], project: Tensor, *tensors: Tensor | None) -> Tensor:
        ctx.save_for_backward(project, *tensors)
        ctx.edges = edges
        parts = _parts(tensors, edges)
        n = parts[0].x.shape[1] if parts[0].edges is None else parts[0].edges.n_target
        out = parts[0].x.new_empty(len(project), len(parts), n, project.shape[2])
        for r, part in enumerate(parts):
            for k, matrix in enumerate(project):
                out[k, r] = _one(part.head(k), matrix)
        return out

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        project, *tensors = ctx.saved_tensors
        grad, to_project = grads[0], torch.zeros_like(project)
        found: list[Tensor | None] = []
        for r, part in enumerate(_parts(tensors, ctx.edges)):
            backs = [
                _one_back(part.head(k), project[k], grad[k, r].contiguous(), to_project[k]) for k in range(len(project))
            ]
            to_x = torch.stack([to for to, _ in backs])
            to_weight = [to for _, to in backs if to is not None]
            found += [to_x if len(part.x) == len(backs) else to_x.sum(0, keepdim=True)]
            found += [torch.stack(to_weight) if to_weight else None]
        return None, to_project, *found


def _parts(tensors: Sequence[Tensor | None], edges: Sequence[Adjacency | None]) -> list[Part]:
    pairs = zip(tensors[::2], tensors[1::2], edges, strict=True)
    return [Part(x, weight, adjacency) for x, weight, adjacency in pairs if x is not None]


def _one(part: Part, matrix: Tensor) -> Tensor:
    """Return one head's messages by one relation, projected on the side with fewer nodes."""
    x, weight, edges = part
    if weight is None or edges is None:
        return times(x, matrix)
    if edges.n_source < edges.n_target:
        return gather_sum(times(x, matrix), weight, edges)
    return times(gather_sum(x, weight, edges), matrix)


def _one_back(part: Part, matrix: Tensor, grad: Tensor, to_matrix: Tensor) -> tuple[Tensor, Tensor | None]:
    """Return the gradients of `_one` for states and weights, and add that for the matrix."""
    x, weight, edges = part
    if weight is None or edges is None:
        to_matrix += times(x.t(), grad)
        return times(grad, matrix.t()), None
    if edges.n_source < edges.n_target:
        to_projected = gather_back(grad, weight, edges)
        to_matrix += times(x.t(), to_projected)
        return times(to_projected, matrix.t()), gather_dots(grad, times(x, matrix), edges)
    to_sum = times(grad, matrix.t())
    to_matrix += times(gather_sum(x, weight, edges).t(), grad)
    return gather_back(to_sum, weight, edges), gather_dots(to_sum, x, edges)
