r"""Class nodes solved exactly: a Gaussian over classes whose spread the training classes tell.

With embeddings of a class around its node, :math:`h \sim N(u_k, \Sigma_w)`, and nodes of classes around a common
centre, :math:`u_k \sim N(\mu, \Sigma_b)`, a node's posterior given its K support data and the density of a query are
closed forms (the two-covariance model of Brümmer and De Villiers, Odyssey 2010). In coordinates where
:math:`\Sigma_w = I` and :math:`\Sigma_b = \operatorname{diag}(\psi)`

.. math::
    u_k \mid c_k \sim N\Bigl(\frac{K\psi}{K\psi + 1} c_k, \frac{\psi}{K\psi + 1}\Bigr),\qquad
    s_k = -\frac12 \sum_d \frac{(q_d - \lambda_d c_{kd})^2}{v_d} + \log v_d,\qquad
    \lambda = \frac{K\psi}{K\psi + 1},\; v = 1 + \frac{\psi}{K\psi + 1}

so a node of one example is drawn further to the centre than one of five, and directions in which classes do not differ
count for little. It is to class nodes what `weft.metalink.exact` is to labels: the messages of support data to a node,
solved at once. Euclidean prototypes are the limit of :math:`\psi \to \infty`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Self, cast

import torch
from torch import Tensor, nn

from weft.fewshot.episodes import Ints, Shape
from weft.fewshot.heads import ClassNodes, Head, class_means, moved_nodes, moved_queries
from weft.fewshot.network import fixed_episodes

if TYPE_CHECKING:
    from weft.fewshot.layered import NodeLayers

#: Tried on validation episodes: ridge of the spread within classes, share of the learnt head, and of single examples.
_RIDGES = (0.1, 0.3, 1.0)
_LEARNT = (0.0, 0.3, 1.0)
_SINGLE = (0.0, 0.3)
_LEAST = 1e-4


@dataclass(frozen=True)
class ClassGaussian:
    """Where classes lie and how far their data spread.

    Attributes:
        center: `[D]`.
        transform: to coordinates of unit spread within classes, `[D, D]`, applied from the right.
        between: variance of class nodes in these coordinates, `[D]`.
    """

    center: Tensor
    transform: Tensor
    between: Tensor

    @classmethod
    def fit(cls, h: Tensor, among: Sequence[Ints], ridge: float) -> Self:
        """Estimate from classes with two data or more.

        Args:
            h: embeddings `[N, D]`.
            among: rows of each class.
            ridge: added to the spread within classes, in units of its mean variance.
        """
        parts = [h[torch.from_numpy(rows)].double() for rows in among if len(rows) > 1]
        means = torch.stack([part.mean(0) for part in parts])
        inner = torch.cat([part - mean for part, mean in zip(parts, means, strict=True)])
        within = inner.T @ inner / (len(inner) - len(parts))
        noise = sum(1 / len(part) for part in parts) / len(parts)
        off = means - means.mean(0)
        between = off.T @ off / max(len(parts) - 1, 1) - noise * within
        within = within + ridge * within.diagonal().mean().clamp(min=_LEAST) * torch.eye(h.shape[1]).double()
        root = torch.linalg.inv(cast("Tensor", torch.linalg.cholesky(within)))
        values, vectors = torch.linalg.eigh(root @ between @ root.T)
        return cls(means.mean(0).float(), (vectors.T @ root).T.float(), values.clamp(min=_LEAST).float())

    def place(self, h: Tensor) -> Tensor:
        """Return embeddings in the coordinates of the model, `[N, D]`."""
        return (h - self.center) @ self.transform

    def scores(self, q: Tensor, c: Tensor, count: Tensor) -> Tensor:
        """Return log-densities up to a constant, `[B, N]`.

        Args:
            q: placed queries `[B, D]`.
            c: means of placed support `[N, D]`.
            count: support data of each `[N]`.
        """
        known = count[:, None] * self.between
        center = known / (known + 1) * c
        variance = 1 + self.between / (known + 1)
        apart = q.square() @ (1 / variance).T - 2 * q @ (center / variance).T + (center.square() / variance).sum(1)
        return -0.5 * (apart + variance.log().sum(1))


@dataclass(frozen=True)
class Weights:
    """How the parts of the exact head are weighed.

    Attributes:
        ridge: see `ClassGaussian.fit`.
        learnt: weight of the trained head's scores.
        single: weight of the classes' support data one by one, beside their mean.
        share: of what layers over the nodes would change (`weft.fewshot.layered`).
    """

    ridge: float = 0.3
    learnt: float = 0.0
    single: float = 0.0
    share: float = 0.0


class ExactHead(Head):
    """The exact class nodes over an encoder, beside the head that it was trained with.

    Args:
        learnt: the trained head.
        gaussian: of the training classes.
        weights: of its parts.
        layers: of the knowledge graph over the nodes.
    """

    def __init__(
        self, learnt: Head, gaussian: ClassGaussian, weights: Weights, layers: NodeLayers | None = None
    ) -> None:
        super().__init__()
        self.learnt, self.gaussian, self.weights, self.layers = learnt, gaussian, weights, layers

    def nodes(self, h: Tensor, known: Tensor) -> ClassNodes:
        """Return the trained head's nodes, and then mean and single support data in the exact head's coordinates."""
        learnt = self.learnt.nodes(h, known)
        placed = self.gaussian.place(h)
        moved = moved_nodes(self._moving, placed, known, self.weights.share)
        return ClassNodes((*learnt.layers, *moved, placed, known), known.sum(0))

    @property
    def _moving(self) -> nn.ModuleList:
        """The layers, if anything of them is taken."""
        return self.layers.layers if self.layers is not None and self.weights.share else nn.ModuleList()

    def scores(self, h: Tensor, nodes: ClassNodes) -> Tensor:
        """Return log-densities, and the weighed scores of the other parts."""
        (placed, known), w = nodes.layers[-2:], self.weights
        own = len(self._moving) + 3
        q, moved = self.gaussian.place(h), nodes.layers[-own:-2]
        score = self.gaussian.scores(moved_queries(self._moving, q, moved, w.share)[-1], moved[-1], nodes.count)
        if w.single:
            each = self.gaussian.scores(q, placed, torch.ones(len(placed)))
            score = score + w.single * _log_means(each, known.argmax(1), nodes.count)
        if w.learnt:
            score = score + w.learnt * self.learnt.scores(h, ClassNodes(nodes.layers[:-own], nodes.count))
        return score


def _log_means(each: Tensor, label: Tensor, count: Tensor) -> Tensor:
    """Return the logarithm of each class's mean density `[B, N]` from log-densities `[B, S]` of its data."""
    at = label.expand_as(each)
    most = torch.full((len(each), len(count)), -torch.inf).scatter_reduce(1, at, each, "amax")
    total = torch.zeros_like(most).scatter_add(1, at, (each - most.gather(1, at)).exp())
    return total.log() + most - count.log()


