"""The classes that a model knows: embeddings of their support data, to which new classes are added."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.fewshot.episodes import Ints

#: Support data kept of a class, the first ones.
MOST = 64


@dataclass(frozen=True, eq=False)
class ClassBank:
    """Support data of classes.

    Attributes:
        names: of the classes, in the order of the answers' columns.
        h: embeddings `[S, D]`.
        label: class of each, int64 `[S]`.
    """

    names: tuple[str, ...]
    h: Tensor
    label: Ints

    @classmethod
    def of(cls, names: Sequence[str], h: Tensor, label: Ints) -> Self:
        """Keep at most `MOST` data of each class, in their order."""
        rank = np.zeros(len(label), np.int64)
        for c in np.unique(label):
            mine = np.flatnonzero(label == c)
            rank[mine] = np.arange(len(mine))
        kept = np.flatnonzero(rank < MOST)
        return cls(tuple(names), h[torch.from_numpy(kept)].contiguous(), label[kept])

    @property
    def known(self) -> Tensor:
        """Which class each datum is of, float `[S, N]`."""
        return torch.nn.functional.one_hot(torch.from_numpy(self.label), len(self.names)).float()

    def added(self, h: Tensor, names: Sequence[str]) -> Self:
        """Return the bank with more data `[n, D]`: of classes that it has, or of new ones behind them."""
        place = {name: k for k, name in enumerate(dict.fromkeys([*self.names, *names]))}
        label = np.array([place[name] for name in names], np.int64)
        return type(self).of(tuple(place), torch.cat([self.h, h]), np.concatenate([self.label, label]))

    def without(self, names: Collection[str]) -> Self:
        """Return the bank without some classes."""
        left = [k for k, name in enumerate(self.names) if name not in names]
        at = np.isin(self.label, left)
        label = np.searchsorted(left, self.label[at])
        return type(self)(tuple(self.names[k] for k in left), self.h[torch.from_numpy(at)].contiguous(), label)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays."""
        return {"bank.h": self.h.numpy(), "bank.label": self.label}

    @classmethod
    def restore(cls, names: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild from `state`."""
        label = np.asarray(arrays["bank.label"], np.int64)
        return cls(tuple(names), torch.from_numpy(np.asarray(arrays["bank.h"])), label)
