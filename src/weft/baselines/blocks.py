"""Rows in blocks, as many blocks at once as torch is given threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def even(rows: int, most: int) -> list[slice]:
    """Return blocks of (nearly) equal size, at most `most` rows each, so that threads end together."""
    count = max(1, -(-rows // most))
    return [slice(rows * k // count, rows * (k + 1) // count) for k in range(count)]


def full(rows: int, size: int) -> list[slice]:
    """Return blocks of `size` rows and a rest: a matrix product's last bits depend on its shape."""
    return [slice(first, min(first + size, rows)) for first in range(0, rows, size)]


def in_threads(blocks: Sequence[slice], work: Callable[[slice], T]) -> list[T]:
    """Return what `work` makes of each block, in order; how many threads there are changes nothing but the time."""
    import torch

    with ThreadPoolExecutor(max(1, min(len(blocks), torch.get_num_threads()))) as pool:
        return list(pool.map(work, blocks))
