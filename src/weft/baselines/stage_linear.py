"""Logistic (ridge, for values) regression on the evidence, one per output column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays
from weft.baselines.evidence import Evidence, Reader
from weft.baselines.grouping import group_folds
from weft.baselines.learners import Bools, Floats, Targets
from weft.baselines.linear import column_loss, linear_model
from weft.baselines.second_stage import Lesson, SecondStage
from weft.training.calibration import sigmoid
from weft.training.run import Run

#: Inverse ridges tried, in units of a training label.
INVERSE_RIDGES = (0.003, 0.03, 0.3, 3.0)
_COPIES = 3
_FOLDS = 3
_TRIED = 12
_LEAST = 4
_LEAST_SPREAD = 0.05


@dataclass(frozen=True, eq=False)
class _Design:
    """Masked copies of training data as tables.

    Attributes:
        copies: the evidence of each.
        targets: what is to be learnt.
        pattern: whether tables tell which labels are shown.
        spread: float64 `[D]`, what every feature is divided by.
    """

    copies: Sequence[Evidence]
    targets: Targets
    pattern: bool
    spread: Floats

    @classmethod
    def of(cls, copies: Sequence[Evidence], targets: Targets, pattern: bool) -> Self:
        x = np.concatenate([copy.features(None, pattern) for copy in copies])
        return cls(copies, targets, pattern, np.maximum(x.std(0), _LEAST_SPREAD))

    def table(self, j: int, use: Bools) -> tuple[Floats, Floats]:
        """Return features and labels of column `j`, of the data `use` in every copy."""
        rows, y = self.targets.column(j)
        kept = use[rows]
        x = np.concatenate([copy.take(rows[kept]).features(j, self.pattern) for copy in self.copies])
        return x / self.spread, np.tile(y[kept], len(self.copies))

    def solve(self, j: int, use: Bools, inverse: float) -> tuple[Floats, float, float]:
        """Return weights `[D]`, intercept and what is left open (root mean square) of column `j`."""
        x, y = self.table(j, use)
        model = linear_model(bool(self.targets.continuous[j]), inverse / len(self.copies)).fit(x, y)
        weight, bias = model.coef_.ravel(), float(np.ravel(model.intercept_)[0])
        return weight, bias, float(np.sqrt(np.mean((x @ weight + bias - y) ** 2)))

    def held_loss(self, j: int, held: Bools, inverse: float) -> float:
        """Return the loss on the data `held` of what is learnt from the others; 0 where that cannot be told."""
        x, y = self.table(j, held)
        if not len(y) or len(np.unique(self.table(j, ~held)[1])) < 2:
            return 0.0
        weight, bias, _ = self.solve(j, ~held, inverse)
        return column_loss(x @ weight + bias, y, bool(self.targets.continuous[j]))


class LinearStage(SecondStage):
    """Linear models of scores and residuals.

    A residual is 0 on average where a label is known, whatever it is that makes it known (the profile is calibrated
    out of fold): so without `pattern` a linear model learns nothing of which labels are known. One inverse ridge serves
    all columns: the best of `INVERSE_RIDGES` for held-out groups of training data, over at most 12 columns. A column
    with fewer than 4 labels of its rarer class keeps the structure's answer.
    """

    name = "lr"

    def fit(self, lesson: Lesson, run: Run) -> None:
        """Fit every column on masked copies of the training data."""
        rng = np.random.default_rng([run.seed, 6])
        design = _Design.of(lesson.copies(_COPIES, rng, whole=False), lesson.targets, self.pattern)
        width = design.targets.width
        self.spread, self.learnt = design.spread, design.targets.rare() >= _LEAST
        self.weight, self.bias, self.noise = np.zeros((len(self.spread), width)), np.zeros(width), np.ones(width)
        columns = np.flatnonzero(self.learnt)
        best = _choose(design, lesson.groups, rng.permutation(columns)[:_TRIED], rng)
        every = np.ones(len(lesson.scores), bool)
        for j in columns:
            self.weight[:, j], self.bias[j], self.noise[j] = design.solve(int(j), every, best)
            run.report("two-stage lr", int(j) + 1, width, "")

    def answer(self, evidence: Evidence) -> tuple[Floats, Floats]:
        """Return the linear models' answers; a value's standard deviation is what they left open in training."""
        mean = evidence.scale.expected(evidence.scores)
        reader = Reader(evidence, self.pattern)
        for j in np.flatnonzero(self.learnt):
            score = (reader.features(int(j)) / self.spread) @ self.weight[:, j] + self.bias[j]
            mean[:, j] = score if evidence.scale.continuous[j] else sigmoid(score)
        return mean, np.broadcast_to(self.noise, mean.shape)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`."""
        return {name: getattr(self, name) for name in ("weight", "bias", "noise", "spread", "learnt")}

    @classmethod
    def restore(cls, arrays: Arrays, pattern: bool) -> Self:
        """Rebuild from `state`."""
        stage = cls(pattern)
        stage.weight, stage.bias = np.asarray(arrays["weight"], np.float64), np.asarray(arrays["bias"], np.float64)
        stage.noise, stage.spread = np.asarray(arrays["noise"], np.float64), np.asarray(arrays["spread"], np.float64)
        stage.learnt = np.asarray(arrays["learnt"], bool)
        return stage


def _choose(design: _Design, groups: NDArray[np.int64], columns: NDArray[np.int64], rng: np.random.Generator) -> float:
    """Return the inverse ridge with the least loss on groups of data that it was not learnt from."""
    if len(groups) < _FOLDS or not len(columns):
        return INVERSE_RIDGES[0]
    fold = group_folds(groups, _FOLDS, rng)
    parts = [(int(j), fold == k) for j in columns for k in range(_FOLDS)]
    loss = [sum(design.held_loss(j, held, inverse) for j, held in parts) for inverse in INVERSE_RIDGES]
    return INVERSE_RIDGES[int(np.argmin(loss))]
