"""Rows of what a predictor encoded, so that one datum can be asked about many times without encoding it again."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray


def take_rows(encoded: Any, rows: NDArray[np.int64], n: int) -> Any:
    """Return the encoding of `rows`, repeats allowed.

    Every array or tensor whose first dimension is the `n` encoded data is gathered, within tuples, lists, mappings and
    dataclasses; what has a length of `n` and a method `take`, such as `Data`, is asked for its rows; all else is kept.

    Args:
        encoded: what `Predictor.encode` gave of `n` data that do not read each other.
        rows: int64 `[H]`.
        n: number of data encoded.
    """
    import torch

    if isinstance(encoded, torch.Tensor):
        return encoded[torch.from_numpy(rows)] if encoded.ndim and len(encoded) == n else encoded
    if isinstance(encoded, np.ndarray):
        array = cast("NDArray[Any]", encoded)
        return array[rows] if array.ndim and len(array) == n else array
    if isinstance(encoded, list | tuple):
        parts = [take_rows(part, rows, n) for part in cast("list[Any]", encoded)]
        return parts if isinstance(encoded, list) else tuple(parts)
    if isinstance(encoded, dict):
        return {key: take_rows(part, rows, n) for key, part in cast("dict[Any, Any]", encoded).items()}
    if hasattr(encoded, "take") and hasattr(encoded, "__len__"):
        return encoded.take(rows) if len(encoded) == n else encoded
    if dataclasses.is_dataclass(encoded) and not isinstance(encoded, type):
        fields = {field.name: getattr(encoded, field.name) for field in dataclasses.fields(encoded) if field.init}
        return dataclasses.replace(encoded, **{name: take_rows(part, rows, n) for name, part in fields.items()})
    return encoded
