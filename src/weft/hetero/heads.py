"""A family's head: linear in the node's state, in its wide features and in the labels that are known around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from weft.hetero.dropout import dropout
from weft.hetero.sparse import SparseMatrix


@dataclass(frozen=True)
class HeadConfig:
    """What heads drop in training.

    Attributes:
        dropout: of the states a head reads.
        wide_dropout: of the entries of wide features.
        label_dropout: of the columns of label structure.
        reveal: share of the nodes that see some of their own labels of other tasks in training; 0 never shows any.
    """

    dropout: float = 0.5
    wide_dropout: float = 0.6
    label_dropout: float = 0.5
    reveal: float = 0.5


@dataclass(frozen=True, eq=False)
class OwnLabels:
    """Known labels of the nodes of one type, as columns.

    Attributes:
        value: float32 `[N, C]`: one-hot, 0/1 or standardised; 0 where unknown.
        known: float32 `[N, C]`.
        task: the task of each column, int64 `[C]`.
    """

    value: Tensor
    known: Tensor
    task: Tensor

    @cached_property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return int(self.task.max()) + 1

    def to(self, device: torch.device | str) -> OwnLabels:
        """Return the labels on a device."""
        return OwnLabels(self.value.to(device), self.known.to(device), self.task.to(device))

    def take(self, rows: Tensor) -> OwnLabels:
        """Return the labels of `rows`."""
        return OwnLabels(self.value[rows], self.known[rows], self.task)

    def hidden_at_random(self, share: float) -> OwnLabels:
        """Show each of a `share` of the nodes a random part of its labels, from none to all, and the others none."""
        n, where = len(self.value), self.value.device
        ratio = torch.rand(n, 1, device=where) * (torch.rand(n, 1, device=where) < share)
        drawn = torch.rand(n, self.n_tasks, device=where) < ratio
        seen = self.known * drawn[:, self.task]
        return OwnLabels(self.value * seen, seen, self.task)


class Head(nn.Module):
    """One family's outputs; what it reads beside the state starts without weight.

    Args:
        config: what is dropped in training.
        dim: width of states; 0 takes the trunk's outputs as they are.
        wide: number of wide columns.
        around: columns of label structure that it may read.
        own: columns of the nodes' own labels that it may read: those of other families.
        bias: of the outputs, `[C]`.
    """

    around_at: Tensor
    own_at: Tensor

    def __init__(
        self, config: HeadConfig, dim: int, wide: int, around: Sequence[int], own: Sequence[int], bias: Tensor
    ) -> None:
        super().__init__()
        self.config, width = config, len(bias)
        self.state = nn.Linear(dim, width) if dim else None
        if self.state is not None:
            with torch.no_grad():
                self.state.bias.copy_(bias)
        self.wide = nn.Parameter(torch.zeros(1, wide, width)) if wide else None
        self.around = nn.Parameter(torch.zeros(len(around), width)) if around else None
        self.own = nn.Parameter(torch.zeros(2 * len(own), width)) if own and config.reveal else None
        self.register_buffer("around_at", torch.from_numpy(np.array(around, np.int64)), persistent=False)
        self.register_buffer("own_at", torch.from_numpy(np.array(own, np.int64)), persistent=False)

    def forward(self, state: Tensor, wide: SparseMatrix | None, around: Tensor | None, own: OwnLabels | None) -> Tensor:
        """Return logits `[N, C]`."""
        score = state
        if self.state is not None:
            score = self.state(dropout(state, self.config.dropout, self.training))
        if self.wide is not None and wide is not None:
            score = score + wide.times(self.wide, self.config.wide_dropout, self.training)[0]
        if self.around is not None and around is not None:
            columns = dropout(around[:, self.around_at], self.config.label_dropout, self.training)
            score = score + columns @ self.around
        if self.own is not None and own is not None:
            seen = own.hidden_at_random(self.config.reveal) if self.training else own
            score = score + torch.cat([seen.value[:, self.own_at], seen.known[:, self.own_at]], 1) @ self.own
        return score
