"""From Gaussian scores of several members to mean predictions and their standard deviations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from weft.labels import Floats
from weft.metalink.columns import Layout
from weft.metalink.exact import averaged_logit

#: Nodes of the Gauss-Hermite rule over a Gaussian logit.
_NODES = 9


def answers_with_spread(layout: Layout, scores: Sequence[tuple[Tensor, Tensor]]) -> tuple[Floats, Floats]:
    """Return mean and standard deviation `[B, L]` of every column's answer.

    The spread is that of the answer under each member's Gaussian score and between members (law of total
    variance): of the probability for binary columns, of the value for continuous ones.

    Args:
        layout: columns of the tasks.
        scores: (mean, variance) `[B, L]` of every member.
    """
    means = [_mean(layout, mean.double(), variance.double()) for mean, variance in scores]
    within = [_variance(layout, mean.double(), variance.double()) for mean, variance in scores]
    stack = np.stack([m.numpy() for m in means])
    total = np.mean([w.numpy() for w in within], axis=0) + stack.var(0)
    mean = stack.mean(0)
    return np.where(layout.continuous, layout.unscale(mean), mean), np.sqrt(total) * layout.scale


def _mean(layout: Layout, mean: Tensor, variance: Tensor) -> Tensor:
    score = averaged_logit(mean, variance)
    answer = torch.where(torch.from_numpy(layout.continuous), mean, torch.sigmoid(score))
    for start, stop in layout.groups():
        answer[:, start:stop] = torch.softmax(score[:, start:stop], 1)
    return answer


def _variance(layout: Layout, mean: Tensor, variance: Tensor) -> Tensor:
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    first, second = torch.zeros_like(mean), torch.zeros_like(mean)
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        p = torch.sigmoid(mean + node * variance.sqrt())
        first, second = first + weight * p, second + weight * p * p
    return torch.where(torch.from_numpy(layout.continuous), variance, (second - first * first).clamp(min=0))
