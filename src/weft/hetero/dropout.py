"""Dropout whose mask costs a byte per number: drawing it is otherwise a third of a step on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_LEVELS = 256


def dropout(x: Tensor, share: float, training: bool) -> Tensor:
    """Set a random `share` of `x` to zero and scale the rest up, in training.

    The share is kept to the nearest 256th; masks come from torch's global generator.
    """
    if not training or share <= 0:
        return x
    if x.device.type != "cpu":
        return F.dropout(x, share)
    cut = round(share * _LEVELS)
    return x * keep_mask(x.shape, cut).to(x.dtype).mul_(_LEVELS / (_LEVELS - cut))


def keep_mask(shape: torch.Size, cut: int) -> Tensor:
    """Return a bool mask of `shape`, true with probability 1 - cut/256."""
    size = shape.numel()
    words = torch.empty((size + 7) // 8, dtype=torch.int64).random_(-(2**63), None)  # 8 bytes a draw
    return (words.view(torch.uint8)[:size] >= cut).view(shape)
