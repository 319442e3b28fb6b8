"""Sorting more keys than memory holds: gathered into files by range, then each file sorted by itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.files import disk_errors

Keys = NDArray[np.int64]
#: Keys with what belongs to each, arrays of one length.
Chunk = Sequence[NDArray[Any]]


class Buckets:
    """Files of keys, each of one range of them.

    Memory is that of a chunk while they are filled, and of one range while they are read: about an even share of all,
    unless the keys crowd.

    Args:
        folder: for the files; made here, gone after `close`.
        span: keys are 0..span-1.
        dtypes: of the key (int64) and of what belongs to it.
        count: how many ranges.
    """

    def __init__(self, folder: Path, span: int, dtypes: Sequence[Any] = (np.int64,), count: int = 64) -> None:
        self.folder, self.dtypes = folder, [np.dtype(kind) for kind in dtypes]
        self.width = max(1, -(-span // count))
        self.borders = np.arange(1, count, dtype=np.int64) * self.width
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._files = [[self._path(at, k).open("wb") for k in range(len(self.dtypes))] for at in range(count)]

    def _path(self, at: int, part: int) -> Path:
        return self.folder / f"{at:04d}.{part}"

    def add(self, chunk: Chunk) -> None:
        """Put keys, and what belongs to them, into their files."""
        keys = np.asarray(chunk[0], np.int64)
        order = np.argsort(keys // self.width, kind="stable") if len(chunk) > 1 else None
        ranged = [np.sort(keys)] if order is None else [np.asarray(part)[order] for part in chunk]
        cuts = [0, *np.searchsorted(ranged[0] // self.width, self.borders // self.width).tolist(), len(keys)]
        with disk_errors(self.folder):
            for at, files in enumerate(self._files):
                first, stop = cuts[at], cuts[at + 1]
                for part, file, kind in zip(ranged, files, self.dtypes, strict=True):
                    if stop > first:
                        file.write(np.ascontiguousarray(part[first:stop], kind).data)

    def ordered(self) -> Iterator[list[NDArray[Any]]]:
        """Give all keys in order with what belongs to them, a range at a time; ties as they were added."""
        with disk_errors(self.folder):
            for at, files in enumerate(self._files):
                for file in files:
                    file.close()
                parts = [np.fromfile(self._path(at, k), kind) for k, kind in enumerate(self.dtypes)]
                if len(parts) == 1:
                    parts[0].sort()
                elif len(parts[0]):
                    order = np.argsort(parts[0], kind="stable")
                    parts = [part[order] for part in parts]
                for k in range(len(files)):
                    self._path(at, k).unlink()
                yield parts

    def close(self) -> None:
        """Remove the files."""
        for files in self._files:
            for file in files:
                file.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def filled(folder: Path, span: int, chunks: Iterable[Chunk], dtypes: Sequence[Any] = (np.int64,)) -> Buckets:
    """Return buckets of all chunks."""
    buckets = Buckets(folder, span, dtypes)
    try:
        for chunk in chunks:
            buckets.add(chunk)
    except BaseException:
        buckets.close()
        raise
    return buckets


def mapped(path: Path, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the numbers in a file without reading them: the system brings in what is touched."""
    with disk_errors(path):
        if not int(np.prod(shape)):
            return np.zeros(shape, dtype)
        return np.memmap(path, dtype, "c", shape=shape)
