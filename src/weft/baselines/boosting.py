"""Gradient boosting (LightGBM) as a predictor of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from weft.baselines.gradient import SETTINGS, boost, objective
from weft.baselines.learners import Floats, folds
from weft.baselines.supervised import F32, Column, TreePredictor
from weft.baselines.trees import Nodes
from weft.training.calibration import sigmoid

if TYPE_CHECKING:
    from weft.training.run import Run


class BoostingPredictor(TreePredictor):
    """Four boosters per output column, each stopped early on a quarter of the training data that it did not see.

    The prediction is the mean of the four raw scores as a probability; its standard deviation is that of the
    four probabilities, or values. All copies of a datum are in one fold.
    """

    name = "lightgbm"
    hidden = float("nan")
    least = 8
    members = 4

    def _learn(self, column: Column, run: Run) -> tuple[list[Nodes], list[int]]:
        import lightgbm

        many = len(self.units.mean) > 100
        settings: dict[str, Any] = {**SETTINGS, "learning_rate": 0.15 if many else 0.1}
        settings |= {"num_threads": run.threads, "seed": run.seed}
        datum, first = np.unique(column.datum, return_index=True)
        settings |= objective(column.continuous, len(datum), column.x.shape[1])
        fold = folds(column.y[first], column.continuous, self.members, np.random.default_rng([run.seed, column.at]))
        held = fold[np.searchsorted(datum, column.datum)]
        binned = lightgbm.Dataset(column.x, np.zeros(len(column.x)), params=settings).construct()
        trees: list[Nodes] = []
        member: list[int] = []
        for k in range(self.members):
            grown = boost(binned, np.arange(len(column.y)), column.y, held == k, settings, 150 if many else 300)
            trees.extend(grown)
            member.extend([k] * len(grown))
        return trees, member

    def _answer(self, x: F32, column: int, continuous: bool) -> tuple[Floats, Floats]:
        raw = self.forest.only(column * self.members, (column + 1) * self.members).moments(x)[0]
        each = raw if continuous else sigmoid(raw)
        mean = raw.mean(1)
        return mean if continuous else sigmoid(mean), each.std(1)
