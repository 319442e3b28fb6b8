"""A small residual network for images on a laptop (residual blocks: He et al., arXiv 1512.03385)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from weft.encoders.blocks import MapNorm
from weft.encoders.images.base import ImageEncoder
from weft.errors import UserError


class _Block(nn.Module):
    """Two 3 x 3 convolutions beside the input, which a 1 x 1 convolution brings to the same shape."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False),
            MapNorm(n_out),
            nn.ReLU(),
            nn.Conv2d(n_out, n_out, 3, padding=1, bias=False),
            MapNorm(n_out),
        )
        same = stride == 1 and n_in == n_out
        short = nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), MapNorm(n_out))
        self.short = nn.Identity() if same else short

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.path(x) + self.short(x))


class SmallResNetEncoder(ImageEncoder):
    """A convolution, then residual blocks that halve the image and widen it, then the mean over the image.

    Images larger than 48 pixels are halved by the first convolution, too: a step on 84 x 84 pixels then costs what
    one on 42 x 42 does.

    Args:
        widths: see `ImageEncoder`.
        dim: width of the embeddings; 0 takes the features, as many as the last block's channels.
        augmentations: see `ImageEncoder`.
        channels: of the blocks; every block but the first halves the image.

    Raises:
        UserError: without a block.
    """

    def __init__(
        self,
        widths: Mapping[str, int],
        dim: int,
        augmentations: Sequence[str] | None = None,
        channels: Sequence[int] = (32, 64, 128),
    ) -> None:
        if not channels:
            raise UserError("there is no block", where="encoder resnet-small, option channels")
        self._channels = tuple(channels)
        super().__init__(widths, dim, augmentations)

    def build(self, channels: int) -> int:
        """Make the network."""
        first, stride = self._channels[0], 2 if min(self.height, self.width) > 48 else 1
        stem = nn.Conv2d(channels, first, 3, stride, padding=1, bias=False)
        wide = [first, *self._channels]
        blocks = [_Block(wide[k], wide[k + 1], 2 if k else 1) for k in range(len(self._channels))]
        self.net = nn.Sequential(stem, MapNorm(first), nn.ReLU(), *blocks)
        return wide[-1]

    def features(self, x: Tensor) -> Tensor:
        """Return features `[B, channels of the last block]`."""
        return self.net(x).mean((2, 3))
