"""How much each label of a model's support moves an answer: exact leave-one-out.

A support label is an edge of the knowledge graph at inference: leaving it out changes what the task's node reads, and
no weight. So it can be told of MetaLink networks, whose task nodes read a bank of training data, and of tasks added
later, which are learnt from their support alone. Labels of the default preset's own tasks went into training: without
one of them the model would be another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.data.base import Data
from weft.errors import UserError
from weft.explain.labels import label_text
from weft.explain.numbers import number
from weft.labels import Floats, LabelTable, Shown
from weft.predictor import Predictor
from weft.tasks import Task
from weft.training.run import Report, silent

#: How far an answer from the rebuilt support may be from the model's.
SAME = 1e-3


@dataclass(frozen=True, eq=False)
class Support:
    """Where task nodes came from.

    Attributes:
        data: the training table of the fit, or the table of `add-task`, whole and in its order.
        labels: their known labels, on the model's own tasks of the former or the added ones of the latter.
        rows: the training rows of the fit, int64; None takes every row that has a label.
        seed: of the fit.
    """

    data: Data
    labels: LabelTable
    rows: NDArray[np.int64] | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class SupportAttributions:
    """How much each support label of a task moves the answer to it.

    Attributes:
        task: the task.
        row: whose answer it is.
        support: rows of the support table, int64 `[n]`, the strongest effect first.
        keys: what these data are known by, such as canonical SMILES.
        labels: their labels.
        effects: float64 `[n, W]`, the answer less that without the label, per column of the task.
        full: float64 `[W]`, the answer.
    """

    task: Task
    row: int
    support: NDArray[np.int64]
    keys: tuple[str, ...]
    labels: tuple[str | float, ...]
    effects: Floats
    full: Floats

    def to_json(self) -> dict[str, object]:
        """Return it JSON-ready, the strongest effect first."""
        told = zip(self.support.tolist(), self.keys, self.labels, self.effects.tolist(), strict=True)
        lines = [
            {"row": row, "key": key, "label": label, "effect": [number(value) for value in effect]}
            for row, key, label, effect in told
        ]
        full = [number(value) for value in self.full]
        return {"task": self.task.name, "row": self.row, "full": full, "support": lines}


#: Gives the answers `[n, W]` to a task without each of the support labels at these rows.
Without = Callable[[NDArray[np.int64]], Floats]


def support_attributions(
    model: Predictor,
    support: Support,
    data: Data,
    row: int,
    task: str,
    known: Shown | None = None,
    most: int | None = None,
    report: Report = silent,
) -> SupportAttributions:
    """Leave out each support label of a task in turn and ask again.

    Args:
        model: a MetaLink network, or any MetaLink model whose task was added by `add-task`.
        support: what its task nodes were made from.
        data: `N` data.
        row: whose answer is asked for.
        task: to which task.
        known: labels known of the data.
        most: leave out at most so many labels, those of support data drawn evenly over the table; None leaves out all.
        report: told of progress; a task of the default engine is learnt anew for every label.

    Raises:
        UserError: for a model or task without a support, a support that is not the model's, or a row that cannot be
            used.
    """
    if not 0 <= row < len(data) or not data.ok[row]:
        raise UserError("there is no such row, or it cannot be used", where=f"row {row}")
    at = model.tasks.index(task)
    one = data.take(np.array([row], np.int64))
    shown = Shown.nothing(model.tasks, 1) if known is None else known.take([row])
    first, last = (int(x) for x in model.tasks.offsets[at : at + 2])
    full = model.predict(one, shown).mean[0, first:last]
    same, rows, without = _rebuilt(model, support, one, shown, task, report)
    if not np.allclose(same, full, atol=SAME * max(1.0, float(np.abs(full).max())), rtol=0):
        what = "the support given is not what the model's task nodes were made from"
        raise UserError(what, where=f"task {task}", mend="Give the table of the fit, or of add-task, unchanged.")
    rows = rows if most is None or len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).round().astype(int)]
    effects = full - without(rows)
    order = np.argsort(-np.abs(effects).max(1, initial=0.0), kind="stable")
    column = support.labels.tasks.index(task)
    value = support.labels.to_dense()[0][rows[order], column]
    keys = support.data.keys
    return SupportAttributions(
        model.tasks[at],
        row,
        rows[order],
        tuple(keys[k] for k in rows[order]),
        tuple(label_text(model.tasks[at], float(v)) for v in value),
        effects[order],
        full,
    )


def _rebuilt(
    model: Predictor, support: Support, one: Data, shown: Shown, task: str, report: Report
) -> tuple[Floats, NDArray[np.int64], Without]:
    """Return the answer from the rebuilt support, the rows of its labels, and what leaves one out."""
    from weft.explain.support_added import relearnt
    from weft.explain.support_bank import banked
    from weft.metalink.closed_form import ClosedFormEngine
    from weft.metalink.network_engine import NetworkEngine

    engine: Any = getattr(model, "engine", None)
    if task not in support.labels.tasks.names:
        raise UserError(f"the support has no labels of {task!r}", mend="Give the table it was learnt from.")
    if isinstance(engine, NetworkEngine):
        return banked(model, engine, support, one, shown, task)
    if isinstance(engine, ClosedFormEngine):
        return relearnt(model, engine, support, one, shown, task, report)
    what = f"a {model.name} model has no support: its labels went into training"
    raise UserError(what, mend="Ask a model of '--preset metalink-paper', or about a task added by add-task.")
