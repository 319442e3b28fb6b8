"""What a row of a few-shot suite leaves: how many answers were right in every episode, and what it cost."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from weft.benchmark.results import Key

#: Half the width of a 95 % interval in standard errors: episodes are many and independent.
_REACH = 1.96


@dataclass(frozen=True)
class Share:
    """A mean over episodes and half the width of its 95 % interval."""

    mean: float
    half: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Share:
        """Return mean and interval of values, two at least."""
        return cls(statistics.fmean(values), _REACH * statistics.stdev(values) / math.sqrt(len(values)))

    def __str__(self) -> str:
        return f"{100 * self.mean:.2f} ± {100 * self.half:.2f}"


@dataclass(frozen=True)
class FewShotResult:
    """One row trained with one seed.

    Attributes:
        suite: name.
        row: name in the suite.
        data: name of the data set.
        seed: of the split, the training and its episodes.
        model: the head.
        options: what decides the figures.
        cells: names of the sizes of episodes, `5-way 1-shot` and so on.
        queries: asked in an episode, by cell.
        right: reading ('' is the row's own) -> cell -> right answers in every test episode, in the episodes' order.
        val: the row's own accuracy on validation classes, by cell.
        sizes: classes per part.
        epochs: epochs trained, and the one that validation chose.
        cpu_s: CPU seconds of training.
        wall_s: by the clock.
        predict_s: CPU seconds of all test episodes of the row's own reading.
        parameters: trained numbers.
        threads: it was given.
        made: when, with which versions, and from which file.
        peak_mb: most memory of the training's process; None when it had none of its own.
        device: it was trained on.
        weights: of the parts of an exact head, as validation chose them.
    """

    suite: str
    row: str
    data: str
    seed: int
    model: str
    options: Mapping[str, Any]
    cells: Sequence[str]
    queries: Mapping[str, int]
    right: Mapping[str, Mapping[str, Sequence[int]]]
    val: Mapping[str, float]
    sizes: Mapping[str, int]
    epochs: Mapping[str, int]
    cpu_s: float
    wall_s: float
    predict_s: float
    parameters: int
    threads: int = 1
    made: Mapping[str, str] = field(default_factory=dict[str, str])
    peak_mb: float | None = None
    device: str = "cpu"
    weights: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def key(self) -> Key:
        """Row, data set and seed."""
        return self.row, self.data, self.seed

    @property
    def test(self) -> dict[str, Any]:
        """Return accuracy and interval by reading and cell."""
        told = {name: {cell: self.accuracy(cell, name) for cell in self.cells} for name in self.right}
        return {
            name: {cell: {"mean": share.mean, "half": share.half} for cell, share in shares.items()}
            for name, shares in told.items()
        }

    def shares(self, cell: str, reading: str = "") -> list[float]:
        """Return the share of right answers in every episode of a cell."""
        return [right / self.queries[cell] for right in self.right[reading][cell]]

    def accuracy(self, cell: str, reading: str = "") -> Share:
        """Return the mean accuracy of a cell with its interval."""
        return Share.of(self.shares(cell, reading))
