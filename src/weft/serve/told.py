"""Predictions as the API tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from weft.explain.numbers import number
from weft.labels import Floats
from weft.predictor import Predictions
from weft.serve.answers import Move, TaskPrediction
from weft.serve.known import written
from weft.tasks import Kind, Task, TaskSet
from weft.training.conformal import Region, shares


def tell(
    found: Predictions, row: int, known: Mapping[int, float], regions: Sequence[Region] | None = None
) -> list[TaskPrediction]:
    """Return one datum's predictions.

    Args:
        found: predictions of `N` data.
        row: the datum.
        known: its known labels, position of the task -> value.
        regions: sets and intervals of the `N` data, one per task, if they were asked for.
    """
    offsets = found.tasks.offsets
    told: list[TaskPrediction] = []
    for j, task in enumerate(found.tasks):
        part = slice(int(offsets[j]), int(offsets[j + 1]))
        one = _task(task, found.mean[row, part], found.std[row, part])
        if j in known:
            one.known = written(task, known[j])
        if regions is not None and one.value is not None:
            _region(one, task, regions[j], row)
        told.append(one)
    return told


def _task(task: Task, mean: Floats, std: Floats) -> TaskPrediction:
    if not np.isfinite(mean).all():  # a task on another type of node
        return TaskPrediction(task=task.name, kind=task.kind, value=None)
    if task.kind is Kind.REGRESSION:
        return TaskPrediction(task=task.name, kind=task.kind, value=number(mean[0]), std=number(std[0]))
    share = shares(task, mean[None])[0]
    best = int(share.argmax())
    several = task.kind is Kind.MULTICLASS
    return TaskPrediction(
        task=task.name,
        kind=task.kind,
        value=number(mean[best] if several else mean[0]),
        label=task.classes[best],
        shares={name: number(p) or 0.0 for name, p in zip(task.classes, share, strict=True)} if several else None,
        std=number(std[best] if several else std[0]),
    )


def _region(one: TaskPrediction, task: Task, region: Region, row: int) -> None:
    if region.holds is not None:
        one.set = [name for name, there in zip(task.classes, region.holds[row], strict=True) if there]
    if region.low is not None and region.high is not None:
        one.low, one.high = number(region.low[row]), number(region.high[row])


def moves(tasks: TaskSet, before: Floats, after: Floats) -> list[Move]:
    """Return how every output column moves, `[L]` each."""
    names = [(task.name, name) for task in tasks for name in columns(task)]
    return [
        Move(task=task, label=name, before=number(a), after=number(b), difference=number(b - a))
        for (task, name), a, b in zip(names, before, after, strict=True)
    ]


def columns(task: Task) -> list[str | None]:
    """Return the class of each of a task's output columns; None where it has one."""
    return list(task.classes) if task.kind is Kind.MULTICLASS else [None]
