"""One object to ask a model with: what moved this answer, what if, what to measure next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from weft.data.base import Data
from weft.errors import UserError
from weft.explain.asker import Asker, reads_labels
from weft.explain.attribution import Attributions, attributions
from weft.explain.labels import Label
from weft.explain.measure import Candidate, measure_next
from weft.explain.plan import Measurement, plan
from weft.explain.what_if import WhatIf, what_if
from weft.labels import Shown
from weft.predictor import Predictions, Predictor


class Inquiry:
    """Questions about some data, which are encoded once.

    Rows are positions in `data`. What is said of a task never rests on that task's own label.

    Args:
        model: any fitted predictor, of molecules, vectors or a graph.
        data: `N` data, bad rows included.
        known: the labels known of them.
        among: rows that a plan may choose from; None takes all that can be used.

    Raises:
        UserError: when labels and data do not fit the model.

    Example:
        >>> inquiry = Inquiry(model, molecules, Shown(labels))  # doctest: +SKIP
        >>> inquiry.what_if(0, {"hERG": "1"}).difference  # doctest: +SKIP
        >>> [c.task for c in inquiry.measure_next(0, count=3)]  # doctest: +SKIP
    """

    def __init__(self, model: Predictor, data: Data, known: Shown, among: Sequence[int] | None = None) -> None:
        self.model, self.data, self.known, self.among = model, data, known, among
        self._asker = Asker(model, data, known)

    def predictions(self) -> Predictions:
        """Return the answers of all rows, every cell without its own label."""
        return self._asker.ask_around(np.arange(len(self.data)), self._asker.values)

    def what_if(self, row: int, changes: Mapping[str, Label | None]) -> WhatIf:
        """Return a row's answers as things are and under changed labels; None forgets a label.

        Raises:
            UserError: for a row, task or label that does not exist, or a model that reads no labels.
        """
        self._reads_labels()
        return what_if(self._asker, row, changes)

    def attributions(self, row: int, method: str = "auto", samples: int = 256, seed: int = 0) -> Attributions:
        """Return how much each known label of a row moves each of its answers.

        Args:
            row: of the data.
            method: `auto`, `leave-one-out` or `shapley` (exact up to 12 known labels, sampled beyond).
            samples: orders to sample.
            seed: of these.

        Raises:
            UserError: for an unknown method, a row that cannot be used, or a model that reads no labels.
        """
        self._reads_labels()
        return attributions(self._asker, row, method, samples, seed)

    def measure_next(self, row: int, targets: Sequence[str] | None = None, count: int | None = None) -> list[Candidate]:
        """Return a row's unmeasured tasks, the most telling first.

        Args:
            row: of the data.
            targets: what one wants to know; by default every unmeasured task.
            count: at most so many.

        Raises:
            UserError: when nothing is left to measure or to learn, or for a model that reads no labels.
        """
        self._reads_labels()
        return measure_next(self._asker, row, targets, count)

    def plan(
        self, budget: float, targets: Sequence[str] | None = None, costs: Mapping[str, float] | None = None
    ) -> list[Measurement]:
        """Return what to measure of which row under a budget, in the order of choice; bad rows are passed over.

        Args:
            budget: number of measurements, or the sum of their costs.
            targets: what one wants to know; by default every task.
            costs: task -> cost; 1 where not named.

        Raises:
            UserError: for an unknown task, a budget or cost that is not positive, or a model that reads no labels.
        """
        self._reads_labels()
        return plan(self._asker, budget, targets, costs, self.among)

    def _reads_labels(self) -> None:
        if not reads_labels(self.model):
            what = f"this {self.model.name} model does not use known labels: none of them moves an answer"
            raise UserError(what, mend="Fit with '--model metalink', or with --setting relational.")
