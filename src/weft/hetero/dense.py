"""A linear map per head with its bias, an addend and an activation in one go, which saves passes over the states."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from weft.hetero.gradients import once
from weft.hetero.products import times

ACTIVATIONS = ("none", "relu", "elu")


def dense(x: Tensor, weight: Tensor, bias: Tensor, add: Tensor | None = None, activation: str = "none") -> Tensor:
    """Return `activation(x[k] @ weight[k] + bias[k] + add[k])`.

    Args:
        x: `[K, N, D]`, or `[1, N, D]` when all heads read the same.
        weight: `[K, D, C]`.
        bias: `[K, 1, C]`.
        add: `[K, N, C]` or None.
        activation: one of `ACTIVATIONS`.

    Returns:
        `[K, N, C]`.
    """
    return _Dense.apply(x, weight, bias, add, activation)  # type: ignore[no-any-return]


class _Dense(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, add: Tensor | None, activation: str) -> Tensor:
        out = torch.stack([times(x[k % len(x)], matrix, bias[k, 0]) for k, matrix in enumerate(weight)])
        if add is not None:
            out += add
        if activation != "none":
            out = F.relu_(out) if activation == "relu" else F.elu_(out)
        ctx.save_for_backward(x, weight, out)
        ctx.activation, ctx.added = activation, add is not None
        return out

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, out = ctx.saved_tensors
        grad = grads[0]
        if ctx.activation == "relu":
            grad = torch.ops.aten.threshold_backward(grad, out, 0)
        elif ctx.activation == "elu":
            grad = torch.ops.aten.elu_backward(grad, 1.0, 1.0, 1.0, True, out)
        grad = grad.contiguous()
        to_weight = torch.stack([times(x[k % len(x)].t(), g) for k, g in enumerate(grad)])
        to_x = None
        if ctx.needs_input_grad[0]:
            to_x = torch.stack([times(g, matrix.t()) for g, matrix in zip(grad, weight, strict=True)])
            to_x = to_x if len(x) == len(to_x) else to_x.sum(0, keepdim=True)
        return to_x, to_weight, grad.sum(1, keepdim=True), grad if ctx.added else None, None
