"""Random forest and extremely randomised trees, out of bag.

Every tree is grown on a bootstrap sample; a datum's out-of-fold prediction is the mean over the trees that did not
draw it (Breiman, Random Forests, 2001; Geurts et al., Extremely randomized trees, 2006). Trees regress on 0/1, which
splits as the Gini index does and lets one code path serve both kinds of column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from weft.baselines.learners import Arrays, Floats, Learner, Targets
from weft.baselines.tabular import Features
from weft.baselines.tree_nodes import Nodes, from_sklearn
from weft.baselines.trees import Forest
from weft.training.calibration import logit
from weft.training.run import Run

_SHRINK = 0.02


@dataclass(frozen=True)
class Growth:
    """How trees are grown.

    Attributes:
        estimator: name of a regressor of `sklearn.ensemble`.
        trees: how many.
        leaf: fewest labels in a leaf; 1 for columns with fewer than 20 times as many.
        threads: threads to use; they change nothing in the result.
    """

    estimator: str
    trees: int
    leaf: int
    threads: int


def grow(
    x: NDArray[np.float32], y: Floats, growth: Growth, seed: Sequence[int]
) -> tuple[list[Nodes], list[NDArray[Any]]]:
    """Grow trees on bootstrap samples of `x` `[n, D]` and `y` `[n]`; return them and the rows each has drawn."""
    import sklearn.ensemble

    model = getattr(sklearn.ensemble, growth.estimator)(
        growth.trees,
        min_samples_leaf=growth.leaf if len(y) >= 20 * growth.leaf else 1,
        max_features="sqrt",
        bootstrap=True,
        n_jobs=growth.threads,
        random_state=int(np.random.SeedSequence(list(seed)).generate_state(1)[0]),
    ).fit(x, y)
    return [from_sklearn(tree.tree_) for tree in model.estimators_], list(model.estimators_samples_)


class BaggedLearner(Learner):
    """Bagged trees; see `RandomForestLearner` and `ExtraTreesLearner`.

    Args:
        trees: trees per column; None for 150, fewer when there are more than 40 columns (at least 30).
        leaf: fewest training labels in a leaf.
    """

    estimator: ClassVar[str]
    least = 2

    def __init__(self, trees: int | None = None, leaf: int = 3) -> None:
        self.trees, self.leaf = trees, leaf
        self.forest: Forest | None = None
        self.continuous, self.mean = np.zeros(0, bool), np.zeros(0)

    def _fit(self, x: Features, targets: Targets, run: Run) -> Floats:
        count = self.trees or int(np.clip(6000 // targets.width, 30, 150))
        self.continuous, self.mean = targets.continuous, targets.prior()
        out = np.empty(targets.y.shape)
        kept: list[Nodes] = []
        by_column = np.asfortranarray(x.x)  # a tree reads few columns, each for many rows
        for j in range(targets.width):
            rows, y = targets.column(j)
            settings = Growth(self.estimator, count, self.leaf, run.threads)
            trees, samples = grow(x.x[rows], y, settings, [run.seed, j])
            kept.extend(trees)
            out[:, j] = _out_of_bag(trees, samples, by_column, rows)
            run.report(self.name, j + 1, targets.width, "")
        self.forest = Forest.of(kept, np.repeat(np.arange(targets.width), count), targets.width)
        return self._score(out)

    def _score(self, mean: Floats) -> Floats:
        """Turn shares of ones into logits, after a step of `_SHRINK` towards the column's mean: none is 0 or 1."""
        share = mean + _SHRINK * (self.mean - mean)
        return np.where(self.continuous, mean, logit(np.where(self.continuous, 0.5, share)))

    def _predict(self, x: Features) -> Floats:
        assert self.forest is not None
        return self._score(self.forest.sums(x.x) / self.forest.counts())

    def moments(self, x: Features) -> tuple[Floats, Floats]:
        """Return mean and standard deviation over the trees of the columns that have trees, `[N, L']` both."""
        assert self.forest is not None
        total, square = self.forest.moments(x.x)
        count = self.forest.counts()
        mean = total / count
        return mean, np.sqrt(np.maximum(square / count - mean**2, 0.0))

    def _state(self) -> dict[str, NDArray[Any]]:
        assert self.forest is not None
        return {**self.forest.state(), "continuous": self.continuous, "mean": self.mean}

    def _restore(self, arrays: Arrays) -> None:
        self.forest = Forest.restore(arrays)
        self.continuous, self.mean = np.asarray(arrays["continuous"], bool), np.asarray(arrays["mean"])


class RandomForestLearner(BaggedLearner):
    """Random forest: the best of sqrt(D) columns at its best threshold."""

    name = "rf"
    estimator = "RandomForestRegressor"


class ExtraTreesLearner(BaggedLearner):
    """Extremely randomised trees: the best of sqrt(D) columns, each at a random threshold."""

    name = "et"
    estimator = "ExtraTreesRegressor"


def _out_of_bag(
    trees: list[Nodes], samples: list[NDArray[Any]], x: NDArray[np.float32], rows: NDArray[np.int64]
) -> Floats:
    """Average, for each datum, the trees whose sample it is not in; for a datum without label all trees.

    A labelled datum that every tree has drawn (about 10^-6 of them at 30 trees) gets the mean of the others.
    """
    forest = Forest.of(trees, np.zeros(len(trees), np.int64), 1)
    total, count = np.zeros(len(x)), np.zeros(len(x))
    for at, drawn in enumerate(samples):
        use = np.ones(len(x), bool)
        use[rows[drawn]] = False
        answer = forest.answers(x, at)
        total[use] += answer[use]
        count[use] += 1
    mean = total / np.maximum(count, 1)
    return np.where(count > 0, mean, mean[count > 0].mean())
