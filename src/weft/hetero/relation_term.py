"""What the relation itself adds to the attention between two nodes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from weft.data.hetero import Relation
from weft.hetero.starts import xavier
from weft.hetero.topology import Schema


class RelationTerm(nn.Module):
    """What a relation adds to the logits of its edges: a number per head, `c_r`, or `a_e . (E_r W_e)`."""

    def __init__(self, schema: Schema, heads: int, dim: int) -> None:
        super().__init__()
        self.relations, n = schema.relations, len(schema.relations)
        self.number = None if dim else nn.Parameter(torch.zeros(heads, n))
        self.embed = nn.Parameter(xavier(heads, n, dim)) if dim else None
        self.turn = nn.Parameter(xavier(heads, dim, dim)) if dim else None
        self.read = nn.Parameter(xavier(heads, 1, dim)[:, 0]) if dim else None

    def forward(self) -> dict[Relation, Tensor]:
        """Return relation -> `[K]`."""
        number = self.number
        if number is None:
            number = torch.einsum("krd,kde,ke->kr", self.embed, self.turn, self.read)
        return dict(zip(self.relations, number.unbind(1), strict=True))
