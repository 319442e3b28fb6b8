"""Blocks of the encoders: normalisation that bears one row, a fast PReLU, the two-layer perceptron."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.group import Group, current


class RowNorm(nn.BatchNorm1d):
    """Batch normalisation that also takes rows with multiplicities, and bears batches of one row.

    In training a batch of fewer than two rows has no variance: it is normalised by the running statistics,
    which it leaves alone.
    """

    def forward(self, input: Tensor, counts: Tensor | None = None) -> Tensor:
        """Normalise `input` `[M, D]`; `counts` `[M]` tells how often each row stands in the batch."""
        group = current()
        if not self.training:
            return _by_running(self, input)
        if group.alone and counts is None and len(input) > 1:
            return super().forward(input)
        return by_batch(self, input, counts, group)


class MapNorm(nn.BatchNorm2d):
    """Batch normalisation of maps, such as images, by the maps of all processes that train together."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise `input` `[B, C, H, W]` per channel."""
        group = current()
        if not self.training or group.alone:
            return super().forward(input)
        last = input.movedim(1, -1)
        rows = by_batch(self, last.reshape(-1, last.shape[-1]), None, group)
        return rows.view(last.shape).movedim(-1, 1)


def by_batch(norm: nn.BatchNorm1d | nn.BatchNorm2d, x: Tensor, counts: Tensor | None, group: Group) -> Tensor:
    """Normalise by the rows of all processes together: one process makes the same sums, of all rows.

    Args:
        norm: whose weights and running statistics are used; these follow.
        x: this process's rows `[M, D]`.
        counts: how often each stands in the batch `[M]`.
        group: the processes.
    """
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    times = wide.new_ones(len(x)) if counts is None else counts.to(wide.dtype)
    n = group.statistic(times.sum())
    if float(n) < 2:
        return _by_running(norm, x)
    mean = group.statistic(times @ wide) / n
    var = group.statistic(times @ (wide - mean).square()) / n
    with torch.no_grad():
        _update(norm, mean, var * n / (n - 1))
    return ((wide - mean) * (torch.rsqrt(var + norm.eps) * norm.weight) + norm.bias).to(x.dtype)


def _by_running(norm: nn.BatchNorm1d | nn.BatchNorm2d, x: Tensor) -> Tensor:
    return F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.0, norm.eps)


def _update(norm: nn.BatchNorm1d | nn.BatchNorm2d, mean: Tensor, var: Tensor) -> None:
    if norm.running_mean is None or norm.running_var is None or norm.num_batches_tracked is None:
        return
    norm.num_batches_tracked += 1
    norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), norm.momentum or 0.1)
    norm.running_var.lerp_(var.to(norm.running_var.dtype), norm.momentum or 0.1)


class PReLU(nn.Module):
    """`max(0, x) + a min(0, x)` with one learned slope `a`, starting at 0.25 (He et al., arXiv 1502.01852).

    The same function as `nn.PReLU()`, whose gradient of the slope is slow on a CPU.
    """

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.full((1,), 0.25))

    def forward(self, x: Tensor) -> Tensor:
        """Apply to every entry."""
        return _PReLU.apply(x, self.slope) if x.device.type == "cpu" else F.prelu(x, self.slope)


class _PReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: Tensor) -> Tensor:
        ctx.save_for_backward(x, slope)
        return F.leaky_relu(x, float(slope))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        x, slope = ctx.saved_tensors
        (grad,) = grads
        grad_x = torch.ops.aten.leaky_relu_backward(grad, x, float(slope), False)
        grad_slope = torch.dot(grad.flatten().to(slope.dtype), x.clamp(max=0).flatten().to(slope.dtype))
        return grad_x, grad_slope.reshape(1)


class MLP(nn.Sequential):
    """Linear, batch normalisation, PReLU, dropout, Linear: `[M, n_in]` to `[M, n_out]`."""

    def __init__(self, n_in: int, hidden: int, n_out: int, dropout: float = 0.0) -> None:
        norm = RowNorm(hidden)
        super().__init__(
            nn.Linear(n_in, hidden, bias=False), norm, PReLU(), nn.Dropout(dropout), nn.Linear(hidden, n_out)
        )


def xavier(module: nn.Module) -> None:
    """Set every weight matrix below `module` Xavier-uniform with gain sqrt 2 and every bias to zero."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, gain=math.sqrt(2))
            if layer.bias is not None:  # pyright: ignore[reportUnnecessaryComparison]
                nn.init.zeros_(layer.bias)
