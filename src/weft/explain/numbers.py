"""Numbers of answers as JSON can hold them."""

from __future__ import annotations

import math
from typing import Any

from weft.tasks import Kind, TaskSet


def number(value: Any) -> float | None:
    """Return a number, of NumPy too, with six significant digits; None where it is undefined."""
    told = float(value)
    return float(f"{told:.6g}") if math.isfinite(told) else None


def by_column(tasks: TaskSet) -> list[dict[str, str]]:
    """Return what every output column is of: its task and, for a multiclass task, its class."""
    return [
        {"task": task.name} | ({"class": name} if task.kind is Kind.MULTICLASS else {})
        for task in tasks
        for name in (task.classes if task.kind is Kind.MULTICLASS else ("",))
    ]
