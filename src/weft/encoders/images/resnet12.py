"""ResNet-12, the larger network of the few-shot literature (Lee et al., arXiv 1904.03758)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.encoders.blocks import MapNorm
from weft.encoders.images.base import ImageEncoder
from weft.errors import UserError


class DropBlock(nn.Module):
    """Drops squares of a feature map, in training (Ghiasi et al., arXiv 1810.12890).

    Args:
        share: of the features that are dropped, on average.
        side: of the squares; cut to the map's.
    """

    def __init__(self, share: float, side: int) -> None:
        super().__init__()
        self.share, self.side = share, side

    def forward(self, x: Tensor) -> Tensor:
        """Drop squares of `x` `[B, C, H, W]` and scale what is left, so that its mean stays."""
        if not self.training or not self.share:
            return x
        h, w = x.shape[2:]
        side = min(self.side, h, w)
        room = (h - side + 1) * (w - side + 1)
        rate = self.share * h * w / (side * side * room)
        corner = (torch.rand(*x.shape[:2], h - side + 1, w - side + 1, device=x.device) < rate).to(x.dtype)
        keep = 1 - F.max_pool2d(F.pad(corner, (side - 1,) * 4), side, stride=1)
        return x * keep / keep.mean((1, 2, 3), keepdim=True).clamp(min=1e-3)


class _Block(nn.Module):
    """Three 3 x 3 convolutions beside a 1 x 1 one, LeakyReLU, 2 x 2 max pooling, dropped squares."""

    def __init__(self, n_in: int, n_out: int, drop: float, side: int) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for at, width in enumerate((n_in, n_out, n_out)):
            parts += [nn.Conv2d(width, n_out, 3, padding=1, bias=False), MapNorm(n_out)]
            parts += [nn.LeakyReLU(0.1)] if at < 2 else []
        self.path = nn.Sequential(*parts)
        self.short = nn.Sequential(nn.Conv2d(n_in, n_out, 1, bias=False), MapNorm(n_out))
        self.drop = DropBlock(drop, side)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.path(x) + self.short(x), 0.1)
        return self.drop(F.max_pool2d(x, 2))


class ResNet12Encoder(ImageEncoder):
    """Four residual blocks of three convolutions, 64, 160, 320 and 640 channels wide, then the mean over the image.

    Args:
        widths: see `ImageEncoder`.
        dim: width of the embeddings; 0 takes the features, as many as the last block's channels.
        augmentations: see `ImageEncoder`.
        channels: of the four blocks.
        drop: share of features that the last two blocks drop, in squares of 5, in training.

    Raises:
        UserError: when there are not four widths.
    """

    chunk = 64

    def __init__(
        self,
        widths: Mapping[str, int],
        dim: int,
        augmentations: Sequence[str] | None = None,
        channels: Sequence[int] = (64, 160, 320, 640),
        drop: float = 0.1,
    ) -> None:
        if len(channels) != 4:
            raise UserError(f"{len(channels)} widths for four blocks", where="encoder resnet12, option channels")
        self._channels, self._drop = tuple(channels), drop
        super().__init__(widths, dim, augmentations)

    def build(self, channels: int) -> int:
        """Make the blocks."""
        wide = [channels, *self._channels]
        drops = (0.0, 0.0, self._drop, self._drop)
        self.net = nn.Sequential(*(_Block(wide[k], wide[k + 1], drops[k], 5) for k in range(4)))
        return wide[-1]

    def features(self, x: Tensor) -> Tensor:
        """Return features `[B, channels of the last block]`."""
        return self.net(x).mean((2, 3))
