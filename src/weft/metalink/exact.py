r"""The knowledge graph's label channel solved exactly: a Gaussian over tasks, per datum.

Every task node is a loading :math:`F_k \in R^r`, every datum a hidden state :math:`u_i \sim N(0, I_r)`. With
:math:`m_{ik}` the score of the structure alone, the score of an edge is

.. math:: s_{ik} = m_{ik} + F_k^\top u_i + \varepsilon_{ik},\qquad \varepsilon_{ik} \sim N(0, v_k)

and a known label is a noisy reading of it: Bernoulli with logit s for a binary column, s itself for a
continuous one. Along a known edge the task node sends its loading, weighted by how far the label is from what
was expected; the datum solves an r x r system for the mean and covariance of its state instead of averaging,
which is what infinitely many rounds of (linear) message passing would give. Binary labels enter by Newton
steps (Laplace's approximation). Predicting is a dot product of state and loading, as in MetaLink.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn

from weft.metalink.columns import ColumnLabels

#: Newton steps: the mode moves by less than 0.01 in logits after three.
_NEWTON_STEPS = 3
_LEAST_NOISE = 1e-3


class ExactLabelLayer(nn.Module):
    """Posterior of every column's score given a datum's known labels.

    Args:
        loading: first loadings `F`, float32 `[L, r]`.
        nugget: first variances `v`, float32 `[L]`.
    """

    def __init__(self, loading: Tensor, nugget: Tensor) -> None:
        super().__init__()
        self.loading = nn.Parameter(loading.clone())
        self.log_nugget = nn.Parameter(nugget.log())

    def forward(self, m: Tensor, known: ColumnLabels) -> tuple[Tensor, Tensor]:
        """Return posterior mean and variance of the scores.

        Args:
            m: scores of the structure alone `[B, L]`: logits, or standardised values.
            known: the labels shown.

        Returns:
            mean `[B, L]` and variance `[B, L]` of the scores of cells that are not shown. A shown cell gets the
            prediction of a fresh measurement of the same task, and is not meant to be asked.
        """
        F, v = self.loading, self.log_nugget.exp() + _LEAST_NOISE
        products = (F[:, :, None] * F[:, None, :]).flatten(1)  # [L, r * r]
        g = torch.zeros_like(m)
        steps = _NEWTON_STEPS if not bool(known.continuous.all()) else 1
        chol = mean_u = None
        for _ in range(steps):
            weight, target = _pseudo_labels(m, g, known, v)
            chol = _precision_cholesky(weight, products, F.shape[1])
            mean_u = torch.cholesky_solve(((target) @ F)[:, :, None], chol)[:, :, 0]
            along = mean_u @ F.T
            g = along + v * (target - weight * along)
        assert chol is not None
        assert mean_u is not None
        half = torch.linalg.solve_triangular(chol, F.T.expand(len(m), -1, -1), upper=False)
        return m + mean_u @ F.T, half.square().sum(1) + v


def _pseudo_labels(m: Tensor, g: Tensor, known: ColumnLabels, v: Tensor) -> tuple[Tensor, Tensor]:
    """Return each known label's weight and weight x target as a Gaussian reading of `F u`, 0 where unknown.

    With W the curvature of the log-loss at s = m + g, a label reads g as z = g + (y - p) / W with variance
    1 / W, so F u with variance v + 1 / W; written so that no W is divided by.
    """
    p = torch.sigmoid(m + g)
    W = p * (1 - p)
    denominator = 1 + v * W
    weight = torch.where(known.continuous, 1 / v, W / denominator)
    target = torch.where(known.continuous, (known.value - m) / v, (W * g + known.value - p) / denominator)
    return weight * known.known, target * known.known


def _precision_cholesky(weight: Tensor, products: Tensor, rank: int) -> Tensor:
    """Return the Cholesky factors `[B, r, r]` of I + F' diag(weight) F."""
    precision = (weight @ products).view(-1, rank, rank) + torch.eye(rank, dtype=weight.dtype)
    return cast("Tensor", torch.linalg.cholesky(precision))


def averaged_logit(mean: Tensor, variance: Tensor) -> Tensor:
    """Return the logit of the mean probability of a Gaussian logit (MacKay 1992): mean / sqrt(1 + pi/8 var)."""
    return mean / torch.sqrt(1 + math.pi / 8 * variance)


def starting_loadings(residual: Tensor, known: Tensor, rank: int, variance: float, shrink: float = 10.0) -> Tensor:
    """Return first loadings `[L, r]` from the correlation of out-of-fold residuals between tasks.

    Args:
        residual: standardised residuals `[N, L]`, 0 where unknown.
        known: 0/1 `[N, L]`.
        rank: at most so many loadings.
        variance: prior variance of every column's score.
        shrink: a correlation over n common data is multiplied by n / (n + shrink).
    """
    common = known.T @ known
    second = known.T @ residual.square()
    correlation = (residual.T @ residual) / torch.sqrt(second * second.T).clamp(min=1e-6)
    correlation = correlation * common / (common + shrink)
    correlation = correlation.fill_diagonal_(1.0).double()
    values, vectors = torch.linalg.eigh(correlation)
    kept = min(rank, len(values))
    loading = vectors[:, -kept:] * values[-kept:].clamp(min=1e-3).sqrt()
    scale = loading.square().sum(1, keepdim=True).sqrt().clamp(min=0.3)
    return (loading / scale * math.sqrt(variance)).float()
