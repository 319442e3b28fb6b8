"""Conv-4, the small network of the few-shot literature (Vinyals et al., arXiv 1606.04080; Snell et al., 1703.05175)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from weft.encoders.blocks import MapNorm
from weft.encoders.images.base import ImageEncoder

#: Channels of each block.
_WIDTH = 64


def _block(n_in: int, n_out: int) -> nn.Sequential:
    conv = nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)
    return nn.Sequential(conv, MapNorm(n_out), nn.ReLU(), nn.MaxPool2d(2))


class Conv4Encoder(ImageEncoder):
    """Four times: 3 x 3 convolution of 64 channels, batch normalisation, ReLU, 2 x 2 max pooling; then flattened.

    Images of 28 x 28 give 64 features, of 84 x 84 1600, as in the papers.

    Args:
        widths: see `ImageEncoder`, as the other arguments.
        dim: width of the embeddings; 0 takes the features.
        augmentations: in training.
        hidden: channels of each block; the papers have 64.
    """

    def __init__(
        self,
        widths: Mapping[str, int],
        dim: int,
        augmentations: Sequence[str] | None = None,
        hidden: int = _WIDTH,
    ) -> None:
        self._hidden = hidden
        super().__init__(widths, dim, augmentations)

    def build(self, channels: int) -> int:
        """Make the blocks."""
        n = self._hidden
        self.net = nn.Sequential(_block(channels, n), *(_block(n, n) for _ in range(3)))
        return n * (self.height // 16) * (self.width // 16)

    def features(self, x: Tensor) -> Tensor:
        """Return features `[B, 64 * (H // 16) * (W // 16)]`."""
        return self.net(x).flatten(1)
