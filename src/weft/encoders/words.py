"""Texts by their words: hashed counts, weighed by how rare a word is, through an MLP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.data.base import Batch, Inputs
from weft.encoders.base import Encoder
from weft.encoders.fingerprint import perceptron
from weft.errors import UserError


class WordEncoder(Encoder):
    """TF-IDF of hashed word counts, then hidden layers of Linear, BN, PReLU and dropout.

    x_j = log(1 + count_j) * idf_j, idf_j = log((1 + n) / (1 + n_j)) + 1 with n training texts, n_j of which have
    word j (Spärck Jones 1972, as scikit-learn smooths it); each text is then scaled to length 1.

    Args:
        widths: number of columns of `words`.
        dim: width of the embeddings.
        hidden: width of the hidden layers.
        layers: number of hidden layers, at least 1.
        dropout: share of hidden units dropped in training.
        input_dropout: share of words dropped in training.

    Raises:
        UserError: when the data have no texts.

    Shape:
        `words` `[B, W]` to `[B, dim]`.
    """

    needs: ClassVar[tuple[str, ...]] = ("words",)
    idf: Tensor

    def __init__(
        self,
        widths: Mapping[str, int],
        dim: int,
        hidden: int = 256,
        layers: int = 1,
        dropout: float = 0.3,
        input_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if "words" not in widths:
            raise UserError("the data have no texts", where="encoder words", mend="Give texts or another encoder.")
        self.dim = dim
        self.register_buffer("idf", torch.ones(widths["words"]))
        self.drop = nn.Dropout(input_dropout)
        self.net = perceptron(widths["words"], hidden, dim, layers, dropout)

    def fit_scalers(self, inputs: Inputs, rows: Tensor) -> None:
        """Count in how many of the training `rows` each word stands."""
        words = inputs.dense["words"]
        has = torch.zeros(words.shape[1], dtype=torch.float64)
        for part in rows.split(4096):
            has += (words[part] > 0).sum(0)
        self.idf.copy_(torch.log((1 + len(rows)) / (1 + has)) + 1)

    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, dim]`."""
        x = F.normalize(torch.log1p(batch.dense["words"]) * self.idf, dim=1)
        return self.net(self.drop(x) * x.shape[1] ** 0.5)
