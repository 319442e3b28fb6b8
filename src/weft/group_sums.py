"""Sums and joins over the processes of a group, with gradients."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


class Joined(torch.autograd.Function):
    """The rows of all processes, one process's after the other's.

    Every process goes on with all of them to the same loss, so each has the whole gradient and keeps its own rows'.
    """

    @staticmethod
    def forward(ctx: Any, part: Tensor, sizes: list[int], rank: int) -> Tensor:  # noqa: D102
        ctx.sizes, ctx.rank = sizes, rank
        padded = part.new_zeros(max(sizes), *part.shape[1:])
        padded[: len(part)] = part
        found = [torch.empty_like(padded) for _ in sizes]
        dist.all_gather(found, padded)
        return torch.cat([rows[:n] for rows, n in zip(found, sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:  # noqa: D102
        return grads[0].split(ctx.sizes)[ctx.rank], None, None


class Total(torch.autograd.Function):
    """The sum of every process's number. The gradient is that of this process's own; gradients are added up later."""

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:  # noqa: ARG004, D102
        total = part.detach().clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:  # noqa: ARG004, D102
        return grads[0]


class Statistic(Total):
    """The sum of every process's number, which all of them use for their own rows: gradients are summed, too."""

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:  # noqa: ARG004, D102
        total = grads[0].contiguous().clone()
        dist.all_reduce(total)
        return total
