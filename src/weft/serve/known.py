"""Labels as a client writes them, read for the tasks they are of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from weft.data.cells import class_codes, normal
from weft.data.reading import bad_cell
from weft.errors import UserError, nearest
from weft.labels import LabelTable
from weft.serve.schema import Label
from weft.tasks import Kind, Task, TaskSet

_MEND = "Send null, or leave the task out, where nothing is known."
#: Names that an error's hint is sought among.
_NAMES = 2000


def read_label(value: Label, task: Task, where: str) -> float:
    """Return the label value of a task.

    Classes are told by name, without regard to case; 0, 1, true and false also do for a binary task whose names say
    no and yes.

    Raises:
        UserError: for a value that the task cannot have.
    """
    if task.kind is Kind.REGRESSION and not isinstance(value, bool):
        number = _number(value)
        if number is not None:
            return number
    elif task.kind is not Kind.REGRESSION:
        code = class_codes(task).get(normal(text_of(value)))
        if code is not None:
            return code
    raise UserError(bad_cell(text_of(value), task), where=where, mend=_MEND)


def read_known(known: Mapping[str, Label | None], tasks: TaskSet, where: str) -> dict[int, float]:
    """Return position of the task -> label value; null is unknown.

    Raises:
        UserError: for a task that the model does not have, or a label that does not fit.
    """
    place = {name: at for at, name in enumerate(tasks.names)}
    found: dict[int, float] = {}
    for name, value in known.items():
        if name not in place:
            raise unknown_task(name, tasks, where)
        if value is not None:
            found[place[name]] = read_label(value, tasks[place[name]], f"{where}, task {short(name)}")
    return found


def unknown_task(name: str, tasks: TaskSet, where: str | None = None) -> UserError:
    """Return the error for a task that the model does not have."""
    mend = nearest(name, tasks.names[:_NAMES])
    return UserError(f"the model has no task {short(name)!r}", where=where, mend=mend)


def short(name: str) -> str:
    """Return a name fit for a message."""
    return name if len(name) <= 60 else name[:57] + "..."


def label_table(tasks: TaskSet, rows: Sequence[Mapping[int, float]]) -> LabelTable:
    """Return the table of some data's known labels."""
    row = [at for at, known in enumerate(rows) for _ in known]
    col = [j for known in rows for j in known]
    value = [v for known in rows for v in known.values()]
    return LabelTable(tasks, len(rows), np.array(row, np.int64), np.array(col, np.int64), np.array(value, np.float64))


def written(task: Task, value: float) -> str | float:
    """Return a label value as a person reads it: the class's name, or the number."""
    return task.classes[int(value)] if task.classes else value


def _number(value: float | str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def text_of(value: Label) -> str:
    """Write a label as a cell of a table."""
    if isinstance(value, bool):
        return str(int(value))
    return value if isinstance(value, str) else f"{value:g}" if value == round(value) else repr(value)
