"""Structure's scores and known labels to every column's score: the exact layer and its small corrections.

The corrections start at 0 and are held there by a ridge, so that little data keeps the closed form and much
data may leave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft.arrays import Arrays, tensors
from weft.metalink.columns import ColumnLabels
from weft.metalink.exact import ExactLabelLayer, averaged_answer


@dataclass(frozen=True)
class Rung:
    """How firmly the channel is held at its closed form: ridges divided by the number of known labels."""

    name: str
    loading: float
    task_map: float
    direct: float


#: From the loosest to the firmest; cross-validation inside the training rows picks one.
RUNGS = (
    Rung("loose", 5, 0.5, 0.2),
    Rung("weak", 10, 3, 1),
    Rung("middle", 15, 25, 10),
    Rung("strong", 20, 200, 100),
)
#: For many columns, whose maps from column to column have more numbers than labels can teach.
FIRM = Rung("firm", 20, 1000, 500)


@dataclass(frozen=True)
class ChannelConfig:
    """The label channel and how it is fitted.

    Attributes:
        variance: first prior variance of scores given structure, in squared logits.
        nugget: first part of it that no other task shares.
        rank: at most so many loadings per task.
        steps: optimiser steps.
        batch: data per step.
        lr: peak step size of Adam, one cycle.
        nothing: share of data shown nothing in a step.
        pattern: also read *which* labels are known and how many, not only their values. Off: on many tables who was
            measured on what says much about the answer, and a user's own choice of known labels does not repeat it.
    """

    variance: float = 3.0
    nugget: float = 0.5
    rank: int = 48
    steps: int = 250
    batch: int = 256
    lr: float = 0.02
    nothing: float = 0.1
    pattern: bool = False


@dataclass(frozen=True)
class Nodes:
    """Nodes of `k` columns in a label channel.

    Attributes:
        loading: `[k, r]`.
        slope: of the structure's score, `[k]`.
        bias: `[k]`.
    """

    loading: Tensor
    slope: Tensor
    bias: Tensor

    @classmethod
    def start(cls, count: int, rank: int) -> Nodes:
        """Return nodes that take and give nothing through labels."""
        return cls(torch.zeros(count, rank), torch.ones(count), torch.zeros(count))


class LabelChannel(nn.Module):
    """Exact layer plus corrections.

    Args:
        loading: first loadings `[L, r]`.
        mean: training mean of the structure's scores, `[L]`.
        scale: their standard deviation, `[L]`.
        config: the channel's shape.
    """

    center: Tensor
    scale: Tensor

    def __init__(self, loading: Tensor, mean: Tensor, scale: Tensor, config: ChannelConfig) -> None:
        super().__init__()
        self.config = config
        width = len(loading)
        self.exact = ExactLabelLayer(loading, torch.full((width,), config.nugget))
        self.slope, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.task_map = nn.Parameter(torch.zeros(width, width))
        self.direct = nn.Parameter(torch.zeros(2 * width, width))
        self.total = nn.Parameter(torch.zeros(width))
        self.pattern = nn.Parameter(torch.zeros(width + 2, width)) if config.pattern else None
        self.register_buffer("center", mean)
        self.register_buffer("scale", scale)
        self.register_buffer("start", loading.clone())

    def forward(self, profile: Tensor, known: ColumnLabels) -> tuple[Tensor, Tensor]:
        """Return scores `[B, L]` and their variance.

        Args:
            profile: the structure's scores `[B, L]`: calibrated logits, or standardised values.
            known: the labels shown.
        """
        m = profile * self.slope + self.bias + ((profile - self.center) / self.scale) @ self.task_map
        mean, variance = self.exact(m, known)
        return mean + self._direct(m, known), variance

    def _direct(self, m: Tensor, known: ColumnLabels) -> Tensor:
        expected = torch.where(known.continuous, m, torch.sigmoid(m))
        r = (known.value - expected) * known.known
        n = known.known.sum(1, keepdim=True)
        root = n.clamp(min=1).sqrt()
        score = torch.cat([r, r / root], 1) @ self.direct + r.sum(1, keepdim=True) / root * self.total
        if self.pattern is not None:
            # shown bits, how many they are, and the sum of the residuals with its size left in
            score = score + torch.cat([known.known, n.log1p(), r.sum(1, keepdim=True)], 1) @ self.pattern
        return score

    def penalty(self, rung: Rung) -> Tensor:
        """Return the ridge that holds the channel at its closed form, a scalar."""
        start: Tensor = self.get_buffer("start")
        free = (self.slope - 1).square().sum() + self.bias.square().sum()
        direct = self.direct.square().sum() + self.total.square().sum()
        if self.pattern is not None:
            direct = direct + self.pattern.square().sum()
        moved = (self.exact.loading - start).square().sum()
        return free + rung.loading * moved + rung.task_map * self.task_map.square().sum() + rung.direct * direct

    @classmethod
    def restore(cls, arrays: Arrays, prefix: str, config: ChannelConfig) -> Self:
        """Rebuild a fitted channel from the arrays under `prefix`."""
        state = tensors(prefix, arrays)
        channel = cls(state["start"], state["center"], state["scale"], config)
        channel.load_state_dict(state)
        return channel.eval()

    def answer(self, profile: Tensor, known: ColumnLabels) -> Tensor:
        """Return scores `[B, L]` whose sigmoid is the mean probability; values where continuous."""
        mean, variance = self(profile, known)
        return averaged_answer(mean, variance, known.continuous)

    def extended(self, nodes: Nodes) -> LabelChannel:
        """Return a channel with new columns behind: what is old is unchanged, what is new has its nodes only."""
        width, more = len(self.slope), len(nodes.slope)
        new = torch.ones(more)
        center, scale = torch.cat([self.center, new * 0]), torch.cat([self.scale, new])
        wide = LabelChannel(functional.pad(self.exact.loading.detach(), (0, 0, 0, more)), center, scale, self.config)
        with torch.no_grad():
            wide.exact.log_nugget[:width] = self.exact.log_nugget
            wide.slope[:width], wide.bias[:width], wide.total[:width] = self.slope, self.bias, self.total
            wide.task_map[:width, :width] = self.task_map
            old = torch.cat([torch.arange(width), torch.arange(width) + width + more])  # r, then r / sqrt n
            wide.direct[old, :width] = self.direct
            if self.pattern is not None and wide.pattern is not None:
                old = torch.tensor([*range(width), width + more, width + more + 1])  # bits, then count and sum
                wide.pattern[old, :width] = self.pattern
            for parameter, rows in (
                (wide.exact.loading, nodes.loading),
                (wide.slope, nodes.slope),
                (wide.bias, nodes.bias),
            ):
                parameter[width:] = rows.detach()
        return wide.eval()
