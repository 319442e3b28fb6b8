"""Random forest as a predictor of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from weft.baselines.bagging import Growth, grow
from weft.baselines.learners import Floats
from weft.baselines.supervised import TreePredictor
from weft.baselines.tree_nodes import Nodes
from weft.baselines.tree_table import F32, Column

if TYPE_CHECKING:
    from weft.training.run import Run


class ForestPredictor(TreePredictor):
    """Random forest, 150 trees per output column (fewer above 40 columns, at least 30).

    Its standard deviation is that of the single trees' answers.
    """

    name = "rf"
    hidden = 0.0
    least = 2
    members = 1

    def _learn(self, column: Column, run: Run) -> tuple[list[Nodes], list[int]]:
        count = int(np.clip(6000 // len(self.units.mean), 30, 150))
        growth = Growth("RandomForestRegressor", count, 3, run.threads)
        trees, _ = grow(column.x, column.y, growth, [run.seed, column.at])
        return trees, [0] * count

    def _answer(self, x: F32, column: int, continuous: bool) -> tuple[Floats, Floats]:  # noqa: ARG002 - one for both
        forest = self.forest.only(column, column + 1)
        total, square = (moment[:, 0] / len(forest) for moment in forest.moments(x))
        return total, np.sqrt(np.maximum(square - total**2, 0.0))
