"""Support labels of tasks that were added to the default engine: the task is learnt anew without each of them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from weft.data.base import Data
from weft.errors import UserError
from weft.labels import Floats, LabelTable, Shown
from weft.metalink.closed_form import ClosedFormEngine
from weft.metalink.columns import Layout
from weft.predictor import Predictor
from weft.training.run import Report, Run

if TYPE_CHECKING:
    from weft.explain.support import Support, Without


def relearnt(
    model: Predictor, engine: ClosedFormEngine, support: Support, one: Data, shown: Shown, task: str, report: Report
) -> tuple[Floats, NDArray[np.int64], Without]:
    """Learn an added task again; see `weft.explain.support.support_attributions`.

    Raises:
        UserError: for a task that the model was fitted to.
    """
    if task in engine.memory.labels.tasks.names:
        what = "this task's labels went into training: without one of them the model would be another"
        raise UserError(what, where=f"task {task}", mend="Ask about a task added by add-task, or a paper model.")
    own = slice(*(int(x) for x in model.tasks.offsets[model.tasks.index(task) :][:2]))
    labels, column = support.labels, support.labels.tasks.index(task)

    def answer(table: LabelTable) -> Floats:
        fresh = _with(engine, support.data, table)
        found = model.calibrated(fresh.predict(fresh.encode(one), shown))
        return found.mean[0, own]

    def without(rows: NDArray[np.int64]) -> Floats:
        found: list[Floats] = []
        for done, row in enumerate(rows.tolist()):
            report("support", done, len(rows), task)
            found.append(answer(labels.where((labels.row != row) | (labels.col != column))))
        report("support", len(rows), len(rows), task)
        return np.stack(found) if found else np.zeros((0, own.stop - own.start))

    return answer(labels), np.unique(labels.row[labels.col == column]), without


def _with(engine: ClosedFormEngine, data: Data, labels: LabelTable) -> ClosedFormEngine:
    """Return the engine with the tasks of `labels` learnt from them, all other additions as they are."""
    fresh = _bare(engine)
    fresh.add_task(data, labels, Run(threads=1))
    learnt = fresh.additions[0]
    whole = copy.copy(engine)
    whole.additions = list(engine.additions)
    whole.additions[_position(engine, labels.tasks.names[0])] = learnt
    whole.channels = engine.trained
    for addition in whole.additions:
        whole.channels = [c.extended(node) for c, node in zip(whole.channels, addition.nodes, strict=True)]
    return whole


def _bare(engine: ClosedFormEngine) -> ClosedFormEngine:
    """Return the engine as it was before anything was added."""
    bare = copy.copy(engine)
    trained = engine.memory.labels.tasks
    width = int(trained.offsets[-1])
    bare.layout = Layout(trained, engine.layout.center[:width], engine.layout.scale[:width])
    bare.additions, bare.channels = [], engine.trained
    return bare


def _position(engine: ClosedFormEngine, task: str) -> int:
    """Return which addition a task came with."""
    column = int(engine.layout.tasks.offsets[engine.layout.tasks.index(task)])
    ends = np.cumsum([int(engine.memory.labels.tasks.offsets[-1]), *(len(each.share) for each in engine.additions)])
    return int(np.searchsorted(ends, column, side="right")) - 1
