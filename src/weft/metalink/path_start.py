r"""Where the direct label path starts: at what training labels say of each other, in closed form.

With :math:`r_j` a label less its mean, one known label moves the log-odds of another by about
:math:`r_j\,\mathrm{Cov}_{jk} / (V_j V_k)` (the linear conditional mean, over the slope of the logistic function).
Summed over known labels as if they were independent, which is naive Bayes to first order, that is too much by the
share that they have in common; the path divides by the root of their number, and one strength for all, at most the
root of how many are shown on average (the sum itself), is what serves held-out training data best. Started at 0
instead, the path would still be learning when a small table's features are overfitted and training stops.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from weft.labels import LabelTable
from weft.metalink.columns import ColumnLabels, Layout
from weft.settings import reveal_at_random
from weft.training.losses import ColumnLoss

_STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)
#: Covariances over n common data are multiplied by n / (n + this).
_SHRINK = 10.0
_LEAST_VARIANCE = 0.01
_MOST = 20_000


def starting_path(layout: Layout, labels: LabelTable, prior: Tensor, seed: int) -> Tensor:
    """Return first weights of the label path's part that is divided by the root of the number of labels, `[L, L]`.

    Args:
        layout: columns of the tasks.
        labels: of the training data, of which at most 20 000 are read.
        prior: training mean of each column, float32 `[L]`.
        seed: of the data drawn, their halves and what is shown of them.
    """
    rng = np.random.default_rng([seed, 11])
    rows = rng.permutation(labels.n_rows)[:_MOST]
    halves = [labels.take(np.sort(half)) for half in np.array_split(rows, 2)]
    found = [_slopes(layout.columns(half), prior, layout.groups()) for half in halves]
    losses = sum(_losses(layout, half, prior, found[1 - k], rng) for k, half in enumerate(halves))
    losses = np.where(np.array(_STRENGTHS) <= _bound(labels), losses, np.inf)
    whole = _slopes(layout.columns(labels.take(np.sort(rows))), prior, layout.groups())
    return whole * _STRENGTHS[int(np.argmin(losses))]


def _bound(labels: LabelTable) -> float:
    """Return the root of how many labels a datum shows on average, about half of those it has; 1 at least."""
    counts = labels.row_counts()
    return max(1.0, float(counts[counts > 1].mean() / 2) ** 0.5) if (counts > 1).any() else 1.0


def _slopes(known: ColumnLabels, prior: Tensor, groups: Sequence[tuple[int, int]]) -> Tensor:
    """Return by how much a unit of column j's label moves the score of column k, `[L, L]`; 0 within a task."""
    r, common = (known.value - prior) * known.known, known.known.T @ known.known
    variance = (r.square().sum(0) / common.diagonal().clamp(min=1)).clamp(min=_LEAST_VARIANCE)
    covariance = (r.T @ r) / (common + _SHRINK)
    slope = covariance / (variance[:, None] * torch.where(known.continuous, 1.0, variance))
    slope.fill_diagonal_(0.0)
    for start, stop in groups:
        slope[start:stop, start:stop] = 0.0
    return slope


def _losses(
    layout: Layout, labels: LabelTable, prior: Tensor, slope: Tensor, rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the loss under each strength where a random share of every datum's labels is shown."""
    episode = reveal_at_random(labels, rng)
    shown, asked = layout.columns(episode.shown.table), layout.columns(episode.asked.table)
    loss_of = ColumnLoss.make(shown.continuous, layout.groups(), prior)
    start = torch.where(shown.continuous, 0.0, torch.logit(prior.clamp(1e-4, 1 - 1e-4)))
    for first, last in layout.groups():
        start[first:last] = prior[first:last].clamp(min=1e-4).log()
    r = (shown.value - prior) * shown.known
    moved = r / shown.known.sum(1, keepdim=True).clamp(min=1).sqrt() @ slope
    return np.array([float(loss_of(start + s * moved, asked.known, asked.value)) for s in _STRENGTHS])
