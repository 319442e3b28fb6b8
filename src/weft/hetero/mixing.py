"""Messages mixed over source experts and relations."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from weft.hetero.gradients import once


def mix(weight: Tensor, message: Tensor) -> Tensor:
    """Return `y[t, v] = sum over r, s of weight[t, r, s, v] * message[s, r, v]`.

    Args:
        weight: `[T, R, S, N]`.
        message: `[S, R, N, D]`.

    Returns:
        `[T, N, D]`.
    """
    by_node = message.permute(2, 1, 0, 3).flatten(1, 2)
    return torch.bmm(weight.permute(3, 0, 1, 2).flatten(2), by_node).transpose(0, 1)


def mix_own(weight: Tensor, message: Tensor) -> Tensor:
    """Return `y[t, v] = sum over r of weight[t, r, v] * message[t, r, v]` of `[T, R, N]` and `[T, R, N, D]`."""
    return _MixOwn.apply(weight, message)  # type: ignore[no-any-return]


class _MixOwn(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, message: Tensor) -> Tensor:
        ctx.save_for_backward(weight, message)
        out = message.new_zeros(len(weight), *message.shape[2:])
        for t, of_task in enumerate(weight):
            for r, w in enumerate(of_task):
                out[t].addcmul_(w[:, None], message[t, r])
        return out

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        weight, message = ctx.saved_tensors
        to_weight = torch.stack([torch.linalg.vecdot(message[:, r], grads[0]) for r in range(weight.shape[1])], 1)
        return to_weight, weight[..., None] * grads[0][:, None]
