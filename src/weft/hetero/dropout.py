"""Dropout that draws a bit per number: drawing a float each is otherwise a third of a step on a CPU."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from weft.hetero.gradients import once

_LEVELS = 256


def dropout(x: Tensor, share: float, training: bool) -> Tensor:
    """Set a random `share` of `x` to zero and scale the rest up, in training.

    The share is kept to the nearest 256th; masks come from torch's global generator. Between forward and backward
    a mask takes a bit per number.
    """
    if not training or share <= 0:
        return x
    if x.device.type != "cpu" or x.dtype != torch.float32:
        return F.dropout(x, share)
    return _Dropout.apply(x, round(share * _LEVELS))  # type: ignore[no-any-return]


def keep_mask(shape: torch.Size, cut: int, device: torch.device | str = "cpu") -> Tensor:
    """Return a bool mask of `shape`, true with probability 1 - cut/256."""
    if torch.device(device).type != "cpu":
        return torch.rand(shape, device=device) * _LEVELS >= cut
    size = shape.numel()
    return torch.from_numpy(np.unpackbits(_draw(size, cut), count=size, bitorder="little").view(np.bool_)).view(shape)


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, cut: int) -> Tensor:
        ctx.bits, ctx.cut = _draw(x.numel(), cut), cut
        return x * _factors(ctx.bits, cut, x.shape)

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return grads[0] * _factors(ctx.bits, ctx.cut, grads[0].shape), None


def _draw(size: int, cut: int) -> NDArray[np.uint8]:
    """Return at least `size` random bits, each 1 with probability 1 - cut/256.

    Fair bits are joined along the binary digits of that probability, so that a half costs one of them, a quarter
    two, and any 256th at most eight.
    """
    kept, words = _LEVELS - cut, -(-size // 64)
    bits = torch.full((words,), 0 if kept < _LEVELS else -1, device="cpu")
    digits = [kept >> place & 1 for place in range(8)]
    for digit in digits[digits.index(1) :] if 1 in digits else []:
        fair = torch.empty_like(bits).random_(-(2**63), None)
        bits = bits.bitwise_or_(fair) if digit else bits.bitwise_and_(fair)
    return bits.numpy().view(np.uint8)


def _factors(bits: NDArray[np.uint8], cut: int, shape: torch.Size) -> Tensor:
    """Return what to multiply by: 0, or the scale where the bit is 1."""
    size = shape.numel()
    rows = np.take(_table(cut), bits[: -(-size // 8)], axis=0)
    return torch.from_numpy(rows).view(-1)[:size].view(shape)


@cache
def _table(cut: int) -> NDArray[np.float32]:
    """Return the eight factors of every byte, `[256, 8]`."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    return bits.astype(np.float32) * np.float32(_LEVELS / max(_LEVELS - cut, 1))
