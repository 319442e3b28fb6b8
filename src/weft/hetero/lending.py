"""Heads of tasks with few labels: they read states as the other tasks' heads do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from weft.hetero.families import Family
from weft.hetero.heads import Head
from weft.tasks import Kind


class Lending(nn.Module):
    """The head of a task i with few labels reads states by `sum over j of c_ij w_j`, w_j the weights of head j.

    Gates bring such a task what its partners' experts found along each relation, in the directions that the partners'
    heads read. A head of its own would have to find these again, among all others, from a handful of labels, and learns
    them by heart. What the task has for itself its own expert can still write into those directions. Nothing that it
    asks changes the heads it borrows from. Lenders are other tasks of one column on the same type of node.

    Args:
        families: the tasks.
        few: those with fewer labels than this borrow.
    """

    borrows: Tensor

    def __init__(self, families: Sequence[Family], few: int) -> None:
        super().__init__()
        self.families, self.few = tuple(families), few
        self.share = nn.Parameter(torch.ones(len(families), len(families)))
        # A number, so that it is stored and averaged with the weights.
        self.register_buffer("borrows", torch.zeros(len(families)))

    def start(self, counts: Sequence[int]) -> None:
        """Decide who borrows, from the number of labels that each family learns from."""
        rich = [count >= self.few for count in counts]
        for at in range(len(self.families)):
            lends = any(rich[other] for other in self._others(at))
            self.borrows[at] = float(not rich[at] and self._single(at) and lends)

    def weight(self, at: int, heads: nn.ModuleList) -> Tensor | None:
        """Return the weights `[1, D]` by which family `at` reads its states; None for its own."""
        if not self.borrows[at]:
            return None
        found: Tensor | None = None
        for other in self._others(at):
            state = cast(Head, heads[other]).state
            if self.borrows[other] or state is None:
                continue
            part = self.share[at, other] * state.weight.detach()
            found = part if found is None else found + part
        return found

    def _single(self, at: int) -> bool:
        return self.families[at].width == 1 and self.families[at].kind is not Kind.MULTICLASS

    def _others(self, at: int) -> list[int]:
        kind = self.families[at].node_type
        return [k for k, f in enumerate(self.families) if k != at and f.node_type == kind and self._single(k)]
