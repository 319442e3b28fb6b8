"""Gradient boosting (LightGBM) as a predictor of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.baselines.gradient import boost_folds
from weft.baselines.learners import Floats
from weft.baselines.supervised import TreePredictor
from weft.baselines.tree_nodes import Nodes
from weft.baselines.tree_table import F32, Column
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
        many = len(self.units.mean) > 100
        settings = {"learning_rate": 0.15 if many else 0.1, "num_threads": run.threads, "seed": run.seed}
        rounds, seed = 150 if many else 300, [run.seed, column.at]
        x, y, datum, continuous = column.x, column.y, column.datum, column.continuous
        return boost_folds(x, y, datum, continuous, settings, self.members, rounds, seed)

    def _answer(self, x: F32, column: int, continuous: bool) -> tuple[Floats, Floats]:
        raw = self.forest.only(column * self.members, (column + 1) * self.members).sums(x)
        each = raw if continuous else sigmoid(raw)
        mean = raw.mean(1)
        return mean if continuous else sigmoid(mean), each.std(1)
