"""Models of one label each that also read labels before it: the links of a classifier chain.

A link sees the features and the labels that come before it in a chain's order; a label that is unknown in training is
there as its share of ones. With nothing before them links are binary relevance.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weft.baselines.bagging import Growth, grow
from weft.baselines.learners import Floats, Targets
from weft.baselines.linear import linear_model
from weft.baselines.tree_nodes import Nodes
from weft.baselines.trees import Forest
from weft.training.calibration import logit, sigmoid
from weft.training.run import Run

F32 = NDArray[np.float32]
Order = NDArray[np.int64]

_TREES, _LEAF = 50, 3
#: Labels rarer than this, in either class, are answered with their share of ones.
_LEAST = 2


class Links(ABC):
    """The links of one chain.

    Attributes:
        order: the labels from first to last, int64 `[L]`.
    """

    name: ClassVar[str]
    order: Order

    @classmethod
    @abstractmethod
    def learn(cls, x: F32, targets: Targets, order: Sequence[int], reads: bool, strength: float, run: Run) -> Self:
        """Learn every link.

        Args:
            x: features `[n, D]`.
            targets: labels, `L` columns of 0/1.
            order: of the chain.
            reads: whether labels before a link are read; without it links are binary relevance.
            strength: inverse ridge of linear links; others have none.
            run: seed, threads and progress.
        """

    @abstractmethod
    def base(self, x: F32) -> Any:
        """Return what the features alone say, to be asked under many labels."""

    @abstractmethod
    def probability(self, base: Any, y: Floats, j: int) -> Floats:
        """Return the probability of label `j` `[N]` given values or probabilities `y` `[N, L]` of those before it."""

    @abstractmethod
    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`."""

    @classmethod
    @abstractmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild from `state`."""


def filled(targets: Targets) -> Floats:
    """Return the labels `[n, L]`, unknown ones as their share of ones."""
    return np.where(targets.observed, targets.y, targets.prior())


class LinearLinks(Links):
    """Logistic regressions.

    Attributes:
        weight: of features `[D, L]`.
        link: of labels, `[L, L]`: of label i in the link of label j; 0 where i does not come before j.
        bias: `[L]`.
    """

    name = "lr"
    weight: Floats
    link: Floats
    bias: Floats

    @classmethod
    def learn(cls, x: F32, targets: Targets, order: Sequence[int], reads: bool, strength: float, run: Run) -> Self:
        """Learn with scikit-learn, link by link."""
        links, width = cls(), targets.width
        links.order, links.bias = np.asarray(order, np.int64), logit(targets.prior())
        links.weight, links.link = np.zeros((x.shape[1], width)), np.zeros((width, width))
        y, rare = filled(targets).astype(np.float32), targets.rare()
        for at, j in enumerate(links.order):
            before = links.order[:at] if reads else links.order[:0]
            if rare[j] >= _LEAST:
                rows, label = targets.column(int(j))
                model = linear_model(False, strength).fit(np.concatenate([x[rows], y[rows][:, before]], 1), label)
                coefficients, intercept = np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])
                links.weight[:, j], links.link[before, j] = coefficients[: x.shape[1]], coefficients[x.shape[1] :]
                links.bias[j] = intercept
            run.report(cls.name, at + 1, width, "")
        return links

    def base(self, x: F32) -> Floats:
        """Return logits without the labels `[N, L]`."""
        return x @ self.weight + self.bias

    def logits(self, base: Floats, y: Floats) -> Floats:
        """Return the logits of all links `[N, L]` under labels `y` `[N, L]`."""
        return base + y @ self.link

    def probability(self, base: Floats, y: Floats, j: int) -> Floats:
        """Return the probability of label `j`."""
        return sigmoid(base[:, j] + y @ self.link[:, j])

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays."""
        return {"order": self.order, "weight": self.weight, "link": self.link, "bias": self.bias}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild from `state`."""
        links = cls()
        links.order, links.weight = np.asarray(arrays["order"], np.int64), np.asarray(arrays["weight"])
        links.link, links.bias = np.asarray(arrays["link"]), np.asarray(arrays["bias"])
        return links


class ForestLinks(Links):
    """Random forests of 50 trees."""

    name = "rf"
    forest: Forest
    prior: Floats
    reads: bool

    @classmethod
    def learn(cls, x: F32, targets: Targets, order: Sequence[int], reads: bool, strength: float, run: Run) -> Self:  # noqa: ARG003 - linear links' own
        """Grow a forest per link; a column of a label that is not before it is constant, so never split on."""
        links, y, rare = cls(), filled(targets).astype(np.float32), targets.rare()
        links.order, links.prior, links.reads = np.asarray(order, np.int64), targets.prior(), reads
        trees: list[Nodes] = []
        place: list[int] = []
        for at, j in enumerate(links.order):
            if rare[j] >= _LEAST:
                rows, label = targets.column(int(j))
                read = links._table(x, y, links.order[:at])[rows]
                growth = Growth("RandomForestRegressor", _TREES, _LEAF, run.threads)
                kept, _ = grow(read, label, growth, [run.seed, int(j)])
                trees += kept
                place += [int(j)] * len(kept)
            run.report(cls.name, at + 1, targets.width, "")
        links.forest = Forest.of(trees, place, targets.width)
        return links

    def _table(self, x: F32, y: F32, before: Order) -> F32:
        shown = np.zeros_like(y)
        shown[:, before] = y[:, before]
        return np.concatenate([x, shown], 1) if self.reads else x

    def base(self, x: F32) -> F32:
        """Return the features."""
        return x

    def probability(self, base: F32, y: Floats, j: int) -> Floats:
        """Return the mean answer of label j's trees, its share of ones where it has none."""
        at = int(np.flatnonzero(self.order == j)[0])
        mine = self.forest.only(j, j + 1)
        if not len(mine):
            return np.full(len(base), self.prior[j])
        read = self._table(base, y.astype(np.float32), self.order[:at])
        return mine.sums(read)[:, 0] / len(mine)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays."""
        return {**self.forest.state(), "order": self.order, "prior": self.prior, "reads": np.array([self.reads])}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild from `state`."""
        links = cls()
        links.forest, links.order = Forest.restore(arrays), np.asarray(arrays["order"], np.int64)
        links.prior, links.reads = np.asarray(arrays["prior"]), bool(np.asarray(arrays["reads"])[0])
        return links


LINKS: dict[str, type[Links]] = {kind.name: kind for kind in (LinearLinks, ForestLinks)}
