"""A task learnt from a few labelled molecules, kept in the server's memory.

It is learnt by a copy of the model, while the model goes on answering; the copy then takes the model's place.
"""

from __future__ import annotations

import asyncio
import copy
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from starlette.concurrency import run_in_threadpool

from weft.data.cache import uncached
from weft.data.columns import plan_columns
from weft.data.molecules import Molecules
from weft.data.reading import read_labels
from weft.data.tables import Table
from weft.errors import UserError
from weft.jobs.checks import check_tasks
from weft.labels import LabelTable
from weft.predictor import Predictor
from weft.serve.answers import AddTaskAnswer, BadRow
from weft.serve.card import IN_MEMORY, task_info
from weft.serve.known import text_of
from weft.serve.schema import AddTaskBody
from weft.serve.state import State
from weft.serve.worker import SlowError
from weft.training.run import Run

_SMILES = "smiles"
_PLACE = Path("items")


async def add_task(state: State, body: AddTaskBody) -> AddTaskAnswer:
    """Add a task to the model in memory; its folder stays as it is. One at a time.

    Raises:
        UserError: for a model that cannot grow, a name that is taken, labels that do not fit, or too many tasks.
        SlowError: when it takes too long: nothing is added then.
    """
    until = time.monotonic() + state.limits.seconds
    try:
        async with asyncio.timeout(state.limits.seconds):
            await state.growing.acquire()
    except TimeoutError:
        raise SlowError("another task is being added") from None
    try:
        _check(state, body.name)
        grown = await run_in_threadpool(_grow, state, body, until)
        return await state.ask(lambda: _put(state, body.name, grown))
    finally:
        state.growing.release()


@dataclass(frozen=True)
class _Grown:
    predictor: Predictor
    labels: int
    bad: list[BadRow]


def _grow(state: State, body: AddTaskBody, until: float) -> _Grown:
    """Return a copy of the model that has learnt the task."""

    def report(stage: str, done: int, total: int, note: str) -> None:
        del stage, done, total, note
        if time.monotonic() > until:
            raise SlowError("learning the task took too long: nothing was added")

    labels = _labels(body)
    with uncached():
        data = Molecules.from_smiles([item.smiles for item in body.items], workers=0)
        labels = labels.on_rows(np.flatnonzero(data.ok))
        check_tasks(labels, _PLACE, "Give labelled molecules of every class.")
        predictor = copy.deepcopy(state.loaded.predictor)
        predictor.add_task(data, labels, Run(report=report, threads=state.threads))
    bad = [BadRow(row=at + 1, reason=reason) for at, reason in enumerate(data.status) if reason != "ok"]
    report("done", 1, 1, "")
    return _Grown(predictor, len(labels), bad)


def _put(state: State, name: str, grown: _Grown) -> AddTaskAnswer:
    """Let the copy take the model's place; runs on the model's thread."""
    loaded, tasks = state.loaded, grown.predictor.tasks
    loaded.predictor = grown.predictor
    loaded.added.append(name)
    state.asking.queries.recent.clear()
    state.pictures.clear()
    told = task_info(tasks[tasks.index(name)], loaded)
    return AddTaskAnswer(task=told, labels=grown.labels, bad=grown.bad, n_tasks=len(tasks), note=IN_MEMORY)


def _check(state: State, name: str) -> None:
    loaded = state.loaded
    if loaded.graph is not None:
        raise UserError("a model of a graph cannot take a new task", mend="Add it to the graph's files and fit again.")
    if name in loaded.predictor.tasks.names:
        raise UserError(f"the model has a task {name[:60]!r} already", where="name", mend="Choose another name.")
    if len(loaded.added) >= state.limits.added_tasks:
        mend = "Start the server again, or add tasks to the model with 'weft add-task'."
        raise UserError(f"{len(loaded.added)} tasks were added already, which is the limit", mend=mend)


def _labels(body: AddTaskBody) -> LabelTable:
    """Read the labels as those of a table: the same words for classes, the same errors."""
    smiles = _SMILES if body.name != _SMILES else f"{_SMILES} "
    texts = [text_of(item.label) for item in body.items]
    frame = pl.DataFrame({smiles: [item.smiles for item in body.items], body.name: pl.Series(texts, dtype=pl.String)})
    table = Table(_PLACE, frame)
    return read_labels(table, plan_columns(table, smiles, [body.name], {body.name: body.kind}))
