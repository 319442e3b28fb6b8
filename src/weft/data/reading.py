"""From a table and a plan to labels; a cell that is no label is an error with its place."""

from __future__ import annotations

import shlex

import numpy as np

from weft.data.cells import Cells, read_cells
from weft.data.columns import ColumnPlan
from weft.data.tables import Table
from weft.errors import UserError
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet


def read_labels(table: Table, plan: ColumnPlan) -> LabelTable:
    """Read the labels of the planned tasks.

    Raises:
        UserError: when no task is planned, no task has a single label, or a cell is neither a label of its
            task nor missing; the message names file, row and column.
    """
    if not len(plan.tasks):
        mend = "Add a column of 0, 1 or numbers, or name the columns with --tasks."
        raise UserError("there is no task column", where=str(table.path), mend=mend)
    labels = read_known(table, plan.tasks, settled=False)
    if len(labels) == 0:
        names = ", ".join(plan.tasks.names[:5])
        mend = "Fill in some labels or name other columns with --tasks."
        raise UserError(f"no label is known in any task ({names})", where=str(table.path), mend=mend)
    return labels


def read_known(table: Table, tasks: TaskSet, *, settled: bool = True) -> LabelTable:
    """Read the labels that a table has of known tasks; a task without a column is unknown throughout.

    Args:
        table: the rows.
        tasks: the tasks to look for.
        settled: whether the tasks are those of a fitted model, whose kinds cannot be chosen any more.

    Returns:
        Labels of all `T` tasks, so that a model can use them.

    Raises:
        UserError: for a cell that is neither a label of its task nor missing.
    """
    rows: list[np.ndarray] = [np.zeros(0, np.int64)]
    cols, values = [np.zeros(0, np.int64)], [np.zeros(0)]
    for col, task in enumerate(tasks):
        if task.name not in table.frame.columns:
            continue
        cells = read_cells(table.frame[task.name], task)
        check_cells(table, task, cells, settled)
        row = np.flatnonzero(cells.observed)
        rows.append(row)
        cols.append(np.full(len(row), col, np.int64))
        values.append(cells.value[row])
    return LabelTable(tasks, len(table), np.concatenate(rows), np.concatenate(cols), np.concatenate(values))


def check_cells(table: Table, task: Task, cells: Cells, settled: bool) -> None:
    """Raise a `UserError` for the first bad cell of a column."""
    if not len(cells.bad):
        return
    at = int(cells.bad[0])
    flag = shlex.quote(f"{task.name}=KIND")
    else_ = "rename the column if it is another task" if settled else f"say what the column is: --kind {flag}"
    raise UserError(
        f"{bad_cell(str(table.frame[task.name][at]), task)} ({len(cells.bad)} such cells in the column)",
        where=table.place(at, task.name),
        mend=f"Correct the cell, leave it blank if unknown, or {else_}.",
    )


def bad_cell(text: str, task: Task) -> str:
    """Say in a clause why a cell is no label of the task."""
    shown = repr(text if len(text) <= 40 else text[:37] + "...")
    if task.kind is Kind.REGRESSION:
        return f"{shown} is not a finite number"
    return f"label {shown} is not one of {', '.join(task.classes[:8])} in a {task.kind} task"
