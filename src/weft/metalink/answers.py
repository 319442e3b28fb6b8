"""From the members' scores to mean predictions and their standard deviations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from weft.labels import Bools, Floats
from weft.metalink.columns import Layout
from weft.metalink.exact import averaged_answer
from weft.predictor import Predictions

#: Nodes of the Gauss-Hermite rule over a Gaussian logit.
_NODES = 9


#: Probabilities are kept so far from 0 and 1 where their logits are averaged.
_LEAST = 1e-7


def answers_with_spread(
    layout: Layout, scores: Sequence[tuple[Tensor, Tensor]], others: Sequence[Tensor] = ()
) -> tuple[Floats, Floats]:
    """Return mean and standard deviation `[B, L]` of every column's answer.

    The spread is that of the answer under each member's Gaussian score, between members and between them and the other
    readers (law of total variance): of the probability for binary columns, of the value for continuous ones.

    Args:
        layout: columns of the tasks.
        scores: (mean, variance) `[B, L]` of every member; their answers are averaged.
        others: scores `[B, K]` of other readers, of the first K columns; averaged with that of the members.
    """
    continuous = torch.from_numpy(layout.continuous)
    pairs = [(mean.double(), variance.double()) for mean, variance in scores]
    means = [_probabilities(layout, averaged_answer(mean, variance, continuous)) for mean, variance in pairs]
    within = [_variance(layout, mean, variance) for mean, variance in pairs]
    stack = np.stack([m.numpy() for m in means])
    total = np.mean([w.numpy() for w in within], axis=0) + stack.var(0)
    mean = stack.mean(0)
    if others:
        mean, between = _blended(layout, torch.from_numpy(mean), others)
        total = total + between
    return np.where(layout.continuous, layout.unscale(mean), mean), np.sqrt(total) * layout.scale


def _blended(layout: Layout, mean: Tensor, others: Sequence[Tensor]) -> tuple[Floats, Floats]:
    """Return the answer to the mean of all scores, and the variance between the answers."""
    own = to_scores(layout, mean)
    wide = [torch.cat([other.double(), own[:, other.shape[1] :]], 1) for other in others]  # added columns have no other
    answers = np.stack([mean.numpy(), *(_probabilities(layout, score).numpy() for score in wide)])
    return _probabilities(layout, torch.stack([own, *wide]).mean(0)).numpy(), answers.var(0)


def to_scores(layout: Layout, answers: Tensor) -> Tensor:
    """Return the scores of answers `[B, L]`: logits, logarithms in groups of classes, values as they are."""
    p = answers.clamp(_LEAST, 1 - _LEAST)
    score = torch.where(torch.from_numpy(layout.continuous), answers, torch.logit(p))
    for start, stop in layout.groups():
        score[:, start:stop] = p[:, start:stop].log()
    return score


def to_predictions(layout: Layout, scores: Sequence[Tensor], ok: Bools | None = None) -> Predictions:
    """Turn the members' scores `[B, L]` into mean predictions and their spread over members.

    One member alone has no spread: its standard deviation is NaN.
    """
    answers = [_probabilities(layout, score.double()) for score in scores]
    stack = np.stack([answer.numpy() for answer in answers])
    values = np.where(layout.continuous, layout.unscale(stack), stack)
    std = values.std(0, ddof=1) if len(values) > 1 else np.full(values.shape[1:], np.nan)
    return Predictions(layout.tasks, values.mean(0), std, np.ones(values.shape[1], bool) if ok is None else ok)


def _probabilities(layout: Layout, score: Tensor) -> Tensor:
    """Return probabilities of binary and class columns, scores of continuous ones."""
    answer = torch.where(torch.from_numpy(layout.continuous), score, torch.sigmoid(score))
    for start, stop in layout.groups():
        answer[:, start:stop] = torch.softmax(score[:, start:stop], 1)
    return answer


def _variance(layout: Layout, mean: Tensor, variance: Tensor) -> Tensor:
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    first, second, spread = torch.zeros_like(mean), torch.zeros_like(mean), variance.sqrt()
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        p = torch.sigmoid(mean + node * spread)
        first, second = first + weight * p, second + weight * p * p
    return torch.where(torch.from_numpy(layout.continuous), variance, (second - first * first).clamp(min=0))
