"""Precomputed vectors, such as another model's embeddings, as they are or through an MLP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from weft.data.base import Batch, Inputs
from weft.encoders.base import Encoder
from weft.encoders.fingerprint import perceptron
from weft.encoders.scalers import Standardise
from weft.errors import UserError


class VectorEncoder(Encoder):
    """Standardised vectors, then hidden layers of Linear, BN, PReLU and dropout, or nothing.

    Args:
        widths: number of columns of `vectors`.
        dim: width of the embeddings.
        hidden: width of the hidden layers.
        layers: number of hidden layers; 0 passes the vectors on, `dim` must then be their width.
        dropout: share of hidden units dropped in training.
        standardise: whether columns are scaled by the training rows first.

    Raises:
        UserError: when the data has no vectors, or `dim` is not their width where nothing changes it.

    Shape:
        `vectors` `[B, V]` to `[B, dim]`.
    """

    needs: ClassVar[tuple[str, ...]] = ("vectors",)

    def __init__(
        self,
        widths: Mapping[str, int],
        dim: int,
        hidden: int = 256,
        layers: int = 1,
        dropout: float = 0.0,
        standardise: bool = True,
    ) -> None:
        super().__init__()
        if "vectors" not in widths:
            raise UserError("the data has no vectors", where="encoder vectors", mend="Give vectors or another encoder.")
        width = widths["vectors"]
        if layers == 0 and dim != width:
            raise UserError(f"dim is {dim}, the vectors have {width} columns", mend=f"Use dim={width} or layers=1.")
        self.dim = dim
        self.scaler = Standardise(width) if standardise else None
        self.net = perceptron(width, hidden, dim, layers, dropout) if layers else nn.Identity()

    def fit_scalers(self, inputs: Inputs, rows: Tensor) -> None:
        """Set the scaler from the training `rows`."""
        if self.scaler is not None:
            self.scaler.fit(inputs.dense["vectors"], rows)

    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, dim]`."""
        x = batch.dense["vectors"]
        return self.net(x if self.scaler is None else self.scaler(x))
