"""Sums over a fixed index, such as the sum over an atom's neighbours or over a molecule's atoms."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


class IndexSum:
    """The linear map `y[t] = sum of x[source[e]] over all e with target[e] = t`.

    Both the map and its adjoint (the gradient) run as sums over sorted segments, without a tensor of one
    row per `e`: on a CPU an order of magnitude faster than gather and `index_add`, and always in the same
    order of addition. Rows of `y` without any `e` are zero.

    Args:
        source: int64 `[E]`, rows of `x`.
        target: int64 `[E]`, rows of `y`.
        n_source: number of rows of `x`.
        n_target: number of rows of `y`.

    Example:
        >>> pair_sum = IndexSum(torch.tensor([0, 1, 2]), torch.tensor([0, 0, 1]), 3, 2)
        >>> pair_sum(torch.tensor([[1.0], [2.0], [4.0]])).tolist()
        [[3.0], [4.0]]
    """

    def __init__(self, source: Tensor, target: Tensor, n_source: int, n_target: int) -> None:
        self._there = _segments(source, target, n_target)
        self._back = _segments(target, source, n_source)

    @classmethod
    def gather(cls, index: Tensor, n_source: int) -> IndexSum:
        """Return the map `y[e] = x[index[e]]`."""
        return cls(index, torch.arange(len(index), device=index.device), n_source, len(index))

    @classmethod
    def segments(cls, index: Tensor, n_target: int) -> IndexSum:
        """Return the map `y[t] = sum of x[e] over all e with index[e] = t`."""
        return cls(torch.arange(len(index), device=index.device), index, len(index), n_target)

    def __call__(self, x: Tensor) -> Tensor:
        """Return `y`, `[n_target, D]`, of `x`, float `[n_source, D]`."""
        return _Sum.apply(x, *self._there, *self._back)  # type: ignore[no-any-return]


def _segments(source: Tensor, target: Tensor, n_target: int) -> tuple[Tensor, Tensor]:
    """Return `source` sorted by `target` and where each target's segment starts, int64 `[n_target]`."""
    order = torch.argsort(target, stable=True)
    count = torch.bincount(target, minlength=n_target)
    return source[order], count.cumsum(0) - count


class _Sum(torch.autograd.Function):
    """A sum of rows over segments whose gradient is one too."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, start: Tensor, index_back: Tensor, start_back: Tensor) -> Tensor:
        ctx.save_for_backward(index, start, index_back, start_back)
        return F.embedding_bag(index, x.detach(), start, mode="sum")

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None]:
        index, start, index_back, start_back = ctx.saved_tensors
        return _Sum.apply(grads[0].contiguous(), index_back, start_back, index, start), None, None, None, None
