"""Sums over a fixed index, such as the sum over an atom's neighbours or over a molecule's atoms."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


class IndexSum:
    """The linear map `y[t] = sum of x[source[e]] over all e with target[e] = t`.

    On a CPU both the map and its adjoint (the gradient) run as sums over sorted segments, without a tensor of one
    row per `e`: an order of magnitude faster than gather and `index_add`, and always in the same order of addition.
    On a card they are gather and `index_add`, which need no sorting there. Rows of `y` without any `e` are zero.

    Args:
        source: int64 `[E]`, rows of `x`; None for each in turn.
        target: int64 `[E]`, rows of `y`; None for each in turn.
        n_source: number of rows of `x`.
        n_target: number of rows of `y`.

    Example:
        >>> pair_sum = IndexSum(torch.tensor([0, 1, 2]), torch.tensor([0, 0, 1]), 3, 2)
        >>> pair_sum(torch.tensor([[1.0], [2.0], [4.0]])).tolist()
        [[3.0], [4.0]]
    """

    def __init__(self, source: Tensor | None, target: Tensor | None, n_source: int, n_target: int) -> None:
        self._ends, self._n_target = (source, target), n_target
        given = target if source is None else source
        self._sorted = given is None or given.device.type == "cpu"
        if given is not None and self._sorted:
            each = torch.arange(len(given), device=given.device)
            source, target = (each if end is None else end for end in (source, target))
            self._there = _segments(source, target, n_target)
            self._back = _segments(target, source, n_source)

    @classmethod
    def gather(cls, index: Tensor, n_source: int) -> IndexSum:
        """Return the map `y[e] = x[index[e]]`."""
        return cls(index, None, n_source, len(index))

    @classmethod
    def segments(cls, index: Tensor, n_target: int) -> IndexSum:
        """Return the map `y[t] = sum of x[e] over all e with index[e] = t`."""
        return cls(None, index, len(index), n_target)

    @classmethod
    def same(cls, n: int) -> IndexSum:
        """Return the map `y = x` of `n` rows."""
        return cls(None, None, n, n)

    @property
    def is_same(self) -> bool:
        """Whether it changes nothing."""
        return self._ends == (None, None)

    def __call__(self, x: Tensor) -> Tensor:
        """Return `y`, `[n_target, D]`, of `x`, float `[n_source, D]`."""
        source, target = self._ends
        if self.is_same:
            return x
        if self._sorted:
            return _Sum.apply(x, *self._there, *self._back)  # type: ignore[no-any-return]
        picked = x if source is None else x.index_select(0, source)
        if target is None:
            return picked
        # sums in float32 at least: many addends in bfloat16 would be lost in a large sum
        wide = torch.promote_types(x.dtype, torch.float32)
        total = torch.zeros(self._n_target, *x.shape[1:], device=x.device, dtype=wide)
        return total.index_add(0, target, picked.to(total.dtype)).to(x.dtype)


def counts(index: Tensor, n: int) -> Tensor:
    """Return how often each of `0 .. n - 1` is in `index`, int64 `[n]`; a card is not waited for."""
    if index.device.type == "cpu":
        return torch.bincount(index, minlength=n)
    return torch.zeros(n, dtype=torch.int64, device=index.device).scatter_add_(0, index, torch.ones_like(index))


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
