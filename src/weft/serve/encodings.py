"""What a predictor encoded, by row: put together again, and kept for molecules seen of late."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import torch

V = TypeVar("V")


@dataclass(frozen=True)
class Kept:
    """One molecule: `ok` or why it cannot be read, its canonical SMILES, and its encoding (of one row)."""

    status: str
    key: str
    encoded: Any


class Recent(Generic[V]):
    """What was asked about last, such as molecules by their SMILES.

    Args:
        most: how many to keep.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable) -> V | None:
        """Return what is kept, and keep it longer."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, value: V) -> None:
        """Keep it; forget the one that was asked about longest ago when there are too many."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget all: the model has changed."""
        self._kept.clear()


def join(parts: Sequence[Any]) -> Any:
    """Put encodings of some data each into one, in order: undoes `weft.explain.rows.take_rows`.

    Raises:
        TypeError: for something that holds no arrays by row.
    """
    first = parts[0]
    if isinstance(first, torch.Tensor):
        return torch.cat(list(parts))
    if isinstance(first, np.ndarray):
        return np.concatenate(list(parts))
    if first is None:
        return None
    if isinstance(first, (tuple, list)):
        members = [join(each) for each in zip(*parts, strict=True)]
        return tuple(members) if isinstance(first, tuple) else members
    if dataclasses.is_dataclass(first) and not isinstance(first, type):
        names = [item.name for item in dataclasses.fields(first)]
        return type(first)(**{name: join([getattr(part, name) for part in parts]) for name in names})
    raise TypeError(f"cannot join rows of {type(first).__name__}")
