"""All relations into one type of node, all heads, in one pass: neighbours are summed first and projected after."""

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


def aggregate(project: Tensor, parts: Sequence[Part]) -> Tensor:
    """Return `m[k, r, v] = (sum over edges (w, v) of relation r of weight[k, e] * x[k, w]) project[k]`.

    Projecting the receivers' sums costs as many rows as there are receivers, not edges. The sums are not kept for
    the backward pass, which makes them again.

    Args:
        project: `[K, D, C]`.
        parts: `R` of them, with the same number of receivers.

    Returns:
        `[K, R, n_target, C]`.
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
                out[k, r] = times(_sum(part, k), matrix)
        return out

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        project, *tensors = ctx.saved_tensors
        grad, to_project = grads[0].contiguous(), torch.zeros_like(project)
        found: list[Tensor | None] = []
        for r, part in enumerate(_parts(tensors, ctx.edges)):
            wanted = ctx.needs_input_grad[2 + 2 * r : 4 + 2 * r]
            to_x = torch.zeros_like(part.x) if wanted[0] else None
            to_weight = torch.empty_like(part.weight) if wanted[1] and part.weight is not None else None
            for k, matrix in enumerate(project):
                to_project[k] += times(_sum(part, k).t(), grad[k, r])
                _back(part, k, times(grad[k, r], matrix.t()), to_x, to_weight)
            found += [to_x, to_weight]
        return None, to_project, *found


def _parts(tensors: Sequence[Tensor | None], edges: Sequence[Adjacency | None]) -> list[Part]:
    pairs = zip(tensors[::2], tensors[1::2], edges, strict=True)
    return [Part(x, weight, adjacency) for x, weight, adjacency in pairs if x is not None]


def _sum(part: Part, k: int) -> Tensor:
    x = part.x[k % len(part.x)]
    if part.edges is None or part.weight is None:
        return x
    return gather_sum(x, part.weight[k].contiguous(), part.edges)


def _back(part: Part, k: int, grad: Tensor, to_x: Tensor | None, to_weight: Tensor | None) -> None:
    """Add to one head's gradients, given that of its sums `[n_target, D]`."""
    at = k % len(part.x)
    loop = part.edges is None or part.weight is None
    if to_x is not None:
        to_x[at] += grad if loop else gather_back(grad, part.weight[k], part.edges)  # type: ignore[arg-type,index]
    if to_weight is not None:
        to_weight[k] = gather_dots(grad, part.x[at], part.edges)  # type: ignore[arg-type]
