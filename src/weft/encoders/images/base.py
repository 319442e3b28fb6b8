"""What encoders of images share: bytes to standardised numbers, augmentation in training, the last layer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from weft.data.base import Batch, Inputs
from weft.data.pixels import CHUNK
from weft.encoders.base import Encoder
from weft.encoders.images.augment import augment, chosen
from weft.errors import UserError

#: Mean and spread of the pixels are taken of so many training images, evenly spaced.
_MOST = 2048
#: The networks halve their images four times.
_LEAST = 16


class ImageEncoder(Encoder):
    """Images, standardised per channel over the training rows, through `features` and a linear layer.

    Args:
        widths: `channels`, `height` and `width` of the images.
        dim: width of the embeddings; 0 takes the features as they are, as the few-shot literature does.
        augmentations: names of `weft.encoders.images.augment`, applied in training only; None takes those of
            photographs or of grey images.

    Raises:
        UserError: when the data have no images, or too small ones.

    Shape:
        `images` uint8 `[B, C, H, W]` to `[B, dim]`.
    """

    needs: ClassVar[tuple[str, ...]] = ("images",)
    chunk: ClassVar[int] = 128
    mean: Tensor
    scale: Tensor

    def __init__(self, widths: Mapping[str, int], dim: int, augmentations: Sequence[str] | None = None) -> None:
        super().__init__()
        name = type(self).__name__
        if "channels" not in widths:
            raise UserError("the data have no images", where=f"encoder {name}", mend="Give images or another encoder.")
        channels, self.height, self.width = (widths[key] for key in ("channels", "height", "width"))
        if min(self.height, self.width) < _LEAST:
            what = f"images of {self.width} x {self.height} pixels are too small"
            raise UserError(what, where=f"encoder {name}", mend=f"Give {_LEAST} x {_LEAST} or more.")
        self.augmentations = chosen(augmentations, channels)
        self.register_buffer("mean", torch.zeros(1, channels, 1, 1))
        self.register_buffer("scale", torch.ones(1, channels, 1, 1))
        width = self.build(channels)
        self.dim = dim or width
        self.out = nn.Linear(width, dim) if dim else nn.Identity()

    @abstractmethod
    def build(self, channels: int) -> int:
        """Make the network and return the width of its features."""

    @abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """Return features `[B, F]` of standardised images `[B, C, H, W]`."""

    def fit_scalers(self, inputs: Inputs, rows: Tensor) -> None:
        """Set mean and spread of each channel from the training `rows`."""
        if inputs.images is None or not len(rows):
            return
        some = rows[:: -(-len(rows) // _MOST)]
        counts = torch.zeros(self.mean.shape[1], 256, dtype=torch.float64)  # of each channel's bytes
        for part in some.split(CHUNK):
            x = inputs.images.gather(part)
            for channel, count in enumerate(counts):
                count += torch.bincount(x[:, channel].flatten(), minlength=256)
        share, value = counts / counts.sum(1, keepdim=True), torch.arange(256, dtype=torch.float64) / 255
        mean = share @ value
        spread = (share * (value - mean[:, None]).square()).sum(1).sqrt()
        self.mean.copy_(mean.view_as(self.mean))
        self.scale.copy_(torch.where(spread > 1e-3, 1 / spread, 1.0).view_as(self.scale))

    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, dim]`."""
        if batch.images is None:
            raise UserError("the batch has no images", where=f"encoder {type(self).__name__}")
        x = batch.images.to(self.mean) / 255
        if self.training:
            x = augment(x, self.augmentations)
        return self.out(self.features((x - self.mean) * self.scale))
