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
        with torch.no_grad():  # Newton forgets where it started: near the mode the last step's gradient is the whole
            g = torch.zeros_like(m)
            for _ in range(0 if bool(known.continuous.all()) else _NEWTON_STEPS - 1):
                g = self._newton_step(m, g, known)[0]
        _, mean_u, covariance = self._newton_step(m, g, known)
        F = self.loading
        variance = covariance.flatten(1) @ _outer(F).T + self._nugget()
        return m + mean_u @ F.T, variance

    def _newton_step(self, m: Tensor, g: Tensor, known: ColumnLabels) -> tuple[Tensor, Tensor, Tensor]:
        """Return the latent part of the scores [B, L], the states' means [B, r] and covariances [B, r, r]."""
        F, v = self.loading, self._nugget()
        weight, target = _pseudo_labels(m, g, known, v)
        precision = (weight @ _outer(F)).view(-1, F.shape[1], F.shape[1]) + torch.eye(F.shape[1], dtype=F.dtype)
        covariance = torch.cholesky_inverse(cast("Tensor", torch.linalg.cholesky(precision)))
        mean_u = (covariance @ (target @ F)[:, :, None])[:, :, 0]
        along = mean_u @ F.T
        return along + v * (target - weight * along), mean_u, covariance

    def _nugget(self) -> Tensor:
        return self.log_nugget.exp() + _LEAST_NOISE


def _outer(loading: Tensor) -> Tensor:
    """Return the products F_ka F_kb of every column's loading, `[L, r * r]`."""
    return (loading[:, :, None] * loading[:, None, :]).flatten(1)


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


def averaged_logit(mean: Tensor, variance: Tensor) -> Tensor:
    """Return the logit of the mean probability of a Gaussian logit (MacKay 1992): mean / sqrt(1 + pi/8 var)."""
    return mean / torch.sqrt(1 + math.pi / 8 * variance)


def averaged_answer(mean: Tensor, variance: Tensor, continuous: Tensor) -> Tensor:
    """Return scores whose sigmoid is the mean probability under a Gaussian score; the mean where continuous."""
    return torch.where(continuous, mean, averaged_logit(mean, variance))


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
