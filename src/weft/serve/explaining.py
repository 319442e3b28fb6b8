"""Attributions, what to measure next, and the task map, as the API tells them; runs on the model's thread."""

from __future__ import annotations

import numpy as np

from weft.errors import UserError, nearest
from weft.explain import Inquiry
from weft.explain.numbers import number
from weft.labels import LabelTable
from weft.serve.answers import CandidateInfo, Effect, ExplainAnswer, MeasureNextAnswer
from weft.serve.asking import Asking
from weft.serve.known import label_table, read_known, unknown_task
from weft.serve.queries import Query
from weft.serve.schema import ExplainBody, MeasureNextBody, Subject
from weft.serve.told import columns
from weft.tasks import Task

#: Answers that sampled attributions may cost, over all sampled orders of the known labels.
_ANSWERS = 20_000
_SAMPLES = 256


def explain(asking: Asking, body: ExplainBody) -> ExplainAnswer:
    """Tell how much each known label moves the prediction of one task.

    Raises:
        UserError: for a task or class that does not exist, or a model that reads no labels.
    """
    tasks = asking.loaded.predictor.tasks
    if body.task not in tasks.names:
        raise unknown_task(body.task, tasks, "task")
    at = tasks.index(body.task)
    query, labels, inquiry = _inquiry(asking, body)
    samples = max(8, min(_SAMPLES, _ANSWERS // (len(labels) + 1)))
    found = inquiry.attributions(0, samples=samples)
    column = int(tasks.offsets[at]) + _class(
        tasks[at], body.label, found.full[tasks.offsets[at] : tasks.offsets[at + 1]]
    )
    if not np.isfinite(found.full[column]):
        raise UserError(f"the task {body.task!r} is not on this type of node", where="task")
    effects = [
        Effect(task=name, known=label, effect=number(effect) or 0.0)
        for name, label, effect in zip(found.known, found.labels, found.effects[:, column], strict=True)
        if name != body.task
    ]
    return ExplainAnswer(
        key=query.key,
        task=body.task,
        label=columns(tasks[at])[column - int(tasks.offsets[at])],
        method=found.method,
        base=number(found.base[column]) or 0.0,
        full=number(found.full[column]) or 0.0,
        effects=sorted(effects, key=lambda effect: -abs(effect.effect)),
    )


def measure_next(asking: Asking, body: MeasureNextBody) -> MeasureNextAnswer:
    """Rank unmeasured tasks by what knowing them should teach of the targets.

    Raises:
        UserError: for a target that does not exist or is known, or a model that reads no labels.
    """
    tasks = asking.loaded.predictor.tasks
    missing = [name for name in body.targets or () if name not in tasks.names]
    if missing:
        raise unknown_task(missing[0], tasks, "targets")
    query, labels, inquiry = _inquiry(asking, body)
    targets = list(dict.fromkeys(body.targets or tasks.names))
    known = {tasks[int(col)].name for col in labels.col}
    if known.issuperset(targets):
        if body.targets is None:
            return MeasureNextAnswer(key=query.key, targets=targets, candidates=[])
        raise UserError("every target is known already", where="targets", mend="Name targets that are unknown.")
    ranked = inquiry.measure_next(0, body.targets, body.count)
    told = [
        CandidateInfo(
            task=found.task,
            gain=number(found.gain) or 0.0,
            own=number(found.own) or 0.0,
            about={name: number(gain) or 0.0 for name, gain in found.about.items()},
        )
        for found in ranked
    ]
    return MeasureNextAnswer(key=query.key, targets=targets, candidates=told)


def _inquiry(asking: Asking, body: Subject) -> tuple[Query, LabelTable, Inquiry]:
    """Return what asks about one datum."""
    query = asking.one(body)
    tasks = asking.loaded.predictor.tasks
    labels = label_table(tasks, [read_known(body.known, tasks, "known")])
    return query, labels, asking.inquiry([query], labels)


def _class(task: Task, label: str | None, full: np.ndarray) -> int:
    """Return which of a task's output columns is explained: the class asked for, else the likeliest."""
    names = columns(task)
    if label is None:
        return int(np.nan_to_num(full).argmax()) if len(names) > 1 else 0
    if label not in names:
        where = f"label, task {task.name}"
        if len(names) == 1:
            raise UserError(f"a {task.kind} task has one prediction", where=where, mend="Leave label out.")
        raise UserError(f"there is no class {label[:60]!r}", where=where, mend=nearest(label, task.classes))
    return names.index(label)
