"""Second stages: from an out-of-fold profile and shown labels to predictions.

A stage learns on copies of the training data, each datum showing a share of its labels drawn uniformly from 0 to 1,
the label of the task that is asked removed: one model serves every reveal ratio. The profile it learns on is out of
fold, so a label is never among what its own expectation was made of.

On many tables who was measured on what says much about the answer. A learner that can tell a hidden label from a
shown one (a tree that splits at residual 0) would learn that from its copies, where only known labels can be shown. Its
copies are therefore made of a table without gaps: an unknown training label is drawn from what is expected of it
(`filled`), and is then as likely to be shown as a known one. So which labels are shown says nothing of which were
known. A table that is known throughout stays as it is; where gaps are many, such a learner is more timid than it need
be, as most labels it is shown are drawn ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays
from weft.baselines.evidence import Evidence, Scale
from weft.baselines.filled import fill, left
from weft.baselines.learners import Floats, Targets
from weft.labels import LabelTable
from weft.settings import reveal_at_random
from weft.training.run import Run


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a stage learns from.

    Attributes:
        scores: out-of-fold scores of the training data, float64 `[n, L]`.
        table: their labels.
        scale: of the columns.
        groups: int64 `[n]`, data that are not torn apart where something is chosen.
    """

    scores: Floats
    table: LabelTable
    scale: Scale
    groups: NDArray[np.int64]

    @property
    def targets(self) -> Targets:
        """The labels, values standardised."""
        return self.scale.targets(self.table)

    def take(self, rows: NDArray[np.int64]) -> Lesson:
        """Return the lesson of some of the training data."""
        return Lesson(self.scores[rows], self.table.take(rows), self.scale, self.groups[rows])

    def inputs(self) -> tuple[object, ...]:
        """Return all that decides what is learnt from it (see `weft.training.shelf`)."""
        table = self.table
        kinds = [[task.kind.value, task.width] for task in table.tasks]
        return self.scores, table.n_rows, table.row, table.col, table.value, kinds, self.groups

    def evidence(self) -> Evidence:
        """Return the evidence with every known label shown."""
        return Evidence.of(self.scores, self.table, self.scale)

    def copies(self, count: int, rng: np.random.Generator, whole: bool) -> list[Evidence]:
        """Return randomly masked copies of the training data.

        Args:
            count: how many.
            rng: the source of randomness.
            whole: whether unknown labels are drawn first.
        """
        return [self._whole_copy(rng) if whole else self._copy(rng) for _ in range(count)]

    def _copy(self, rng: np.random.Generator) -> Evidence:
        return Evidence.of(self.scores, reveal_at_random(self.table, rng).shown.table, self.scale)

    def _whole_copy(self, rng: np.random.Generator) -> Evidence:
        targets, tasks, expected = self.targets, self.table.tasks, self.scale.expected(self.scores)
        level = rng.random((len(expected), len(tasks)))
        y = fill(targets, tasks, expected, left(targets.y, targets.observed, expected), level)
        any_known = np.broadcast_to(self.table.counts() > 0, level.shape)
        cells = LabelTable.from_dense(tasks, np.zeros(level.shape), any_known)
        shown = reveal_at_random(cells, rng).shown.table.to_dense()[1][:, self.scale.task]
        return Evidence.against(self.scores, y, shown, self.scale)


def learnt(stage: SecondStage, lesson: Lesson, run: Run) -> SecondStage:
    """Return the fitted stage, from the run's folder or shelf where it is finished."""

    def learn() -> dict[str, NDArray[Any]]:
        stage.fit(lesson, run)
        return stage.state()

    name = f"stage-{stage.name}"
    arrays = run.shared_stage(name, name, lambda: (stage.pattern, lesson.inputs()), learn)
    return type(stage).restore(arrays, stage.pattern)


class SecondStage(ABC):
    """One way from evidence to predictions.

    Args:
        pattern: read which labels are known, not only their values.
    """

    name: ClassVar[str]

    def __init__(self, pattern: bool = False) -> None:
        self.pattern = pattern

    @abstractmethod
    def fit(self, lesson: Lesson, run: Run) -> None:
        """Learn from training data."""

    @abstractmethod
    def answer(self, evidence: Evidence) -> tuple[Floats, Floats]:
        """Return probability or standardised value, and the latter's standard deviation, `[N, L]` both.

        A task's own shown label is never read.
        """

    @abstractmethod
    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`."""

    @classmethod
    @abstractmethod
    def restore(cls, arrays: Arrays, pattern: bool) -> Self:
        """Rebuild a fitted stage from `state`."""
