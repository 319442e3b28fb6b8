"""MetaLink's own molecule encoder (Cao, You and Leskovec, arXiv 2303.07666, as their code runs it)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.data.base import Batch
from weft.encoders.atoms import ATOM_WIDTH, BOND_WIDTH, Kinds, atom_rows, bond_rows, graph_of, kinds
from weft.encoders.base import Encoder
from weft.encoders.blocks import MLP, PReLU, RowNorm, xavier
from weft.encoders.sums import IndexSum, counts
from weft.errors import UserError

if TYPE_CHECKING:
    from weft.data.store import GraphBatch


@dataclass(frozen=True)
class _Hood:
    """What the layers need of the graphs in a batch, computed once.

    Attributes:
        own: from kinds of atom to atoms.
        near_kinds: from kinds of atom to the sum over an atom's neighbours.
        near: from atoms to the sum over an atom's neighbours.
        degree: number of neighbours, float `[A, 1]`.
        kind_degree: the same of each kind, float `[K, 1]`.
        bonds: sum of an atom's bond rows, float `[A, BOND_WIDTH]`.
    """

    own: IndexSum
    near_kinds: IndexSum
    near: IndexSum
    degree: Tensor
    kind_degree: Tensor
    bonds: Tensor

    @classmethod
    def of(cls, graph: GraphBatch, degree: Tensor, kinds: Kinds, dtype: torch.dtype) -> _Hood:
        n, kind_degree = len(graph.atom), kinds.codes[:, -1]
        bonds = IndexSum.segments(graph.dst, n)(bond_rows(graph.bond, dtype))
        degree, kind_degree = (d.to(bonds.dtype)[:, None] for d in (degree, kind_degree))
        near_kinds = IndexSum(kinds.of[graph.src], graph.dst, len(kind_degree), n)
        return cls(kinds.spread, near_kinds, IndexSum(graph.src, graph.dst, n, n), degree, kind_degree, bonds)


class _SumLayer(nn.Module):
    """`x_i <- PReLU(BN(x_i + sum over neighbours j of W [x_i; x_j; e_ij]))`.

    The sum of a linear map is the map of the sums, `W [deg_i x_i; sum_j x_j; sum_j e_ij]`, so the work is
    per atom and not per bond.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.message = nn.Linear(2 * dim + BOND_WIDTH, dim, bias=False)
        self.norm, self.act = RowNorm(dim), PReLU()

    def forward(self, x: Tensor, hood: _Hood) -> Tensor:
        """Update atom vectors `[A, D]`."""
        sums = torch.cat([hood.degree * x, hood.near(x), hood.bonds], 1)
        return self.act(self.norm(x + self.message(sums)))

    def from_kinds(self, u: Tensor, hood: _Hood) -> Tensor:
        """Return what `forward` makes of `hood.own(u)`, multiplying by W once per kind, `u` `[K, D]`."""
        dim = u.shape[1]
        w_own, w_near, w_bond = self.message.weight.split([dim, dim, BOND_WIDTH], 1)
        own = hood.own(u + hood.kind_degree * F.linear(u, w_own))
        return self.act(self.norm(torch.addmm(own + hood.near_kinds(F.linear(u, w_near)), hood.bonds, w_bond.T)))


class MetaLinkEncoder(Encoder):
    """Sum-aggregating message passing with batch normalisation, a sum read-out and an MLP.

    x_i = PReLU(BN(W a_i)) of atom row a_i; then `layers` times
    x_i <- PReLU(BN(x_i + sum_j W_l [x_i; x_j; e_ij])); h = MLP(sum_i x_i), scaled to length 1.
    Weights start Xavier-uniform with gain sqrt 2. Departs from the authors' code in one thing: each PReLU
    has a slope of its own (there, one object is shared by all layers).

    Args:
        widths: not read, graphs have no width.
        dim: width of atoms and of embeddings.
        layers: number of message passing layers, at least 1.
        unit: whether embeddings have length 1.

    Shape:
        a batch of `B` graphs to `[B, dim]`.
    """

    needs: ClassVar[tuple[str, ...]] = ("graph",)

    def __init__(self, widths: Mapping[str, int], dim: int, layers: int = 2, unit: bool = True) -> None:  # noqa: ARG002
        super().__init__()
        if layers < 1:
            raise UserError(f"layers is {layers}, expected at least 1", where="encoder metalink")
        self.dim, self.unit = dim, unit
        self.atom = nn.Linear(ATOM_WIDTH, dim, bias=False)
        self.norm, self.act = RowNorm(dim), PReLU()
        self.first = _SumLayer(dim)
        self.others = nn.ModuleList(_SumLayer(dim) for _ in range(layers - 1))
        self.readout = MLP(dim, dim, dim)
        xavier(self)

    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, dim]`."""
        graph = graph_of(batch)
        degree = counts(graph.dst, len(graph.atom)).clamp(max=255)  # more than any atom has
        found = kinds(torch.cat([graph.atom, degree.to(torch.uint8)[:, None]], 1))
        u = self.act(self.norm(self.atom(atom_rows(found.codes[:, :-1], self.dtype)), found.counts()))
        hood = _Hood.of(graph, degree, found, self.dtype)
        x = self.first.from_kinds(u, hood)
        for layer in self.others:
            x = layer(x, hood)
        h = self.readout(IndexSum.segments(graph.graph, graph.n_graphs)(x))
        return F.normalize(h, dim=1) if self.unit else h
