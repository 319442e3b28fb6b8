"""What is known of one task: counts, balance, contradictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weft.data.cells import Cells
from weft.labels import Floats, Ints
from weft.tasks import Kind, Task


@dataclass(frozen=True)
class TaskSummary:
    """What is known of one task.

    Attributes:
        name: the column.
        kind: binary, multiclass or regression.
        labels: number of known labels.
        density: share of rows that have one.
        classes: class name -> number of labels; empty for regression.
        mean: mean of a regression task with labels.
        sd: its standard deviation (with two labels or more).
        conflicts: number of molecules that stand several times and whose labels differ: at all for classes,
            by more than the task's standard deviation for numbers.
        bad_cells: number of cells that are no label.
        notes: what to know before training: no labels, one class only.
    """

    name: str
    kind: str
    labels: int
    density: float
    classes: dict[str, int]
    mean: float | None
    sd: float | None
    conflicts: int
    bad_cells: int
    notes: tuple[str, ...]


def conflicts(task: Task, cells: Cells, groups: Sequence[Ints]) -> list[Ints]:
    """Return, of each group of rows with one molecule, the rows with labels, where these labels differ."""
    limit = _sd(cells.value[cells.observed]) if task.kind is Kind.REGRESSION else 0.0
    known = [group[cells.observed[group]] for group in groups]
    return [group for group in known if len(group) > 1 and np.ptp(cells.value[group]) > (limit or 0.0)]


def _sd(value: Floats) -> float | None:
    with np.errstate(over="ignore", invalid="ignore"):
        sd = float(value.std(ddof=1)) if len(value) > 1 else float("nan")
    return sd if np.isfinite(sd) else None


def summarise(task: Task, cells: Cells, clashes: Sequence[Ints]) -> TaskSummary:
    """Summarise one column."""
    value = cells.value[cells.observed]
    regression = task.kind is Kind.REGRESSION
    counts = np.bincount(value.astype(np.int64), minlength=len(task.classes)) if not regression else []
    mean = float(np.sum(value / len(value))) if regression and len(value) else None
    return TaskSummary(
        name=task.name,
        kind=str(task.kind),
        labels=len(value),
        density=len(value) / len(cells.value),
        classes=dict(zip(task.classes, map(int, counts), strict=False)),
        mean=mean,
        sd=_sd(value) if regression else None,
        conflicts=len(clashes),
        bad_cells=len(cells.bad),
        notes=_notes(value),
    )


def _notes(value: Floats) -> tuple[str, ...]:
    if len(value) == 0:
        return ("no labels",)
    if len(np.unique(value)) == 1:
        return ("one value only",)
    return ()
