"""The loss of a family, over the columns where a label is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from weft.group import current
from weft.hetero.families import Family, Targets
from weft.hetero.paper_loss import probability_bce
from weft.tasks import Kind

LOSSES = ("cross-entropy", "probability")

#: The most that rareness weighs a class up.
_MOST = 20.0


@dataclass(frozen=True, eq=False)
class FamilyTargets:
    """A family's labels as tensors.

    Attributes:
        row: nodes of the type, int64 `[n]`.
        value: float32 `[n, C]`: one-hot, 0/1 or standardised.
        known: float32 `[n, C]`.
    """

    row: Tensor
    value: Tensor
    known: Tensor

    @classmethod
    def of(cls, found: Targets) -> FamilyTargets:
        """Make tensors of the targets."""
        return cls(*(torch.from_numpy(np.asarray(part)) for part in (found.row, found.value, found.known)))

    @classmethod
    def none(cls, family: Family) -> FamilyTargets:
        """Return no label at all."""
        return cls(torch.zeros(0, dtype=torch.int64), torch.zeros(0, family.width), torch.zeros(0, family.width))

    def to(self, device: torch.device | str) -> FamilyTargets:
        """Return the labels on a device."""
        return FamilyTargets(self.row.to(device), self.value.to(device), self.known.to(device))

    def take(self, at: Tensor) -> FamilyTargets:
        """Return the labels at positions `at`."""
        return FamilyTargets(self.row[at], self.value[at], self.known[at])


def rareness(family: Family, value: Tensor, power: float) -> Tensor:
    """Return weights `[C]`: (mean class count / class count) ** power of a multiclass family, else ones."""
    if family.kind is not Kind.MULTICLASS or power == 0 or not len(value):
        return torch.ones(family.width)
    count = value.sum(0)
    mean = count.sum() / (count > 0).sum().clamp(min=1)
    return (mean / count.clamp(min=1)).clamp(max=_MOST).pow(power)


def family_loss(
    family: Family, score: Tensor, value: Tensor, known: Tensor, weight: Tensor, loss: str = "cross-entropy"
) -> Tensor:
    """Return the mean loss, a scalar: cross-entropy, log-loss or half the squared error.

    Args:
        family: what is predicted.
        loss: `cross-entropy`; `probability` is InLINE's released one of discrete families.
        score: logits or standardised values `[n, C]`.
        value: `[n, C]`.
        known: `[n, C]`, 1 where there is a label.
        weight: of classes, `[C]`.
    """
    if loss == "probability" and family.kind is not Kind.REGRESSION:
        return probability_bce(score, value, known, exclusive=family.kind is Kind.MULTICLASS)
    if family.kind is Kind.MULTICLASS:
        each = -(F.log_softmax(score, 1) * value * weight).sum(1)
        return each.sum() / (value * weight).sum().clamp(min=1e-6)
    if family.kind is Kind.BINARY:
        cell = F.binary_cross_entropy_with_logits(score, value, reduction="none")
    else:
        cell = 0.5 * (score - value) ** 2
    return (cell * known).sum() / known.sum().clamp(min=1)


def group_loss(
    family: Family, score: Tensor, asked: FamilyTargets, weight: Tensor, loss: str, nothing: Tensor
) -> Tensor | None:
    """Return `family_loss` over the labels that all processes of a group have, None where none has any.

    Its value is that of all; its gradient that of this process's labels, so that gradients are to be added up.

    Args:
        family: what is predicted.
        score: at the nodes of this process, `[N, C]`.
        asked: their labels.
        weight: of classes, `[C]`.
        loss: as of `family_loss`.
        nothing: zero, with a gradient: the part of a process without labels.
    """
    group, here = current(), len(asked.row) > 0
    mean = family_loss(family, score[asked.row], asked.value, asked.known, weight, loss) if here else nothing
    if group.alone:
        return mean if here else None
    cells = asked.known.sum()
    if family.kind is Kind.MULTICLASS and loss != "probability":
        cells = (asked.value * weight).sum()
    total = group.total(cells)
    if not float(total):
        return None
    return group.total(mean * cells / total)


def answers(family: Family, score: Tensor) -> Tensor:
    """Return probabilities or standardised values of logits `[n, C]`."""
    if family.kind is Kind.MULTICLASS:
        return score.softmax(1)
    return score.sigmoid() if family.kind is Kind.BINARY else score