def solved(
    learnt: Head,
    h: Tensor,
    among: Sequence[Ints],
    held: tuple[Tensor, Sequence[Ints]],
    shapes: Sequence[Shape],
    episodes: int,
) -> ExactHead:
    """Return the exact head of an encoder, its weights chosen by accuracy on validation episodes.

    Args:
        learnt: the head that the encoder was trained with.
        h: embeddings of the training data `[N, D]`.
        among: rows of each training class.
        held: the same two of validation.
        shapes: sizes of episodes that validation allows; without any the usual weights are taken.
        episodes: of each.
    """
    usual = Weights()
    if not shapes or not episodes:
        return ExactHead(learnt, ClassGaussian.fit(h, among, usual.ridge), usual)
    gaussians = {ridge: ClassGaussian.fit(h, among, ridge) for ridge in _RIDGES}
    score = {Weights(*chosen): 0.0 for chosen in product(_RIDGES, _LEARNT, _SINGLE)}
    for shape in shapes:
        for support, known, query, answer in fixed_episodes(*held, shape, episodes):
            for weights, scores in _all_scores(learnt, gaussians, support, known, query):
                score[weights] += float((scores.argmax(1) == torch.from_numpy(answer)).float().mean())
    best = max(score, key=score.__getitem__)
    return ExactHead(learnt, gaussians[best.ridge], best)


def _all_scores(
    learnt: Head, gaussians: Mapping[float, ClassGaussian], support: Tensor, known: Tensor, query: Tensor
) -> Iterator[tuple[Weights, Tensor]]:
    """Yield the scores of one episode under all weights that are tried; each part is computed once."""
    with torch.no_grad():
        own = learnt(support, known, query)
        for ridge, gaussian in gaussians.items():
            placed, q = gaussian.place(support), gaussian.place(query)
            mean, count = class_means(placed, known)
            each = gaussian.scores(q, placed, torch.ones(len(placed)))
            whole, single = gaussian.scores(q, mean, count), _log_means(each, known.argmax(1), count)
            for share, weight in product(_LEARNT, _SINGLE):
                yield Weights(ridge, share, weight), whole + weight * single + share * own
