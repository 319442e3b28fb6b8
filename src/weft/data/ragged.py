"""Arrays of changing length per row, such as one value per atom of each molecule."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Ragged:
    """The parts of `N` rows, one row's after the other's.

    Attributes:
        values: `[M, ...]`, the parts.
        ptr: int64 `[N + 1]`, first part of each row, and `M`.

    Example:
        >>> per_atom = Ragged(torch.tensor([1, 2, 3]), torch.tensor([0, 2, 3]))
        >>> per_atom.gather(torch.tensor([1, 0])).tolist()
        [3, 1, 2]
    """

    values: Tensor
    ptr: Tensor

    def __len__(self) -> int:
        """Return the number of rows, `N`."""
        return len(self.ptr) - 1

    def gather(self, rows: Tensor) -> Tensor:
        """Return the parts of `rows`, int64 `[B]`, in that order; repeats are allowed."""
        return self.values.index_select(0, spans(self.ptr, rows)[0])

    def to(self, device: torch.device | str) -> Ragged:
        """Return the parts on a device."""
        return Ragged(self.values.to(device), self.ptr.to(device))

    def take(self, rows: Tensor) -> Ragged:
        """Return the store of `rows`, int64 `[B]`, in that order."""
        places, count, _ = spans(self.ptr, rows)
        return Ragged(self.values.index_select(0, places), pointer(count))


def spans(ptr: Tensor, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the places of all parts of `rows`, the number of parts of each, and whose each part is.

    Args:
        ptr: int64 `[N + 1]`, first part of each row, and the number of parts.
        rows: int64 `[B]`.
    """
    start = ptr.index_select(0, rows)
    count = ptr.index_select(0, rows + 1) - start
    owner = torch.repeat_interleave(count)
    shift = start - (count.cumsum(0) - count)
    return shift.index_select(0, owner) + torch.arange(len(owner), device=ptr.device), count, owner


def pointer(count: Tensor) -> Tensor:
    """Return where each row's parts begin, and how many there are in all, int64 `[N + 1]`, of their counts."""
    return torch.cat([count.new_zeros(1), count.cumsum(0)])
