"""Named arrays in one flat mapping, as safetensors keeps them: parts are told by a prefix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
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


def read_arrays(path: Path, mapped: bool = False) -> NDArray[Any] | dict[str, NDArray[Any]]:
    """Return the array of an `.npy` file, or those of an `.npz` file by name; objects are refused.

    Args:
        path: the file.
        mapped: map an `.npy` file into memory instead of reading it.

    Raises:
        Exception: of any sort, for a damaged file; see `weft.files.damaged`.
    """
    if mapped and path.suffix == ".npy":
        return np.load(path, mmap_mode="r", allow_pickle=False)
    with path.open("rb") as file:  # of a broken container NumPy leaves its own file open
        held: Any = np.load(file, allow_pickle=False)
        if isinstance(held, np.ndarray):
            return held
        with held:
            found = {str(key): held[key] for key in held.files}
    if strange := [key for key, value in found.items() if not isinstance(value, np.ndarray)]:
        raise ValueError(f"{strange[0]!r} is no array")
    return found
