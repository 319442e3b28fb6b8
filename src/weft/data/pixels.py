"""The packed store of images: one uint8 array, in memory or mapped from a file; a batch is an index gather."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from weft.errors import UserError
from weft.files import damaged

#: Images read at once where all are gone through, so that memory does not grow with their number.
CHUNK = 32
#: Channels an image may have: grey, or red, green and blue.
CHANNELS = (1, 3)


@dataclass(frozen=True, eq=False)
class Pixels:
    """Images of one size.

    Attributes:
        values: uint8 `[M, C, H, W]`, an array or a map of a file, never copied whole.
        row: int64 `[N]`, which of the `M` images each of the `N` rows is; None is each in turn.
    """

    values: NDArray[np.uint8]
    row: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, values: ArrayLike) -> Pixels:
        """Return the store of an array.

        Args:
            values: uint8 `[N, H, W]`, `[N, H, W, C]` or `[N, C, H, W]`, of 1 or 3 channels.

        Raises:
            UserError: for another type or shape.
        """
        array: NDArray[Any] = np.asarray(values)
        if array.dtype != np.uint8:
            mend = "Give bytes from 0 to 255: array.astype('uint8')."
            raise UserError(f"images are {array.dtype}, expected uint8", mend=mend)
        if array.ndim == 3:
            array = array[:, None]
        elif array.ndim == 4 and array.shape[1] not in CHANNELS and array.shape[3] in CHANNELS:
            array = array.transpose(0, 3, 1, 2)
        if array.ndim != 4 or array.shape[1] not in CHANNELS or 0 in array.shape[2:]:
            mend = "Give [N, H, W], [N, H, W, C] or [N, C, H, W] with 1 or 3 channels."
            raise UserError(f"images have shape {tuple(np.shape(values))}", mend=mend)
        return cls(np.ascontiguousarray(array))

    @classmethod
    def open(cls, path: Path | str) -> Pixels:
        """Map a `.npy` file of uint8 `[N, C, H, W]` into memory: its pages are read when they are asked for.

        Raises:
            UserError: for a file that is missing, damaged or of another kind.
        """
        mend = "Delete the file: it is made again from the images."
        with damaged(path, "this is no packed store of images", mend):
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if mapped.dtype != np.uint8 or mapped.ndim != 4:
            raise UserError(f"this holds {mapped.dtype} {mapped.shape}, no images", where=str(path))
        return cls(mapped.view(np.ndarray))

    def __len__(self) -> int:
        return len(self.values) if self.row is None else len(self.row)

    @property
    def shape(self) -> dict[str, int]:
        """Channels, height and width of every image, by these names: what an encoder is built for."""
        return dict(zip(("channels", "height", "width"), self.values.shape[1:], strict=True))

    def gather(self, rows: Tensor) -> Tensor:
        """Return the images at `rows` (int64 `[B]`), uint8 `[B, C, H, W]`, on the device of `rows`."""
        return torch.from_numpy(self.read(rows.cpu().numpy())).to(rows.device)

    def read(self, rows: NDArray[np.int64] | slice) -> NDArray[np.uint8]:
        """Return a copy of the images at `rows`, uint8 `[B, C, H, W]`."""
        index = np.arange(len(self))[rows] if isinstance(rows, slice) else rows
        return self.values[index if self.row is None else self.row[index]]

    def take(self, rows: NDArray[np.int64]) -> Pixels:
        """Return the store of `rows`, without copying a pixel."""
        index = np.arange(len(self))[np.asarray(rows)]
        return Pixels(self.values, index if self.row is None else self.row[index])

    def small(self, side: int) -> NDArray[np.float32]:
        """Return every image as `side` x `side` means of its areas, from 0 to 1, float32 `[N, C * side * side]`."""
        from torch.nn import functional as F

        small = np.zeros((len(self), self.values.shape[1] * side * side), np.float32)
        for start in range(0, len(self), CHUNK):
            some = torch.from_numpy(self.read(slice(start, start + CHUNK))).float().div_(255)
            small[start : start + CHUNK] = F.adaptive_avg_pool2d(some, side).flatten(1).numpy()
        return small
