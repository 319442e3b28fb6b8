"""What if: predictions under changed, added or forgotten labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from weft.explain.asker import Asker
from weft.explain.labels import Label, label_text, read_label
from weft.explain.numbers import by_column, number
from weft.labels import Floats
from weft.tasks import TaskSet


@dataclass(frozen=True, eq=False)
class WhatIf:
    """Predictions before and after a change of what is known; a task is never predicted from its own label.

    Attributes:
        tasks: the tasks.
        row: whose predictions these are.
        known: the labels known before, by task.
        changes: what was changed, by task; None where a label was forgotten.
        before: float64 `[L]`, the answers as things are.
        after: float64 `[L]`, under the changes.
        before_std, after_std: float64 `[L]`, their standard deviations.
    """

    tasks: TaskSet
    row: int
    known: dict[str, str | float]
    changes: dict[str, str | float | None]
    before: Floats
    after: Floats
    before_std: Floats
    after_std: Floats

    @property
    def difference(self) -> Floats:
        """How far each answer moved, `[L]`."""
        return self.after - self.before

    def to_json(self) -> dict[str, object]:
        """Return it JSON-ready, a line per column, the farthest moved first."""
        order = np.argsort(-np.abs(np.nan_to_num(self.difference)), kind="stable")
        columns = by_column(self.tasks)
        told = [
            {
                **columns[at],
                "before": number(self.before[at]),
                "after": number(self.after[at]),
                "difference": number(self.difference[at]),
                "before_std": number(self.before_std[at]),
                "after_std": number(self.after_std[at]),
            }
            for at in order.tolist()
        ]
        return {"row": self.row, "known": self.known, "changes": self.changes, "columns": told}


def what_if(asker: Asker, row: int, changes: Mapping[str, Label | None]) -> WhatIf:
    """Ask about a row with some labels changed.

    Args:
        asker: the model and what is known.
        row: of the data asked about.
        changes: task -> new label, or None to forget the one it has.

    Raises:
        UserError: for a row, task or label that does not exist.
    """
    now = asker.values[asker.check_row(row)]
    then = now.copy()
    told: dict[str, str | float | None] = {}
    for name, label in changes.items():
        at = asker.tasks.index(name)
        then[at] = np.nan if label is None else read_label(asker.tasks[at], label)
        told[name] = None if label is None else label_text(asker.tasks[at], float(then[at]))
    found = asker.ask_around(np.array([row, row], np.int64), np.stack([now, then]))
    held = [(asker.tasks[int(j)], float(now[j])) for j in np.flatnonzero(~np.isnan(now))]
    known = {task.name: label_text(task, value) for task, value in held}
    return WhatIf(asker.tasks, row, known, told, found.mean[0], found.mean[1], found.std[0], found.std[1])
