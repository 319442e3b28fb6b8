"""The small interface of encoders: a batch of data in, embeddings `[B, D]` out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weft.data.base import Batch, Inputs
from weft.errors import UserError
from weft.registry import registered

#: Name -> module and class. A new encoder is one file and one line here.
REGISTRY: dict[str, str] = {
    "metalink": "weft.encoders.metalink:MetaLinkEncoder",
    "dmpnn": "weft.encoders.dmpnn:DMPNNEncoder",
    "mpnn": "weft.encoders.mpnn:MPNNEncoder",
    "attentivefp": "weft.encoders.attentive_fp:AttentiveFPEncoder",
    "mgcn": "weft.encoders.mgcn:MGCNEncoder",
    "gine": "weft.encoders.gine:GINEEncoder",
    "fingerprint": "weft.encoders.fingerprint:FingerprintEncoder",
    "vectors": "weft.encoders.vectors:VectorEncoder",
    "mlp": "weft.encoders.vectors:VectorEncoder",
    "words": "weft.encoders.words:WordEncoder",
    "conv4": "weft.encoders.images.conv4:Conv4Encoder",
    "resnet12": "weft.encoders.images.resnet12:ResNet12Encoder",
    "resnet-small": "weft.encoders.images.resnet_small:SmallResNetEncoder",
    "fusion": "weft.encoders.fusion:FusionEncoder",
    "grover": "weft.encoders.grover.encoder:GroverEncoder",
}


class Encoder(nn.Module, ABC):
    """Data to embeddings.

    Attributes:
        needs: the feature kinds it reads (`graph`, `morgan`, `descriptors`, `vectors`, `images`, `words`, ...).
        dim: width `D` of its embeddings.
        chunk: data embedded at once outside training.
    """

    needs: ClassVar[tuple[str, ...]]
    chunk: ClassVar[int] = 512
    dim: int

    @abstractmethod
    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, D]` of the type of the weights and of the batch: float32, or float64 in training."""

    @property
    def dtype(self) -> torch.dtype:
        """Type of the weights, float32 or float64: what is made of codes must be of it."""
        return next(self.parameters()).dtype

    def fit_scalers(self, inputs: Inputs, rows: Tensor) -> None:
        """Set fixed input scalers (buffers) from the training `rows`; graphs need none."""

    def load_pretrained(self, path: Path) -> None:
        """Take weights trained before from a file or folder.

        Raises:
            UserError: when the encoder takes none, or not those.
        """
        raise UserError("this encoder takes no weights", where=str(path), mend="Use --encoder grover.")

    def pretrained(self) -> list[nn.Parameter]:
        """Return the parameters that `load_pretrained` sets, which fine-tuning changes by smaller steps."""
        return []


def build_encoder(name: str, widths: Mapping[str, int], dim: int, **options: Any) -> Encoder:
    """Make an encoder by its registered name.

    Args:
        name: one of `REGISTRY`.
        widths: number of features of each dense kind the data gives; `channels`, `height` and `width` of images.
        dim: width of the embeddings.
        options: the encoder's own options.

    Raises:
        UserError: for an unknown name.
    """
    make: Callable[..., Encoder] = encoder_class(name)
    return make(widths=widths, dim=dim, **options)


def encoder_class(name: str) -> type[Encoder]:
    """Return the encoder registered under `name`; its `needs` tell which features it reads.

    Raises:
        UserError: for an unknown name.
    """
    return registered("encoder", name, REGISTRY)


def one_hot_rows(codes: Tensor, offsets: Tensor, width: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Expand categorical codes to concatenated one-hot rows.

    Args:
        codes: integer `[M, F]`, code of each field.
        offsets: int64 `[F]`, first column of each field.
        width: total number of columns.
        dtype: type of the rows.

    Returns:
        `[M, width]` with `F` ones per row.
    """
    rows = torch.zeros(len(codes), width, device=codes.device, dtype=dtype)
    return rows.scatter_(1, codes.long() + offsets, 1.0)
