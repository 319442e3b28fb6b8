"""Uncertainty weighting (Kendall, Gal and Cipolla, CVPR 2018, arXiv 1705.07115)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from weft.hetero.balance.base import WeightedSum


class Uncertainty(WeightedSum):
    """The sum of `exp(-s) loss + s / 2` with a learned log variance `s` per family, 0 at the start.

    That is equation 10 with `s = log sigma^2`: cross-entropy over `sigma^2` and, where the loss is half the squared
    error, squared error over `2 sigma^2`, plus `log sigma`.
    """

    def __init__(self, names: Sequence[str], weights: Mapping[str, float] | None = None) -> None:
        super().__init__(names, weights)
        # One parameter each: an optimiser moves none of a family that is not in the step.
        self.log_variance = {name: nn.Parameter(torch.zeros(())) for name in self.names}

    def parameters(self) -> list[nn.Parameter]:
        """Return the log variances, in the order of the families."""
        return list(self.log_variance.values())

    def total(self, losses: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """Return the sum; its gradients are those of the log variances too."""
        each = torch.stack(list(losses.values()))
        s = torch.stack([self.log_variance[name] for name in losses]).to(each.device)
        weight = (-s).exp()
        used = dict(zip(losses, map(float, weight.detach()), strict=True))
        return (weight * each + s / 2).sum(), used

    def state_dict(self) -> dict[str, Tensor]:
        """Return the log variances `[T]`."""
        return {"log_variance": torch.stack([p.detach().clone() for p in self.parameters()])}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back the log variances."""
        for p, value in zip(self.parameters(), state["log_variance"], strict=True):
            p.data.copy_(value)
