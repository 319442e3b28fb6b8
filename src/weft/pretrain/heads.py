"""Small networks from GROVER's states to what pretraining asks (arXiv 2007.02835, section 4.2).

The paper asks with "a very simple model", one linear layer, so that what is learnt stays in the encoder. Each of the
encoder's four outputs has heads of its own, as in the released code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from weft.encoders.sums import counts
from weft.pretrain.motifs import MOTIFS

if TYPE_CHECKING:
    from weft.encoders.grover.transformer import GroverStates
    from weft.pretrain.block import Sample

VIEWS = ("atom", "bond")


@dataclass(frozen=True, eq=False)
class Answers:
    """What the heads say; of every pair the first is from the view of atoms, the second from that of bonds.

    Attributes:
        atom: log-probabilities `[A, V]` of atoms' contexts, twice.
        bond: log-probabilities `[E / 2, W]` of bonds' contexts, twice.
        motif: logits `[B, 85]`: over atoms from both views, then over bonds from both views.
    """

    atom: tuple[Tensor, Tensor]
    bond: tuple[Tensor, Tensor]
    motif: tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]


class BondHead(nn.Module):
    """Classes of a bond from its two directed states, each through a layer of its own (as the released code).

    Shape:
        `[E, D]` to `[E / 2, W]`.
    """

    def __init__(self, dim: int, classes: int) -> None:
        super().__init__()
        self.there, self.back = nn.Linear(dim, classes), nn.Linear(dim, classes)

    def forward(self, states: Tensor) -> Tensor:
        """Return logits."""
        return self.there(states[::2]) + self.back(states[1::2])


class PretrainHeads(nn.Module):
    """The heads of all four outputs.

    Args:
        dim: width `D` of the states.
        atom_classes: number of contexts of atoms, `V`.
        bond_classes: number of contexts of bonds, `W`.
    """

    def __init__(self, dim: int, atom_classes: int, bond_classes: int) -> None:
        super().__init__()
        self.atom = nn.ModuleDict({f"from_{view}": nn.Linear(dim, atom_classes) for view in VIEWS})
        self.bond = nn.ModuleDict({f"from_{view}": BondHead(dim, bond_classes) for view in VIEWS})
        outputs = [f"{what}_from_{view}" for what in VIEWS for view in VIEWS]
        self.motif = nn.ModuleDict({name: nn.Linear(dim, len(MOTIFS)) for name in outputs})

    def forward(self, states: GroverStates, sample: Sample) -> Answers:
        """Return the answers for the molecules of a step."""
        atoms, _ = sample.owner()
        bonds, n = atoms.index_select(0, sample.graph.src), sample.graph.n_graphs
        return Answers(
            self._contexts("atom", states),
            self._contexts("bond", states),
            (self._motifs("atom", states, atoms, n), self._motifs("bond", states, bonds, n)),
        )

    def _contexts(self, what: str, states: GroverStates) -> tuple[Tensor, Tensor]:
        heads = self.atom if what == "atom" else self.bond
        a, b = (torch.log_softmax(heads[f"from_{view}"](_state(states, what, view)), 1) for view in VIEWS)
        return a, b

    def _motifs(self, what: str, states: GroverStates, owner: Tensor, n: int) -> tuple[Tensor, Tensor]:
        read = ((view, mean_over(_state(states, what, view), owner, n)) for view in VIEWS)
        a, b = (self.motif[f"{what}_from_{view}"](x) for view, x in read)
        return a, b


def _state(states: GroverStates, what: str, view: str) -> Tensor:
    return getattr(states, f"{what}_from_{view}")


def mean_over(states: Tensor, owner: Tensor, n: int) -> Tensor:
    """Return the mean state of each molecule, `[n, D]`; zeros for one without any.

    Args:
        states: `[M, D]`, of atoms or bonds.
        owner: int64 `[M]`, the molecule of each.
        n: number of molecules.
    """
    total = states.new_zeros(n, states.shape[1]).index_add(0, owner, states)
    return total / counts(owner, n).clamp(min=1)[:, None]
