"""Small boosters on the evidence, one ensemble per output column: the second stage for tables with many labels."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays
from weft.baselines.conditional import Conditional
from weft.baselines.evidence import Evidence, Reader
from weft.baselines.gradient import boost_folds
from weft.baselines.learners import Floats, Targets
from weft.baselines.second_stage import Lesson, SecondStage
from weft.baselines.tree_nodes import Nodes
from weft.baselines.trees import Forest
from weft.training.calibration import sigmoid
from weft.training.run import Run

_COPIES = 3
_LEAST = 8
_MANY = 100
#: Above `_MANY` columns, of how many a booster reads scores and residuals.
_READ = 64


class BoostedStage(SecondStage):
    """Four boosters of trees with 7 leaves, each stopped early on a quarter of the training data that it did not see.

    Above 100 columns there are two, of half the rounds at twice the step, and each column's read the scores and
    residuals of the 64 columns whose residuals correlate most with its own, instead of all. A column with fewer than 8
    labels of its rarer class keeps the structure's answer. A tree can tell a residual of 0 from any other, so without
    `pattern` it learns from copies without gaps: see `weft.baselines.second_stage`.
    """

    name = "lightgbm"

    def fit(self, lesson: Lesson, run: Run) -> None:
        """Boost every column on masked copies of the training data."""
        copies = lesson.copies(_COPIES, np.random.default_rng([run.seed, 5]), whole=not self.pattern)
        targets, members = lesson.targets, _members(lesson.targets.width)
        self.read = _most_related(lesson) if targets.width > _MANY else None
        trees: list[Nodes] = []
        place: list[int] = []
        enough = targets.rare() >= _LEAST
        for j in range(targets.width):
            if enough[j]:
                grown, member = self._column(copies, targets, j, run)
                trees.extend(grown)
                place.extend(j * members + m for m in member)
            run.report("two-stage lightgbm", j + 1, targets.width, "")
        self.forest = Forest.of(trees, place, targets.width * members)

    def _column(self, copies: list[Evidence], targets: Targets, j: int, run: Run) -> tuple[list[Nodes], list[int]]:
        rows, y = targets.column(j)
        rate, rounds = (0.1, 150) if targets.width > _MANY else (0.05, 300)
        settings = {"num_leaves": 7, "learning_rate": rate, "num_threads": run.threads, "seed": run.seed}
        x = np.concatenate([self._features(Reader(copy.take(rows), self.pattern), j) for copy in copies])
        label, datum = np.tile(y, len(copies)), np.tile(rows, len(copies))
        members, seed = _members(targets.width), [run.seed, j]
        return boost_folds(x, label, datum, bool(targets.continuous[j]), settings, members, rounds, seed)

    def _features(self, reader: Reader, column: int) -> NDArray[np.float32]:
        among = None if self.read is None else self.read[column].astype(np.int64)
        return reader.features(column, among).astype(np.float32)

    def answer(self, evidence: Evidence) -> tuple[Floats, Floats]:
        """Return the mean raw score of the members; a value's standard deviation is that between them."""
        mean = evidence.scale.expected(evidence.scores)
        std = np.where(evidence.scale.continuous, 1.0, 0.0) * np.ones(mean.shape)
        members, reader = _members(evidence.scale.width), Reader(evidence, self.pattern)
        for j in np.unique(self.forest.column // members):
            x = self._features(reader, int(j))
            raw = self.forest.only(int(j) * members, (int(j) + 1) * members).sums(x)
            if evidence.scale.continuous[j]:
                mean[:, j], std[:, j] = raw.mean(1), raw.std(1)
            else:
                mean[:, j] = sigmoid(raw.mean(1))
        return mean, std

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`."""
        state = self.forest.state()
        return state if self.read is None else {**state, "read": self.read}

    @classmethod
    def restore(cls, arrays: Arrays, pattern: bool) -> Self:
        """Rebuild from `state`."""
        stage = cls(pattern)
        stage.forest = Forest.restore(arrays)
        stage.read = np.asarray(arrays["read"]) if "read" in arrays else None
        return stage


def _most_related(lesson: Lesson) -> NDArray[np.int32]:
    """Return the columns that each column reads, itself among them, int32 `[L, 64]`."""
    evidence = lesson.evidence()
    residual = evidence.residual / evidence.deviation()
    correlation = np.abs(Conditional.of(residual, evidence.shown, lesson.scale.task, 1.0).correlation)
    np.fill_diagonal(correlation, np.inf)
    order = np.argsort(-correlation, axis=1, kind="stable")[:, :_READ]
    return np.sort(order, 1).astype(np.int32)


def _members(width: int) -> int:
    return 2 if width > _MANY else 4
