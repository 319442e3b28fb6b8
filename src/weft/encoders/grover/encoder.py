"""GROVER as an encoder to fine-tune: states of atoms from both views, read out, with molecule-level descriptors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weft.data.base import Batch, Inputs
from weft.encoders.base import Encoder
from weft.encoders.blocks import PReLU
from weft.encoders.grover.config import GroverConfig, size
from weft.encoders.grover.graph import GroverGraph
from weft.encoders.grover.readout import make_readout
from weft.encoders.grover.transformer import GTransformer
from weft.encoders.grover.weights import read_weights
from weft.encoders.scalers import Standardise

#: States that fine-tuning reads, as the release does.
_VIEWS = ("atom_from_atom", "atom_from_bond")


class GroverEncoder(Encoder):
    """GTransformer, a read-out that both views share, and a two-layer network for each (arXiv 2007.02835, section 4.3).

    The descriptors of a molecule (RDKit's, standardised by the training rows) stand beside each view's read-out. The
    embedding is the mean of what the two networks say. The release averages the two views' predictions instead, and
    adds their squared difference to the loss; under a linear head the former is the same, the latter is not done.

    Args:
        widths: number of `descriptors`; without them the states stand alone.
        dim: width of embeddings.
        shape: fields of a `GroverConfig`; None takes those of `named`.
        named: a name of `weft.encoders.grover.config.SIZES`.
        readout: `mean`, the release's default, or `attention`.
        hidden: width of the two networks' hidden layers; None for that of the states.

    Raises:
        UserError: for an unknown size, field or read-out.

    Shape:
        a batch of `B` graphs to `[B, dim]`.
    """

    needs: ClassVar[tuple[str, ...]] = ("graph", "grover", "descriptors")
    chunk: ClassVar[int] = 64

    def __init__(
        self,
        widths: Mapping[str, int],
        dim: int,
        shape: Mapping[str, Any] | None = None,
        named: str = "grover-small",
        readout: str = "mean",
        hidden: int | None = None,
    ) -> None:
        super().__init__()
        config = size(named) if shape is None else GroverConfig(**shape)
        self.dim = dim
        self.transformer = GTransformer(config, _VIEWS)
        self.readout = make_readout(readout, config.hidden)
        self.scaler = Standardise(widths["descriptors"]) if "descriptors" in widths else None
        width = self.readout.width + widths.get("descriptors", 0)
        inner = hidden or config.hidden
        self.views = nn.ModuleDict({view: _network(width, inner, dim, config.dropout) for view in _VIEWS})

    def load_pretrained(self, path: Path) -> None:
        """Take the transformer's weights from a file or folder."""
        read_weights(path).load_into(self.transformer)

    def pretrained(self) -> list[nn.Parameter]:
        """Return the transformer's parameters."""
        return list(self.transformer.parameters())

    def fit_scalers(self, inputs: Inputs, rows: Tensor) -> None:
        """Set the scaler of descriptors from the training `rows`."""
        if self.scaler is not None:
            self.scaler.fit(inputs.dense["descriptors"], rows)

    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, dim]`."""
        graph = GroverGraph.of(batch)
        states = self.transformer(graph)
        beside = [] if self.scaler is None else [self.scaler(batch.dense["descriptors"])]
        found = [
            network(torch.cat([self.readout(getattr(states, view), graph.owner, graph.n_graphs), *beside], 1))
            for view, network in self.views.items()
        ]
        return (found[0] + found[1]) / 2


def _network(width: int, hidden: int, dim: int, dropout: float) -> nn.Sequential:
    first = nn.Dropout(dropout), nn.Linear(width, hidden)
    return nn.Sequential(*first, PReLU(), nn.Dropout(dropout), nn.Linear(hidden, dim))
