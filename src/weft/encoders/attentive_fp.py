"""AttentiveFP: attention over bonds, then over the atoms of a molecule (Xiong et al., J. Med. Chem. 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.data.base import Batch
from weft.encoders.atoms import ATOM_WIDTH, BOND_WIDTH, atom_rows, bond_rows, graph_of, kinds
from weft.encoders.base import Encoder
from weft.encoders.operators import GATConv, GATEConv
from weft.encoders.sums import IndexSum
from weft.errors import UserError


class AttentiveFPEncoder(Encoder):
    """Gated attention layers on atoms, then `timesteps` of attention from the molecule to its atoms.

    PyG's operators in the order of its `AttentiveFP`, which cannot say how many graphs a batch has and so
    drops empty ones at the end.

    Args:
        widths: not read, graphs have no width.
        dim: width of atoms and of embeddings.
        layers: attention layers on atoms, at least 1.
        timesteps: rounds of the read-out.
        dropout: share of units and attention weights dropped in training.

    Raises:
        UserError: for no layer or time step.

    Shape:
        a batch of `B` graphs to `[B, dim]`.
    """

    needs: ClassVar[tuple[str, ...]] = ("graph",)

    def __init__(
        self,
        widths: Mapping[str, int],  # noqa: ARG002 - graphs have none
        dim: int,
        layers: int = 2,
        timesteps: int = 2,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if min(layers, timesteps) < 1:
            raise UserError("layers and timesteps must be at least 1", where="encoder attentivefp")
        self.dim, self.timesteps = dim, timesteps
        self.atom = nn.Linear(ATOM_WIDTH, dim)
        self.bond_conv = GATEConv(dim, dim, BOND_WIDTH, dropout)
        self.convs = nn.ModuleList(_attention(dim, dropout) for _ in range(layers - 1))
        self.grus = nn.ModuleList(nn.GRUCell(dim, dim) for _ in range(layers))
        self.mol_conv, self.mol_gru = _attention(dim, dropout), nn.GRUCell(dim, dim)
        self.dropout, self.out = nn.Dropout(dropout), nn.Linear(dim, dim)

    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, dim]`."""
        graph = graph_of(batch)
        codes, _, spread = kinds(graph.atom)
        x = spread(F.leaky_relu(self.atom(atom_rows(codes, self.dtype))))
        ends = torch.stack([graph.src, graph.dst])
        h = F.elu(self.bond_conv(x, ends, bond_rows(graph.bond, self.dtype)))
        x = self.grus[0](self.dropout(h), x).relu()
        for conv, gru in zip(self.convs, self.grus[1:], strict=True):
            x = gru(self.dropout(F.elu(conv(x, ends))), x).relu()
        return self.out(self.dropout(self._readout(x, graph.graph, graph.n_graphs)))

    def _readout(self, x: Tensor, owner: Tensor, n_graphs: int) -> Tensor:
        membership = torch.stack([torch.arange(len(x), device=x.device), owner])
        h = IndexSum.segments(owner, n_graphs)(x).relu()
        for _ in range(self.timesteps):
            context = F.elu(self.mol_conv((x, h), membership))
            h = self.mol_gru(self.dropout(context), h).relu()
        return h


def _attention(dim: int, dropout: float) -> GATConv:
    return GATConv(dim, dim, dropout=dropout, add_self_loops=False, negative_slope=0.01)
