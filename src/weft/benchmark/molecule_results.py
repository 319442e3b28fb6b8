"""What a row of a suite of molecules leaves: raw scores under every mask, and what they cost."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from weft.benchmark.results import Key

#: Metrics that are kept of every mask.
METRICS = ("roc_auc", "pr_auc")


@dataclass(frozen=True)
class MoleculeResult:
    """One row trained on one split of one data set.

    `test` has an entry per reveal ratio: `reveal`; `masks`, a list with `roc_auc` and `pr_auc` (means over tasks where
    defined, None where nowhere), `n_tasks` (over how many) and `cells` (a hash of what was asked); and `tasks`, metric
    -> one value per asked task in the table's order, the mean over masks (empty where more than 100 tasks are asked).
    `val` has `reveal` and the means over masks alone.
    `readings` has the same as `test` for other ways of asking the same model, by their names.

    Attributes:
        suite: name.
        row: name in the suite.
        data: name of the data set.
        split: number of the scaffold split, and seed of the training and of the masks.
        model: registered name.
        options: what decides the figures: the constructor's options and how the model was asked.
        n_tasks: tasks of the data set.
        sizes: molecules per part.
        test: scores of the test molecules.
        val: scores of the validation molecules.
        cpu_s: CPU seconds of training (added tasks included), all threads together.
        wall_s: seconds of it by the clock, on a machine that may have other work.
        predict_s: CPU seconds of all predictions that were scored.
        peak_mb: most memory of the training's process; None when it had none of its own.
        parameters: trained numbers; None where the model has no such count.
        threads: it was given.
        made: when, with which versions, and from which file.
        readings: scores of the test molecules asked in other ways.
    """

    suite: str
    row: str
    data: str
    split: int
    model: str
    options: Mapping[str, Any]
    n_tasks: int
    sizes: Mapping[str, int]
    test: Sequence[Mapping[str, Any]]
    val: Sequence[Mapping[str, Any]]
    cpu_s: float
    wall_s: float
    predict_s: float
    peak_mb: float | None = None
    parameters: int | None = None
    threads: int = 1
    made: Mapping[str, str] = field(default_factory=dict[str, str])
    readings: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict[str, Sequence[Mapping[str, Any]]])

    @property
    def key(self) -> Key:
        """Row, data set and split."""
        return self.row, self.data, self.split

    def entries(self, reading: str = "") -> Sequence[Mapping[str, Any]]:
        """Return the test scores of a reading, an entry per ratio; '' is the row's own."""
        return self.readings.get(reading, ()) if reading else self.test

    def ratios(self, reading: str = "") -> list[float]:
        """Return the reveal ratios of a reading."""
        return [float(entry["reveal"]) for entry in self.entries(reading)]

    def masks(self, ratio: float, reading: str = "") -> Sequence[Mapping[str, Any]]:
        """Return the scores under each mask at a ratio; none where it was not asked."""
        near = (entry for entry in self.entries(reading) if abs(entry["reveal"] - ratio) < 1e-9)
        return next(near, {"masks": ()})["masks"]

    def mean(self, metric: str, ratio: float, reading: str = "") -> float | None:
        """Return a metric of the test molecules: the mean over masks, where defined, of the mean over tasks."""
        found = [mask[metric] for mask in self.masks(ratio, reading) if mask[metric] is not None]
        return statistics.fmean(found) if found else None

    def tasks_asked(self, ratio: float, reading: str = "") -> float:
        """Return over how many tasks ROC-AUC is defined, the mean over masks."""
        found = [mask["n_tasks"] for mask in self.masks(ratio, reading)]
        return statistics.fmean(found) if found else 0.0

    def cells(self, ratio: float, reading: str = "") -> tuple[str, ...]:
        """Return the hashes of what was asked at a ratio."""
        return tuple(mask["cells"] for mask in self.masks(ratio, reading))
