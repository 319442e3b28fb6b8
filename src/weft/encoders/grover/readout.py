"""From states of atoms to one vector per molecule: their mean, or self-attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from weft.encoders.sums import IndexSum, counts
from weft.errors import UserError, nearest

READOUTS = ("mean", "attention")


class MeanReadout(nn.Module):
    """Mean over a molecule's atoms, the release's default; zeros for a molecule without atoms."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.width = hidden

    def forward(self, states: Tensor, owner: Tensor, n_graphs: int) -> Tensor:
        """Return `[B, D]`."""
        count = counts(owner, n_graphs).clamp(min=1)
        return IndexSum.segments(owner, n_graphs)(states) / count[:, None]


class AttentionReadout(nn.Module):
    """`R` weighted means over a molecule's atoms, side by side (Rong et al., arXiv 2007.02835, section 4.3).

    `S = softmax(W_2 tanh(W_1 H^T))` over the atoms of a molecule, and `flatten(S H)`.

    Args:
        hidden: width `D` of states.
        inner: rows of `W_1`.
        rows: rows `R` of `W_2`.
    """

    def __init__(self, hidden: int, inner: int = 128, rows: int = 4) -> None:
        super().__init__()
        self.width = rows * hidden
        self.w_1, self.w_2 = nn.Linear(hidden, inner, bias=False), nn.Linear(inner, rows, bias=False)

    def forward(self, states: Tensor, owner: Tensor, n_graphs: int) -> Tensor:
        """Return `[B, R D]`."""
        score = self.w_2(torch.tanh(self.w_1(states)))
        index = owner[:, None].expand_as(score)
        lowest = score.new_full((n_graphs, score.shape[1]), -torch.inf)
        peak = lowest.scatter_reduce(0, index, score.detach(), "amax", include_self=True)
        weight = (score - peak.index_select(0, owner)).exp()
        over_atoms = IndexSum.segments(owner, n_graphs)
        weight = weight / over_atoms(weight).index_select(0, owner)
        return over_atoms((weight[:, :, None] * states[:, None]).flatten(1))


def make_readout(name: str, hidden: int) -> MeanReadout | AttentionReadout:
    """Return a read-out by name.

    Raises:
        UserError: for an unknown name.
    """
    if name not in READOUTS:
        raise UserError(f"there is no read-out {name!r}", where="encoder grover", mend=nearest(name, READOUTS))
    return MeanReadout(hidden) if name == "mean" else AttentionReadout(hidden)
