"""Starting values of weights, and the names they go by."""

from __future__ import annotations

import torch
from torch import Tensor


def xavier(*shape: int) -> Tensor:
    """Return uniform values within `sqrt(6 / (a + b))`, where a and b are the last two sizes."""
    bound = (6 / max(shape[-2] + shape[-1], 1)) ** 0.5
    return torch.empty(shape).uniform_(-bound, bound)


def uniform(fan_in: int, *shape: int) -> Tensor:
    """Return uniform values within `1 / sqrt(fan_in)`, as torch's linear maps start."""
    return torch.empty(shape).uniform_(-(fan_in**-0.5), fan_in**-0.5)


def slot(name: str) -> str:
    """Return a name under which torch keeps a type's weights, whatever the type is called (`items`, `a.b`)."""
    return "of " + name.replace("%", "%25").replace(".", "%2E")
