"""Named arrays in one flat mapping, as safetensors keeps them: parts are told by a prefix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Arrays = Mapping[str, NDArray[Any]]


def under(prefix: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Return the arrays whose name begins with `prefix`, without it."""
    return {key[len(prefix) :]: value for key, value in arrays.items() if key.startswith(prefix)}


def put_under(prefix: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Return the arrays with `prefix` before their names."""
    return {f"{prefix}{key}": value for key, value in arrays.items()}


def tensors(prefix: str, arrays: Arrays) -> dict[str, Tensor]:
    """Return the arrays whose name begins with `prefix`, without it, as tensors of their own."""
    import torch

    return {key: torch.from_numpy(np.array(value)) for key, value in under(prefix, arrays).items()}
