"""A label as a person says it, and back."""

from __future__ import annotations

import math

from weft.errors import UserError, nearest
from weft.tasks import Kind, Task

#: A label from outside: a class name, a number, or yes and no.
Label = str | float | int | bool


def read_label(task: Task, label: Label) -> float:
    """Return a label as `LabelTable` holds it: 0 or 1, the number of a class, or a value.

    A discrete label is a class name or, where no class has that name, the number of a class.

    Raises:
        UserError: for what the task cannot have.
    """
    text = str(int(label)) if isinstance(label, bool) else str(label).strip()
    if text in task.classes:
        return float(task.classes.index(text))
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if task.kind is Kind.REGRESSION and math.isfinite(value):
        return value
    if task.kind is not Kind.REGRESSION and value in range(len(task.classes)):
        return value
    mend = "Give a finite number." if task.kind is Kind.REGRESSION else nearest(text, task.classes)
    raise UserError(f"label {text!r} does not fit a {task.kind} task", where=f"task {task.name}", mend=mend)


def label_text(task: Task, value: float) -> str | float:
    """Return a label as `read_label` reads it: the class name, or the value."""
    return float(value) if task.kind is Kind.REGRESSION else task.classes[int(value)]
