"""Masked losses over columns of mixed kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from weft.errors import UserError, nearest

IMBALANCE = ("none", "balanced", "focal")

#: The most that `balanced` weighs a rare class up.
_MOST_WEIGHT = 20.0


@dataclass(frozen=True)
class ColumnLoss:
    """Mean loss over asked cells: log-loss, squared error, or cross-entropy in a multiclass group.

    All asked (datum, task) pairs are pooled, so a task weighs by its number of labels.

    Attributes:
        continuous: bool `[L]`: squared error on standardised values there.
        groups: column ranges of multiclass tasks, each a softmax.
        positive_weight: float32 `[L]`, weight of label 1 in binary columns.
        focus: exponent of the focal loss (Lin et al. 2017, eq. 4); 0 is the log-loss.
    """

    continuous: Tensor
    groups: Sequence[tuple[int, int]]
    positive_weight: Tensor
    focus: float = 0.0

    @classmethod
    def make(
        cls, continuous: Tensor, groups: Sequence[tuple[int, int]], prior: Tensor, imbalance: str = "none"
    ) -> ColumnLoss:
        """Make the loss for a class-imbalance option.

        Args:
            continuous: bool `[L]`.
            groups: column ranges of multiclass tasks.
            prior: share of label 1 among the training labels, `[L]`.
            imbalance: `none`; `balanced` weighs label 1 by (1 - prior) / prior; `focal` looks past easy cells.
        """
        if imbalance not in IMBALANCE:
            raise UserError(f"there is no imbalance option {imbalance!r}", mend=nearest(imbalance, IMBALANCE))
        weight = torch.ones_like(prior)
        if imbalance == "balanced":
            weight = ((1 - prior) / prior.clamp(min=1e-6)).clamp(1 / _MOST_WEIGHT, _MOST_WEIGHT)
        return cls(continuous, groups, weight, 2.0 if imbalance == "focal" else 0.0)

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> ColumnLoss:
        """Return the loss for scores on a device, and of another type of number where one is given."""
        weight = self.positive_weight.to(device, dtype)
        return replace(self, continuous=self.continuous.to(device), positive_weight=weight)

    def __call__(self, score: Tensor, known: Tensor, value: Tensor) -> Tensor:
        """Return the mean loss over the cells where `known` is 1, a scalar; 0 when none is.

        Args:
            score: `[B, L]`: logits or standardised values.
            known: float32 `[B, L]`, 1 where a label is asked.
            value: `[B, L]`: 0/1 or standardised values.
        """
        binary = torch.where(self.continuous, 0.0, value)  # log-loss is defined on 0..1 only
        cell = F.binary_cross_entropy_with_logits(score, binary, pos_weight=self.positive_weight, reduction="none")
        if self.focus:
            cell = cell * (binary - torch.sigmoid(score)).abs() ** self.focus
        cell = torch.where(self.continuous, 0.5 * (score - value) ** 2, cell)
        total, count = cell * known, known.sum()
        for start, stop in self.groups:
            asked, y = known[:, start], value[:, start:stop]
            entropy = -(F.log_softmax(score[:, start:stop], 1) * y).sum(1) * asked
            total = torch.cat([total[:, :start], F.pad(entropy[:, None], (0, stop - start - 1)), total[:, stop:]], 1)
            count = count - asked.sum() * (stop - start - 1)
        return total.sum() / count.clamp(min=1)
