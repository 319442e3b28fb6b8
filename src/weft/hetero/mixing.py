"""Messages mixed over source experts and relations at once, without a row per node, relation and pair of experts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from weft.hetero.gradients import once

#: From this many pairs of experts on, small matrix products per node are faster than a pass per pair.
MANY = 32


def mix(weight: Tensor, message: Tensor) -> Tensor:
    """Return `y[t, v] = sum over r, s of weight[t, r, s, v] * message[s, r, v]`.

    Args:
        weight: `[T, R, S, N]`.
        message: `[S, R, N, D]`.

    Returns:
        `[T, N, D]`.
    """
    return _Mix.apply(weight, message)  # type: ignore[no-any-return]


def mix_own(weight: Tensor, message: Tensor) -> Tensor:
    """Return `y[t, v] = sum over r of weight[t, r, v] * message[t, r, v]` of `[T, R, N]` and `[T, R, N, D]`."""
    return _MixOwn.apply(weight, message)  # type: ignore[no-any-return]


def mix_forward(weight: Tensor, message: Tensor) -> Tensor:
    """Return what `mix` does, without a gradient."""
    if len(weight) * len(message) >= MANY:
        by_weight, by_message = _by_node(weight, message)
        return torch.bmm(by_weight, by_message).transpose(0, 1)
    out = message.new_zeros(len(weight), *message.shape[2:])
    for t, of_task in enumerate(weight):
        for r, of_relation in enumerate(of_task):
            for s, w in enumerate(of_relation):
                out[t].addcmul_(w[:, None], message[s, r])
    return out


def mix_back(weight: Tensor, message: Tensor, grad: Tensor, to_message: Tensor) -> Tensor:
    """Return the gradient of `mix` for `weight`, and put that for `message` into `to_message`, which holds zeros.

    Args:
        weight: `[T, R, S, N]`.
        message: `[S, R, N, D]`.
        grad: of the result, `[T, N, D]`.
        to_message: `[S, R, N, D]`.
    """
    sources, relations = message.shape[:2]
    if len(weight) * sources >= MANY:
        by_weight, by_message = _by_node(weight, message)
        by_grad = grad.transpose(0, 1).contiguous()
        of_message = torch.bmm(by_weight.transpose(1, 2), by_grad).unflatten(1, (relations, sources))
        to_message.copy_(of_message.permute(2, 1, 0, 3))
        of_weight = torch.bmm(by_grad, by_message.transpose(1, 2)).unflatten(2, (relations, sources))
        return of_weight.permute(1, 2, 3, 0).contiguous()
    to_weight = torch.empty_like(weight)
    for t, of_task in enumerate(weight):
        for r, of_relation in enumerate(of_task):
            for s, w in enumerate(of_relation):
                to_weight[t, r, s] = torch.linalg.vecdot(message[s, r], grad[t])
                to_message[s, r].addcmul_(w[:, None], grad[t])
    return to_weight


class _Mix(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, message: Tensor) -> Tensor:
        ctx.save_for_backward(weight, message)
        return mix_forward(weight, message)

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        weight, message = ctx.saved_tensors
        to_message = torch.zeros_like(message)
        return mix_back(weight, message, grads[0], to_message), to_message


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


def _by_node(weight: Tensor, message: Tensor) -> tuple[Tensor, Tensor]:
    """Return `[N, T, R * S]` and `[N, R * S, D]`."""
    return weight.permute(3, 0, 1, 2).flatten(2).contiguous(), message.permute(2, 1, 0, 3).flatten(1, 2).contiguous()
