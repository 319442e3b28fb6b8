"""MPNN: edge-conditioned messages, GRU updates and a Set2Set read-out (Gilmer et al., arXiv 1704.01212)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.data.base import Batch
from weft.encoders.atoms import ATOM_WIDTH, BOND_WIDTH, atom_rows, bond_rows, graph_of, kinds
from weft.encoders.base import Encoder
from weft.encoders.operators import Set2Set
from weft.encoders.sums import IndexSum
from weft.errors import UserError


class _EdgeConv(nn.Module):
    """`m_i = W x_i + b + sum over neighbours j of A(e_ij) x_j`, A an MLP that gives a matrix.

    The same map as PyG's `NNConv`, but A is computed once per kind of bond (a batch has a dozen) instead of
    once per bond, which would fill `[E, D, D]`.
    """

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.dim = dim
        self.edge = nn.Sequential(nn.Linear(BOND_WIDTH, hidden), nn.ReLU(), nn.Linear(hidden, dim * dim))
        self.root = nn.Linear(dim, dim)

    def matrices(self, codes: Tensor) -> Tensor:
        """Return A of bond codes uint8 `[K, 4]`, `[K, D, D]`."""
        return self.edge(bond_rows(codes, self.root.weight.dtype)).view(-1, self.dim, self.dim)

    def forward(self, x: Tensor, near: IndexSum, into: IndexSum, counts: list[int], matrices: Tensor) -> Tensor:
        """Return messages `[A, D]`; `near` gathers the bonds' atoms sorted by kind, `counts` bonds each."""
        parts = near(x).split(counts)
        messages = [part @ a for part, a in zip(parts, matrices.unbind(0), strict=True)]
        return self.root(x) + into(torch.cat([*messages, x[:0]]))


class MPNNEncoder(Encoder):
    """`steps` rounds of edge-conditioned messages into a GRU, then Set2Set and a hidden layer.

    x_i^0 = relu(W a_i); m_i = relu(EdgeConv(x)_i); x_i <- GRU(m_i, x_i); h = MLP(Set2Set(x)).

    Args:
        widths: not read, graphs have no width.
        dim: width of the embeddings.
        hidden: width of the atoms.
        steps: rounds of messages.
        readout_steps: rounds of the Set2Set attention.

    Raises:
        UserError: for less than one step.

    Shape:
        a batch of `B` graphs to `[B, dim]`.
    """

    needs: ClassVar[tuple[str, ...]] = ("graph",)

    def __init__(
        self,
        widths: Mapping[str, int],  # noqa: ARG002 - graphs have none
        dim: int,
        hidden: int = 64,
        steps: int = 3,
        readout_steps: int = 3,
    ) -> None:
        super().__init__()
        if min(steps, readout_steps) < 1:
            raise UserError("steps and readout_steps must be at least 1", where="encoder mpnn")
        self.dim, self.steps = dim, steps
        self.atom = nn.Linear(ATOM_WIDTH, hidden)
        self.conv = _EdgeConv(hidden, 128)
        self.update = nn.GRUCell(hidden, hidden)
        self.readout = Set2Set(hidden, readout_steps)
        self.out = nn.Sequential(nn.Linear(2 * hidden, dim), nn.ReLU(), nn.Linear(dim, dim))

    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, dim]`."""
        graph = graph_of(batch)
        codes, _, spread = kinds(graph.atom)
        x = spread(F.relu(self.atom(atom_rows(codes, self.dtype))))
        bond_codes, bond_kind, _ = kinds(graph.bond, always=True)
        order = torch.argsort(bond_kind, stable=True)
        near = IndexSum.gather(graph.src[order], len(x))
        into = IndexSum.segments(graph.dst[order], len(x))
        counts = torch.bincount(bond_kind, minlength=len(bond_codes)).tolist()
        matrices = self.conv.matrices(bond_codes)
        for _ in range(self.steps):
            x = self.update(F.relu(self.conv(x, near, into, counts, matrices)), x)
        return self.out(self.readout(x, graph.graph, dim_size=graph.n_graphs))
