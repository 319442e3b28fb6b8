"""GINE: graph isomorphism network with bond features (Hu et al., arXiv 1905.12265, section 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from weft.data.base import Batch
from weft.encoders.atoms import ATOM_WIDTH, BOND_WIDTH, atom_rows, bond_rows, graph_of, kinds
from weft.encoders.base import Encoder
from weft.encoders.blocks import MLP, RowNorm
from weft.encoders.operators import GINEConv
from weft.encoders.sums import IndexSum, counts
from weft.errors import UserError


class GINEEncoder(Encoder):
    """`layers` times x_i <- act(BN(MLP((1 + eps) x_i + sum_j relu(x_j + W e_ij)))), then the sum or mean.

    The last layer has no relu, as in the authors' code.

    Args:
        widths: not read, graphs have no width.
        dim: width of atoms and of embeddings.
        layers: number of layers, at least 1.
        dropout: share of units dropped in training after each layer.
        pool: how atoms make a molecule, `mean` (as in the paper) or `sum`.

    Raises:
        UserError: for no layer or an unknown pool.

    Shape:
        a batch of `B` graphs to `[B, dim]`.
    """

    needs: ClassVar[tuple[str, ...]] = ("graph",)

    def __init__(
        self,
        widths: Mapping[str, int],  # noqa: ARG002 - graphs have none
        dim: int,
        layers: int = 3,
        dropout: float = 0.0,
        pool: str = "mean",
    ) -> None:
        super().__init__()
        if layers < 1 or pool not in ("mean", "sum"):
            raise UserError(
                f"got layers={layers}, pool={pool!r}; expected 1 or more, mean or sum", where="encoder gine"
            )
        self.dim, self.pool = dim, pool
        self.atom = nn.Linear(ATOM_WIDTH, dim)
        self.bonds = nn.ModuleList(nn.Linear(BOND_WIDTH, dim) for _ in range(layers))
        self.convs = nn.ModuleList(GINEConv(MLP(dim, dim, dim), train_eps=True) for _ in range(layers))
        self.norms = nn.ModuleList(RowNorm(dim) for _ in range(layers))
        self.dropout = nn.Dropout(dropout)

    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, dim]`."""
        graph = graph_of(batch)
        codes, _, spread = kinds(graph.atom)
        x = spread(self.atom(atom_rows(codes, self.dtype)))
        bond_codes, _, spread = kinds(graph.bond)
        rows = bond_rows(bond_codes, self.dtype)
        ends = torch.stack([graph.src, graph.dst])
        for i, (bond, conv, norm) in enumerate(zip(self.bonds, self.convs, self.norms, strict=True)):
            x = norm(conv(x, ends, spread(bond(rows))))
            x = self.dropout(x if i == len(self.convs) - 1 else x.relu())
        h = IndexSum.segments(graph.graph, graph.n_graphs)(x)
        if self.pool == "sum":
            return h
        return h / counts(graph.graph, graph.n_graphs).clamp(min=1)[:, None]
