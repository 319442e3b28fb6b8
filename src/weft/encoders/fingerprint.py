"""An MLP on Morgan counts and RDKit descriptors."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from weft.data.base import Batch, Inputs
from weft.encoders.base import Encoder
from weft.encoders.blocks import PReLU, RowNorm
from weft.encoders.scalers import LogCounts, Standardise
from weft.errors import UserError


class FingerprintEncoder(Encoder):
    """Log counts and standardised descriptors through hidden layers of Linear, BN, PReLU and dropout.

    It reads those of its kinds that the data gives.

    Args:
        widths: number of columns of `morgan` and of `descriptors`; one of them may be missing.
        dim: width of the embeddings.
        hidden: width of the hidden layers.
        layers: number of hidden layers, at least 1.
        dropout: share of hidden units dropped in training.
        input_dropout: share of input columns dropped in training. Two thousand sparse counts are learnt by
            heart within a few epochs; dropping some of them is what a forest does by drawing columns.

    Raises:
        UserError: when the data gives neither kind.

    Shape:
        `morgan` `[B, M]` and `descriptors` `[B, K]` to `[B, dim]`.
    """

    needs: ClassVar[tuple[str, ...]] = ("morgan", "descriptors")

    def __init__(
        self,
        widths: Mapping[str, int],
        dim: int,
        hidden: int = 512,
        layers: int = 1,
        dropout: float = 0.5,
        input_dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.dim = dim
        self.kinds = [kind for kind in self.needs if kind in widths]
        if not self.kinds:
            raise UserError(
                "the data has neither Morgan counts nor descriptors", where=f"encoder {type(self).__name__}"
            )
        makers = {"morgan": LogCounts, "descriptors": Standardise}
        self.scalers = nn.ModuleDict({kind: makers[kind](widths[kind]) for kind in self.kinds})
        self.drop = nn.Dropout(input_dropout)
        self.net = perceptron(sum(widths[kind] for kind in self.kinds), hidden, dim, layers, dropout)

    def fit_scalers(self, inputs: Inputs, rows: Tensor) -> None:
        """Set the scalers from the training `rows`."""
        for kind in self.kinds:
            scaler = self.scalers[kind]
            if isinstance(scaler, LogCounts | Standardise):
                scaler.fit(inputs.dense[kind], rows)

    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, dim]`."""
        x = torch.cat([self.scalers[kind](batch.dense[kind]) for kind in self.kinds], 1)
        return self.net(self.drop(x))


def perceptron(n_in: int, hidden: int, n_out: int, layers: int, dropout: float) -> nn.Sequential:
    """Return `layers` times Linear, BN, PReLU, dropout, and a last Linear.

    Raises:
        UserError: for less than one hidden layer.
    """
    if layers < 1:
        raise UserError(f"layers is {layers}, expected at least 1", where="encoder option layers")
    widths = [n_in, *[hidden] * layers]
    parts: list[nn.Module] = []
    for a, b in pairwise(widths):
        parts += [nn.Linear(a, b, bias=False), RowNorm(b), PReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*parts, nn.Linear(hidden, n_out))
