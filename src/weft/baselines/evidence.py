"""Known labels against what structure expected of them: what a second stage reads.

With score s of the structure's profile, a 0/1 label is expected to be p = sigmoid(s) and a value to be s. A shown
label enters as its residual, label - expected. A hidden one enters as residual 0, which is the same as filling it in
with what was expected: so the residuals and their sum say what the values say, and a label shown at exactly its
expected value changes nothing. *Which* labels are known enters only where a stage asks for it (`pattern`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays
from weft.baselines.answers import task_of
from weft.baselines.learners import Bools, Floats, Targets, column_targets
from weft.labels import LabelTable
from weft.tasks import TaskSet
from weft.training.calibration import sigmoid

#: Floor of the variance p (1 - p) by which a residual is standardised: a sure guess that is wrong is no proof.
_LEAST_VARIANCE = 0.01
#: Residuals are rounded so that a label at its expected value is at 0, and not 1e-16 beside it, where a tree may split.
_DIGITS = 9


@dataclass(frozen=True, eq=False)
class Scale:
    """How the output columns of `tasks` are measured.

    Attributes:
        tasks: the tasks.
        continuous: bool `[L]`.
        centre: float64 `[L]`, 0 in 0/1 columns.
        spread: float64 `[L]`, 1 in 0/1 columns, never 0.
    """

    tasks: TaskSet
    continuous: Bools
    centre: Floats
    spread: Floats

    @property
    def width(self) -> int:
        """Number of output columns, `L`."""
        return len(self.continuous)

    @cached_property
    def task(self) -> NDArray[np.int64]:
        """The task of each column, int64 `[L]`."""
        return task_of(self.tasks)

    def own(self, column: int) -> slice:
        """Return the columns of the task that has `column`."""
        task = int(self.task[column])
        return slice(int(self.tasks.offsets[task]), int(self.tasks.offsets[task + 1]))

    def targets(self, table: LabelTable) -> Targets:
        """Spread labels over columns, values standardised."""
        raw = column_targets(table)
        return Targets(np.where(raw.observed, (raw.y - self.centre) / self.spread, 0.0), raw.observed, raw.continuous)

    def in_units(self, standardised: Floats) -> Floats:
        """Return values `[N, L]` in their own units, probabilities as they are."""
        return self.centre + self.spread * standardised

    def expected(self, scores: Floats) -> Floats:
        """Return the probabilities, or standardised values, that scores `[N, L]` speak for."""
        return np.where(self.continuous, scores, sigmoid(np.where(self.continuous, 0.0, scores)))

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`."""
        return {"continuous": self.continuous, "centre": self.centre, "spread": self.spread}

    @classmethod
    def restore(cls, tasks: TaskSet, arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        return cls(
            tasks, np.asarray(arrays["continuous"], bool), np.asarray(arrays["centre"]), np.asarray(arrays["spread"])
        )


@dataclass(frozen=True, eq=False)
class Evidence:
    """Scores of some data and what is shown of them.

    Attributes:
        scores: float64 `[N, L]`, calibrated logits or standardised values.
        residual: float64 `[N, L]`, label - expected; 0 where not shown.
        shown: bool `[N, L]`.
        scale: of the columns.
    """

    scores: Floats
    residual: Floats
    shown: Bools
    scale: Scale

    @classmethod
    def of(cls, scores: Floats, table: LabelTable, scale: Scale) -> Self:
        """Read the labels of `table` against `scores`."""
        targets = scale.targets(table)
        return cls.against(scores, targets.y, targets.observed, scale)

    @classmethod
    def against(cls, scores: Floats, y: Floats, shown: Bools, scale: Scale) -> Self:
        """Compare labels, values standardised, with what `scores` expect, `[N, L]` all."""
        residual = np.where(shown, y - scale.expected(scores), 0.0)
        return cls(scores, np.round(residual, _DIGITS).astype(np.float64), shown, scale)

    def deviation(self) -> Floats:
        """Return how far a label was expected to be off, float64 `[N, L]`: sqrt(p (1 - p)), or 1 for values."""
        p = self.scale.expected(self.scores)
        variance = np.where(self.scale.continuous, 1.0, p * (1 - p))
        return np.sqrt(np.maximum(variance, _LEAST_VARIANCE))

    def take(self, rows: NDArray[np.int64]) -> Evidence:
        """Return the evidence of `rows`."""
        return Evidence(self.scores[rows], self.residual[rows], self.shown[rows], self.scale)

    def features(self, column: int | None, pattern: bool, among: NDArray[np.int64] | None = None) -> Floats:
        """Return what a stage reads to answer one column: see `Reader.features`."""
        return Reader(self, pattern).features(column, among)


class Reader:
    """What a stage reads of one evidence, column after column: one copy of it serves them all.

    Args:
        evidence: of `N` data.
        pattern: whether which labels are shown is read.
    """

    def __init__(self, evidence: Evidence, pattern: bool) -> None:
        self.scale, self.scores = evidence.scale, evidence.scores
        self._told = [evidence.residual.copy()] + [evidence.shown.astype(np.float64)] * pattern

    def features(self, column: int | None, among: NDArray[np.int64] | None = None) -> Floats:
        """Return what is read to answer `column`, float64 `[N, 2 C + 1]`, with the pattern `[N, 3 C + 2]`.

        The scores of all columns, the residuals of other tasks (of all, where `column` is None) and their sum; with
        the pattern which of them are shown, and how many.

        Args:
            column: the one to be answered.
            among: the columns `[C]` whose scores, residuals and shown bits are read; None for all. Sums are over all.
        """
        own, read = slice(0) if column is None else self.scale.own(column), slice(None) if among is None else among
        kept = [values[:, own].copy() for values in self._told]
        for values in self._told:
            values[:, own] = 0.0
        told = (part for values in self._told for part in (values[:, read], values.sum(1, keepdims=True)))
        found = np.concatenate([self.scores[:, read], *told], 1)
        for values, own_values in zip(self._told, kept, strict=True):
            values[:, own] = own_values
        return found
