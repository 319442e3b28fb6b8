"""Messages mixed over source experts and relations at once, without a row per node, relation and pair of experts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from weft.hetero.gradients import once

#: From this many pairs of experts on, small matrix products per node are faster than a pass per pair.
MANY = 32
#: Messages that one block of such products holds, so that they stay in a CPU's cache.
BLOCK = 1 << 20


def mix(weight: Tensor, message: Tensor) -> Tensor:
    """Return `y[t, v] = sum over r, s of weight[t, r, s, v] * message[s, r, v]`.

    Args:
        weight: `[T, R, S, N]`.
        message: `[S, R, N, D]`.

    Returns:
        `[T, N, D]`.
    """
    kind = _MixBlocks if len(weight) * len(message) >= MANY else _MixPairs
    return kind.apply(weight, message)  # type: ignore[no-any-return]


def mix_own(weight: Tensor, message: Tensor) -> Tensor:
    """Return `y[t, v] = sum over r of weight[t, r, v] * message[t, r, v]` of `[T, R, N]` and `[T, R, N, D]`."""
    return _MixOwn.apply(weight, message)  # type: ignore[no-any-return]


def _dots(a: Tensor, b: Tensor) -> Tensor:
    return torch.linalg.vecdot(a, b)


class _MixPairs(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, message: Tensor) -> Tensor:
        ctx.save_for_backward(weight, message)
        out = message.new_zeros(len(weight), *message.shape[2:])
        for t, of_task in enumerate(weight):
            for r, of_relation in enumerate(of_task):
                for s, w in enumerate(of_relation):
                    out[t].addcmul_(w[:, None], message[s, r])
        return out

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        weight, message = ctx.saved_tensors
        to_weight, to_message = torch.empty_like(weight), torch.zeros_like(message)
        for t, grad in enumerate(grads[0]):
            for r, of_relation in enumerate(weight[t]):
                for s, w in enumerate(of_relation):
                    to_weight[t, r, s] = _dots(message[s, r], grad)
                    to_message[s, r].addcmul_(w[:, None], grad)
        return to_weight, to_message


class _MixBlocks(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, message: Tensor) -> Tensor:
        ctx.save_for_backward(weight, message)
        out = message.new_empty(len(weight), *message.shape[2:])
        for at in _blocks(message):
            w, m = _by_node(weight[..., at], message[:, :, at])
            out[:, at] = torch.bmm(w, m).transpose(0, 1)
        return out

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        weight, message = ctx.saved_tensors
        to_weight, to_message = torch.empty_like(weight), torch.empty_like(message)
        sources, relations = message.shape[:2]
        for at in _blocks(message):
            w, m = _by_node(weight[..., at], message[:, :, at])
            grad = grads[0][:, at].transpose(0, 1).contiguous()
            of_weight = torch.bmm(grad, m.transpose(1, 2)).unflatten(2, (relations, sources))
            to_weight[..., at] = of_weight.permute(1, 2, 3, 0)
            of_message = torch.bmm(w.transpose(1, 2), grad).unflatten(1, (relations, sources))
            to_message[:, :, at] = of_message.permute(2, 1, 0, 3)
        return to_weight, to_message


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
        to_weight = torch.stack([_dots(message[:, r], grads[0]) for r in range(weight.shape[1])], 1)
        return to_weight, weight[..., None] * grads[0][:, None]


def _blocks(message: Tensor) -> list[slice]:
    sources, relations, n, width = message.shape
    step = max(1, BLOCK // (sources * relations * width))
    return [slice(start, start + step) for start in range(0, n, step)]


def _by_node(weight: Tensor, message: Tensor) -> tuple[Tensor, Tensor]:
    """Return `[n, T, R * S]` and `[n, R * S, D]`."""
    return weight.permute(3, 0, 1, 2).flatten(2).contiguous(), message.permute(2, 1, 0, 3).flatten(1, 2).contiguous()
