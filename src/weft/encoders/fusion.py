"""A graph encoder beside fingerprints and descriptors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weft.data.base import Batch, Inputs
from weft.encoders.base import Encoder, build_encoder
from weft.encoders.blocks import PReLU, RowNorm
from weft.encoders.fingerprint import FingerprintEncoder
from weft.errors import UserError


class FusionEncoder(Encoder):
    """Embeddings of a graph and of fingerprints, side by side, through BN, PReLU, dropout and Linear.

    Each half is normalised by itself, so neither outweighs the other by the scale of its numbers.

    Args:
        widths: number of columns of `morgan` and `descriptors`.
        dim: width of the embeddings and of both halves.
        graph: registered name of an encoder that reads graphs only.
        graph_options: options of that encoder.
        hidden: width of the fingerprint encoder's hidden layer.
        dropout: share of units dropped in training, in the fingerprint encoder's hidden layer and where the
            halves meet.
        input_dropout: share of fingerprint and descriptor columns dropped in training.

    Raises:
        UserError: when `graph` does not name a graph encoder.

    Shape:
        graphs and dense features of `B` data to `[B, dim]`.
    """

    needs: ClassVar[tuple[str, ...]] = ("graph", "morgan", "descriptors")

    def __init__(
        self,
        widths: Mapping[str, int],
        dim: int,
        graph: str = "metalink",
        graph_options: Mapping[str, Any] | None = None,
        hidden: int = 512,
        dropout: float = 0.5,
        input_dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.dim = dim
        self.graph = build_encoder(graph, widths, dim, **dict(graph_options or {}))
        if self.graph.needs != ("graph",):
            raise UserError(f"{graph!r} does not read graphs only", where="encoder fusion", mend="Use e.g. 'metalink'.")
        self.flat = FingerprintEncoder(widths, dim, hidden, dropout=dropout, input_dropout=input_dropout)
        self.join = nn.Sequential(RowNorm(2 * dim), PReLU(), nn.Dropout(dropout), nn.Linear(2 * dim, dim))

    def fit_scalers(self, inputs: Inputs, rows: Tensor) -> None:
        """Set the scalers of both halves from the training `rows`."""
        self.graph.fit_scalers(inputs, rows)
        self.flat.fit_scalers(inputs, rows)

    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, dim]`."""
        return self.join(torch.cat([self.graph(batch), self.flat(batch)], 1))
