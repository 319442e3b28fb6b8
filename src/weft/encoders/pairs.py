"""Pairs of near atoms in a batch, and sums over them that are weighed by a table of filters."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from weft.data.base import Batch
from weft.errors import UserError

#: Pairs done at once: their rows stay in the processor's cache, and memory does not grow with their number.
_BLOCK = 4096
#: The same on a card, which wants large blocks.
_BLOCK_ON_CARD = 1 << 20


def pairs_of(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Return first atom, second atom and distance (in `weft.data.distances.UNIT`) of the pairs, int64 `[P]` each.

    Raises:
        UserError: when the batch was made without distances.
    """
    if "distances" not in batch.ragged:
        raise UserError("the batch has no distances", mend="Ask the data for the feature kind 'distances'.")
    step, distance = batch.ragged["distances"].long().unbind(1)
    left, pair = (step == 0).cumsum(0) - 1, step > 0
    return left[pair], (left + step)[pair], distance[pair]


class FilteredSum:
    """The sum `y_i = sum over the pairs (i, j) of x_j * h[kind_ij]`, elementwise, of all atoms `i`.

    Neither the forward pass nor the gradient holds one row per pair.

    Args:
        left: int64 `[P]`, one atom of each pair; every pair counts for both its atoms.
        right: int64 `[P]`, the other.
        kind: int64 `[P]`, row of the table of filters.
        n_atoms: number of atoms, `A`.
        n_kinds: number of filters, `K`.

    Example:
        >>> pairs = FilteredSum(torch.tensor([0]), torch.tensor([1]), torch.tensor([0]), 2, 1)
        >>> pairs(torch.tensor([[1.0], [2.0]]), torch.tensor([[10.0]])).tolist()
        [[20.0], [10.0]]
    """

    def __init__(self, left: Tensor, right: Tensor, kind: Tensor, n_atoms: int, n_kinds: int) -> None:
        to, of = torch.cat([left, right]), torch.cat([right, left])
        order = torch.argsort(to, stable=True)
        self._atoms = of[order], torch.cat([kind, kind])[order], _bounds(to, n_atoms)
        order = torch.argsort(kind, stable=True)
        self._kinds = left[order], right[order], _bounds(kind, n_kinds)

    def __call__(self, x: Tensor, h: Tensor) -> Tensor:
        """Return `y` `[A, D]`, float32 at least, of `x` `[A, D]` and the filters `h` `[K, D]`."""
        wide = torch.promote_types(x.dtype, torch.float32)
        return _FilteredSum.apply(x.to(wide), h.to(wide), *self._atoms, *self._kinds)  # type: ignore[no-any-return]


def _bounds(target: Tensor, n: int) -> Tensor:
    """Return where each target's segment starts once sorted, and their whole length, int64 `[n + 1]`."""
    return F.pad(torch.bincount(target, minlength=n).cumsum(0), (1, 0))


def _products(x: Tensor, x_row: Tensor, y: Tensor, y_row: Tensor, bounds: Tensor) -> Tensor:
    """Return the sums of `x[x_row] * y[y_row]` over the segments that `bounds` `[n + 1]` tells, `[n, D]`."""
    n, whole = len(bounds) - 1, len(x_row)
    out = x.new_zeros(n, x.shape[1])
    places, block = torch.arange(whole, device=x.device), _BLOCK if x.device.type == "cpu" else _BLOCK_ON_CARD
    # A block ends with a segment, so that every sum is one of consecutive rows, always in the same order.
    cuts = torch.searchsorted(bounds, torch.arange(block, whole + block, block, device=x.device)).clamp(max=n)
    start = 0
    for stop in cuts.unique().tolist():
        first, last = int(bounds[start]), int(bounds[stop])
        product = x.index_select(0, x_row[first:last]).mul_(y.index_select(0, y_row[first:last]))
        out[start:stop] = F.embedding_bag(places[: last - first], product, bounds[start:stop] - first, mode="sum")
        start = stop
    return out


class _FilteredSum(torch.autograd.Function):
    """Each pair stands in both directions, so the gradient of `x` is the same sum over the gradient of `y`."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        h: Tensor,
        of: Tensor,
        kind: Tensor,
        atoms: Tensor,
        left: Tensor,
        right: Tensor,
        kinds: Tensor,
    ) -> Tensor:
        ctx.save_for_backward(x, h, of, kind, atoms, left, right, kinds)
        return _products(x, of, h, kind, atoms)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, h, of, kind, atoms, left, right, kinds = ctx.saved_tensors
        g = grads[0].contiguous()
        grad_h = _products(g, left, x, right, kinds) + _products(g, right, x, left, kinds)
        return _products(g, of, h, kind, atoms), grad_h, None, None, None, None, None, None
