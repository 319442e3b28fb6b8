"""Marking gradients that cannot themselves be differentiated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from torch.autograd.function import once_differentiable

F = TypeVar("F", bound=Callable[..., object])


def once(backward: F) -> F:
    """Return `backward`, now an error instead of wrong when its result is differentiated (`once_differentiable`)."""
    return cast(F, once_differentiable(backward))
