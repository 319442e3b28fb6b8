"""Task nodes and what labels a missing edge: edge predictors and the direct label path."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from weft.metalink.columns import ColumnLabels

DECODERS = ("dot", "mlp")


class TaskNodes(nn.Module):
    """First embeddings of the task nodes, `[L, D]`.

    Transductive nodes are learned, one per column. Inductive ones are all the same constant
    (1 / sqrt D, as in MetaLink's released code), so that a task never seen differs from others only by its
    support: it can be added without retraining.
    """

    start: Tensor

    def __init__(self, width: int, dim: int, inductive: bool) -> None:
        super().__init__()
        self.width, self.dim, self.inductive = width, dim, inductive
        if inductive:
            self.register_buffer("start", torch.tensor(1 / math.sqrt(dim)), persistent=False)
        else:
            self.embedding = nn.Parameter(torch.empty(width, dim))
            nn.init.xavier_uniform_(self.embedding, math.sqrt(2))

    def forward(self) -> Tensor:
        """Return the nodes `[L, D]`."""
        if self.inductive:
            return self.start.expand(self.width, self.dim).contiguous()
        return self.embedding


class DotPredictor(nn.Module):
    """Edge predictor: the dot product of data and task node."""

    def forward(self, h: Tensor, t: Tensor) -> Tensor:
        """Return scores `[B, L]` of data `h [B, D]` and tasks `t [L, D]`."""
        return h @ t.T


class MLPPredictor(nn.Module):
    """Edge predictor: the dot product plus one hidden layer on (data, task)."""

    def __init__(self, dim: int, hidden: int = 64) -> None:
        super().__init__()
        self.data, self.task = nn.Linear(dim, hidden), nn.Linear(dim, hidden, bias=False)
        self.out = nn.Linear(hidden, 1)

    def forward(self, h: Tensor, t: Tensor) -> Tensor:
        """Return scores `[B, L]`."""
        mixed = self.data(h)[:, None] + self.task(t)[None]
        return h @ t.T + self.out(torch.relu(mixed)).squeeze(-1)


class LabelPath(nn.Module):
    r"""The direct way from known labels to scores, normalised by their count.

    .. math:: s_{ik} = \sum_{j \in K(i)} r_{ij} (A_{jk} / n_i + B_{jk} / \sqrt{n_i}) + c_k\,\bar r_i

    with :math:`r_{ij}` the label less its training mean, :math:`K(i)` the :math:`n_i` known labels of datum i.
    Weights are 0 until `B` is started (`weft.metalink.path_start`).
    """

    prior: Tensor

    def __init__(self, prior: Tensor) -> None:
        super().__init__()
        width = len(prior)
        self.register_buffer("prior", prior)
        self.by_mean = nn.Parameter(torch.zeros(width, width))
        self.by_root = nn.Parameter(torch.zeros(width, width))
        self.mean = nn.Parameter(torch.zeros(width))

    @torch.no_grad()
    def start(self, weights: Tensor) -> None:
        """Begin at `weights` `[L, L]` for `B`."""
        self.by_root.copy_(weights)

    def forward(self, known: ColumnLabels) -> Tensor:
        """Return scores `[B, L]`; 0 where nothing is known."""
        r = (known.value - self.prior) * known.known
        n = known.known.sum(1, keepdim=True).clamp(min=1)
        return (r / n) @ self.by_mean + (r / n.sqrt()) @ self.by_root + r.sum(1, keepdim=True) / n * self.mean


def make_predictor(name: str, dim: int) -> nn.Module:
    """Make the edge predictor `dot` or `mlp`."""
    return MLPPredictor(dim) if name == "mlp" else DotPredictor()
