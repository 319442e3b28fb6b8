"""Arrays of changing length per row, such as one value per atom of each molecule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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
        total = None if self.ptr.device.type == "cpu" else total_of(self._host, rows)
        return self.values.index_select(0, spans(self.ptr, placed(rows, self.ptr.device), total)[0])

    @cached_property
    def _host(self) -> Tensor:
        return self.ptr.cpu()

    def to(self, device: torch.device | str) -> Ragged:
        """Return the parts on a device."""
        return Ragged(self.values.to(device), self.ptr.to(device))

    def take(self, rows: Tensor) -> Ragged:
        """Return the store of `rows`, int64 `[B]`, in that order."""
        places, count, _ = spans(self.ptr, rows)
        return Ragged(self.values.index_select(0, places), pointer(count))


def spans(ptr: Tensor, rows: Tensor, total: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Return the places of all parts of `rows`, the number of parts of each, and whose each part is.

    Args:
        ptr: int64 `[N + 1]`, first part of each row, and the number of parts.
        rows: int64 `[B]`, on the device of `ptr`.
        total: how many parts they have together, if that is known: a card is then not waited for.
    """
    start = ptr.index_select(0, rows)
    count = ptr.index_select(0, rows + 1) - start
    owner = torch.repeat_interleave(count, output_size=total)
    shift = start - (count.cumsum(0) - count)
    return shift.index_select(0, owner) + torch.arange(len(owner), device=ptr.device), count, owner


def placed(rows: Tensor, device: torch.device) -> Tensor:
    """Return row numbers on a device; a card fetches them while the processor goes on."""
    if rows.device == device:
        return rows
    return rows.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else rows.to(device)


def total_of(ptr: Tensor, rows: Tensor) -> int | None:
    """Return how many parts `rows` have together; None where that would have to be asked of a card.

    Args:
        ptr: int64 `[N + 1]`, on the processor.
        rows: int64 `[B]`, anywhere.
    """
    return int((ptr[rows + 1] - ptr[rows]).sum()) if rows.device.type == "cpu" else None


def pointer(count: Tensor) -> Tensor:
    """Return where each row's parts begin, and how many there are in all, int64 `[N + 1]`, of their counts."""
    return torch.cat([count.new_zeros(1), count.cumsum(0)])
