"""Images of one size as the data that predictors read, in the packed store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from weft.data.rows import Rows
from weft.errors import UserError, nearest

if TYPE_CHECKING:
    from weft.data.pixels import Pixels

#: `images`: what encoders of images read; `thumbnail`: a few numbers of each, which forests and boosters read.
KINDS = ("images", "thumbnail")
#: Side of a thumbnail: 8 x 8 means of areas per channel.
SIDE = 8


class Images(Rows):
    """Images, one per input row, bad rows included; implements `weft.data.base.Data`.

    Args:
        pixels: the packed store; the pixels of a bad row are never read.
        status: `ok` or the reason why the row cannot be used, `[N]`; by default all can.
        keys: what an image is known by across tables, `[N]`; by default the hash of its pixels.

    Raises:
        UserError: when there is not one status and key per image.

    Example:
        >>> import numpy as np
        >>> data = Images.from_arrays(np.zeros((2, 28, 28), np.uint8))
        >>> len(data), data.pixels.shape
        (2, {'channels': 1, 'height': 28, 'width': 28})
    """

    encoder = "resnet-small"

    def __init__(self, pixels: Pixels, status: Sequence[str] | None = None, keys: Sequence[str] | None = None) -> None:
        told = ["ok"] * len(pixels) if status is None else status
        if len(told) != len(pixels):
            raise UserError(f"{len(told)} statuses for {len(pixels)} images")
        super().__init__(told, _hashes(pixels) if keys is None else keys, "images")
        self._pixels = pixels

    @classmethod
    def from_arrays(cls, values: ArrayLike, keys: Sequence[str] | None = None) -> Images:
        """Make the data of an array of images.

        Args:
            values: uint8 `[N, H, W]`, `[N, H, W, C]` or `[N, C, H, W]`, of 1 or 3 channels.
            keys: what each is known by, `[N]`; by default the hash of its pixels.

        Raises:
            UserError: for another type or shape.
        """
        from weft.data.pixels import Pixels

        return cls(Pixels.of(values), keys=keys)

    @property
    def pixels(self) -> Pixels:
        """The packed store of the `N` rows."""
        return self._pixels

    @property
    def kinds(self) -> tuple[str, ...]:
        """The feature kinds: images and thumbnail."""
        return KINDS

    def dense(self, kind: str) -> NDArray[np.float32]:
        """Return thumbnails, float32 `[N, C * 64]`; bad rows are zeros."""
        if kind != "thumbnail":
            raise UserError(f"images have no dense features {kind!r}", mend=nearest(kind, KINDS[1:]))
        return np.where(self._ok[:, None], self._pixels.small(SIDE), np.float32(0))

    def images(self) -> Pixels:
        """Return the packed store of all `N` rows."""
        return self._pixels

    def feature_hash(self, kind: str) -> str:
        """Return the hash of the kind, the size and the channels."""
        if kind not in KINDS:
            raise UserError(f"images have no features {kind!r}", mend=nearest(kind, KINDS))
        told = " ".join(str(n) for n in self._pixels.shape.values())
        return hashlib.sha256(f"{kind} {SIDE} {told}".encode()).hexdigest()

    def take(self, rows: NDArray[np.int64]) -> Images:
        """Return the images at `rows`, with their status and keys; no pixel is copied."""
        index = np.arange(len(self))[np.asarray(rows)]
        part = self._at(index)
        part._pixels = self._pixels.take(index)
        return part


def _hashes(pixels: Pixels) -> list[str]:
    return [
        hashlib.blake2b(pixels.read(slice(at, at + 1)).data, digest_size=16).hexdigest() for at in range(len(pixels))
    ]
