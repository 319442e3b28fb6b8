"""Fixed weights: the sum of the losses, each times its given weight."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from weft.hetero.balance.base import WeightedSum


class Fixed(WeightedSum):
    """The sum of `weight * loss`."""

    def total(self, losses: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """Return the sum."""
        return torch.stack(list(losses.values())).sum(), dict.fromkeys(losses, 1.0)
