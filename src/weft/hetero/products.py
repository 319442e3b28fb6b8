"""Products of tall, narrow matrices, which are most of the time of a relation layer.

On a CPU in float32 they go through oneDNN, whose kernels for 64 columns were measured two to three times as fast as
the default ones on an AMD Zen 5 core; elsewhere, and where torch has no oneDNN, they are ordinary products.

oneDNN writes and keeps a kernel for every shape it meets. Sampled parts of a graph hardly ever have one shape twice:
there it took a third more time and 700 MB that never came back, so that `plain_products` keeps it out.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor

from weft.hetero.gradients import once

_LINEAR = (
    torch.ops.mkldnn._linear_pointwise
    if torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    else None
)


_PLAIN = ContextVar("plain", default=False)


@contextmanager
def plain_products(plain: bool = True) -> Generator[None, None, None]:
    """Make products without oneDNN for a while, where shapes keep changing."""
    before = _PLAIN.get()
    _PLAIN.set(plain or before)
    try:
        yield
    finally:
        _PLAIN.set(before)


def times(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return `a @ b + bias` for matrices `[N, D]` and `[D, E]` and a row `[E]`, without a gradient."""
    unfit = a.device.type != "cpu" or a.dtype != torch.float32 or not (a.numel() and b.numel())
    if a.device.type != "cpu" and bias is not None:
        return torch.addmm(bias, a, b)
    if _LINEAR is None or unfit or _PLAIN.get():
        return a @ b if bias is None else a @ b + bias
    return _LINEAR(a, b.t(), bias, "none", [], "")


def scores(vector: Tensor, x: Tensor) -> Tensor:
    """Return `y[k, c, n] = vector[k, c] . x[k, n]`.

    Args:
        vector: `[K, C, D]`.
        x: `[K, N, D]`, or `[1, N, D]` when all heads read the same.

    Returns:
        `[K, C, N]`.
    """
    if len(x) == 1:
        return _Scores.apply(vector.flatten(0, 1)[None], x).view(*vector.shape[:2], x.shape[1])  # type: ignore[no-any-return]
    return _Scores.apply(vector, x)  # type: ignore[no-any-return]


class _Scores(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, vector: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(vector, x)
        return torch.stack([times(v, state.t()) for v, state in zip(vector, x, strict=True)])

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None]:
        vector, x = ctx.saved_tensors
        pairs = list(zip(grads[0], vector, x, strict=True))
        to_vector = torch.stack([times(g, state) for g, _, state in pairs]) if ctx.needs_input_grad[0] else None
        to_x = torch.stack([times(g.t(), v) for g, v, _ in pairs]) if ctx.needs_input_grad[1] else None
        return to_vector, to_x
