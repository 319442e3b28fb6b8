"""D-MPNN: message passing on directed bonds (Yang et al., J. Chem. Inf. Model. 2019, arXiv 1904.01561)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.data.base import Batch
from weft.encoders.atoms import ATOM_WIDTH, BOND_WIDTH, Kinds, atom_rows, bond_rows, graph_of, kinds
from weft.encoders.base import Encoder
from weft.encoders.sums import IndexSum, counts
from weft.errors import UserError

if TYPE_CHECKING:
    from weft.data.store import GraphBatch

AGGREGATIONS = ("norm", "mean", "sum")


class DMPNNEncoder(Encoder):
    """Messages on directed bonds that never run straight back, as chemprop computes them.

    For bond v -> w with atom row x_v and bond row e_vw:
    h0_vw = W_i [x_v; e_vw] and h_vw = relu(h0_vw) (eq. 1); `depth - 1` times
    m_vw = sum over k -> v, k not w, of h_kv and h_vw <- relu(h0_vw + W_h m_vw) (eqs. 2, 3);
    atoms a_v = relu(W_o [x_v; sum over k -> v of h_kv] + b) (eqs. 4, 5), summed over the molecule.

    Args:
        widths: not read, graphs have no width.
        dim: width of bonds, atoms and embeddings.
        depth: number of bond states, at least 1; as in chemprop, 3.
        dropout: share of units dropped in training after each update.
        aggregation: over atoms, `mean`, `sum` or `norm` (sum / `norm`). chemprop defaults to `norm` with a
            hidden layer behind it; read directly its embeddings are too small to train well.
        norm: divisor of the `norm` aggregation.

    Raises:
        UserError: for an unknown aggregation or no depth.

    Shape:
        a batch of `B` graphs to `[B, dim]`.
    """

    needs: ClassVar[tuple[str, ...]] = ("graph",)

    def __init__(
        self,
        widths: Mapping[str, int],  # noqa: ARG002 - graphs have none
        dim: int,
        depth: int = 3,
        dropout: float = 0.0,
        aggregation: str = "mean",
        norm: float = 100.0,
    ) -> None:
        super().__init__()
        if depth < 1:
            raise UserError(f"depth is {depth}, expected at least 1", where="encoder dmpnn")
        if aggregation not in AGGREGATIONS:
            raise UserError(f"aggregation is {aggregation!r}, expected one of {AGGREGATIONS}", where="encoder dmpnn")
        self.dim, self.depth, self.aggregation, self.norm = dim, depth, aggregation, norm
        self.w_i = nn.Linear(ATOM_WIDTH + BOND_WIDTH, dim, bias=False)
        self.w_h = nn.Linear(dim, dim, bias=False)
        self.w_o = nn.Linear(ATOM_WIDTH + dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, dim]`."""
        graph = graph_of(batch)
        n = len(graph.atom)
        found = kinds(graph.atom)
        atoms = atom_rows(found.codes, self.dtype)
        into, out = IndexSum.segments(graph.dst, n), IndexSum.gather(graph.src, n)
        h = self._states(*self._start(graph, atoms, found, out), into, out)
        w_x, w_m = self.w_o.weight.split([ATOM_WIDTH, self.dim], 1)
        a = found.spread(F.linear(atoms, w_x, self.w_o.bias)) + F.linear(into(h), w_m)
        return self._pool(self.dropout(F.relu(a)), graph)

    def _start(self, graph: GraphBatch, atoms: Tensor, found: Kinds, out: IndexSum) -> tuple[Tensor, IndexSum]:
        """Return h0 of every kind of bond, `[P, D]`, and the map from kinds to bonds."""
        if found.spread.is_same:
            w_x, w_e = self.w_i.weight.split([ATOM_WIDTH, BOND_WIDTH], 1)
            return out(F.linear(atoms, w_x)) + F.linear(bond_rows(graph.bond, self.dtype), w_e), found.spread
        rows, row = _bond_kinds(graph, atoms, found.of)
        return self.w_i(rows), IndexSum.gather(row, len(rows))

    def _states(self, start: Tensor, spread: IndexSum, into: IndexSum, out: IndexSum) -> Tensor:
        """Return the last bond states, `[E, D]`, from h0 of every kind of bond."""
        if self.depth == 1:
            return spread(F.relu(start))
        h = h0 = spread(start)
        # W_h of a sum is the sum of W_h: the first product is taken once per kind of bond.
        message = _around(spread(self.w_h(F.relu(start))), into, out)
        for step in range(self.depth - 1):
            h = self.dropout(F.relu(h0 + message))
            if step < self.depth - 2:
                message = self.w_h(_around(h, into, out))
        return h

    def _pool(self, a: Tensor, graph: GraphBatch) -> Tensor:
        total = IndexSum.segments(graph.graph, graph.n_graphs)(a)
        if self.aggregation == "mean":
            return total / counts(graph.graph, graph.n_graphs).clamp(min=1)[:, None]
        return total / self.norm if self.aggregation == "norm" else total


def _around(h: Tensor, into: IndexSum, out: IndexSum) -> Tensor:
    """Return for each bond v -> w the sum of h over the bonds k -> v, k not w; `[E, D]`."""
    reverse = h.unflatten(0, (-1, 2)).flip(1).flatten(0, 1)
    return out(into(h)) - reverse


def _bond_kinds(graph: GraphBatch, atoms: Tensor, kind: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distinct [x_v; e_vw], `[P, ATOM_WIDTH + BOND_WIDTH]`, and which each bond has, int64 `[E]`."""
    codes, bond_kind, _ = kinds(graph.bond)
    many = max(len(codes), 1)
    distinct, row = torch.unique(kind[graph.src] * many + bond_kind, return_inverse=True)
    return torch.cat([atoms[distinct // many], bond_rows(codes, atoms.dtype)[distinct % many]], 1), row
