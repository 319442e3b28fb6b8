"""Dynamic weight average (Liu, Johns and Davison, CVPR 2019, arXiv 1803.10704)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from weft.hetero.balance.base import WeightedSum

TEMPERATURE = 2.0


class DWA(WeightedSum):
    """Families whose loss falls slowly weigh more.

    Equation 7: `w_k = K exp(r_k / T) / sum_i exp(r_i / T)` with `r_k = L_k(t - 1) / L_k(t - 2)`, the ratio of the mean
    losses of the last two epochs, `T = 2`, and `K` the number of families in the step. In the first two epochs,
    and for a family without a loss in one of them, `r` is 1.
    """

    def __init__(self, names: Sequence[str], weights: Mapping[str, float] | None = None) -> None:
        super().__init__(names, weights)
        self.history = torch.full((2, len(self.names)), torch.nan, dtype=torch.float64)

    def total(self, losses: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """Return the weighted sum."""
        present = [at for at, name in enumerate(self.names) if name in losses]
        ratio = torch.nan_to_num(self.history[1] / self.history[0], nan=1.0, posinf=1.0)[present]
        weight = (len(present) * (ratio / TEMPERATURE).softmax(0)).float()
        used = dict(zip(losses, map(float, weight), strict=True))
        each = torch.stack(list(losses.values()))
        return (weight.to(each.device) * each).sum(), used

    def epoch_end(self, mean_losses: Mapping[str, float]) -> None:
        """Keep the losses of the last two epochs."""
        newest = [mean_losses.get(name, torch.nan) for name in self.names]
        self.history = torch.stack([self.history[1], self.history.new_tensor(newest)])

    def state_dict(self) -> dict[str, Tensor]:
        """Return the mean losses of the last two epochs `[2, T]`, NaN where there was none."""
        return {"history": self.history.clone()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back the mean losses."""
        self.history = state["history"].clone()
