"""How good an added task is, before it is added: learnt from some of its labels, asked for the others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weft import saved
from weft.baselines.grouping import group_folds
from weft.files import read_json
from weft.jobs.folder import METRICS
from weft.jobs.seen import seen
from weft.labels import LabelTable
from weft.predictor import Predictions
from weft.settings import reveal
from weft.tasks import Kind
from weft.training.evaluate import score_episodes
from weft.training.run import Run

if TYPE_CHECKING:
    from weft.data.base import Data

PART = "added"
#: Labels to keep apart of a task, at least, and of its rarer class.
_LEAST, _RARE = 20, 5
_FOLDS = 5


def rehearse(folder: Path, data: Data, labels: LabelTable, run: Run) -> dict[str, Any]:
    """Add the tasks to a copy of the model without the labels of some molecules, and ask for these.

    Asked are molecules that the model has never seen, for it knows its training molecules better than others: a fifth
    of the scaffolds, two fifths or all of them where those are too few. Nothing is shown of them.

    Args:
        folder: the model as it is.
        data: `N` molecules.
        labels: their labels of the new tasks.
        run: seed, threads, progress.

    Returns:
        as a part of `metrics.json`: `{"0": evaluation}` of the tasks with enough such labels; empty without any.
    """
    trial = saved.load(folder)
    rows = np.flatnonzero(data.ok & (labels.row_counts() > 0))
    part = data.take(rows)
    new = ~seen(folder, part, trial.tasks).all(1)
    fold = group_folds(part.groups(), _FOLDS, np.random.default_rng(run.seed))
    parts = [(new & (fold < k), fold >= k) for k in (1, 2)]
    for apart, kept in (*parts, (new, ~new)):
        asked, support = labels.take(rows[apart]), labels.on_rows(rows[kept])
        names = [name for name in labels.tasks.names if _enough(asked, name, _LEAST) and _enough(support, name, 2)]
        if names and kept.sum() >= apart.sum():
            trial.add_task(data, support.take_tasks(names), run)
            found = trial.predict(data.take(rows[apart]))
            own = asked.take_tasks(names)
            return {"0": score_episodes([_only(found, own)], [reveal(own, 0.0, 0)], 0.0).to_json()}
    return {}


def _enough(labels: LabelTable, name: str, least: int) -> bool:
    """Whether a task has so many labels, and those of a class or two to tell apart."""
    at = labels.tasks.index(name)
    if int(labels.counts()[at]) < least:
        return False
    rare = min(_RARE, least // 2)
    return labels.tasks[at].kind is Kind.REGRESSION or int(np.sort(labels.class_counts(name))[-2]) >= rare


def _only(found: Predictions, labels: LabelTable) -> Predictions:
    """Return the predictions of the tasks of `labels`."""
    offsets = found.tasks.offsets
    at = [found.tasks.index(task) for task in labels.tasks]
    columns = np.concatenate([np.arange(offsets[j], offsets[j + 1]) for j in at])
    return Predictions(labels.tasks, found.mean[:, columns], found.std[:, columns], found.ok)


def with_added(folder: Path, scores: dict[str, Any]) -> dict[str, Any]:
    """Return the metrics of a model with the scores of added tasks beside those of tasks added before."""
    metrics: dict[str, Any] = read_json(folder / METRICS) if (folder / METRICS).is_file() else {}
    if not scores:
        return metrics
    before = metrics.get(PART)
    if not isinstance(before, dict):
        return {**metrics, PART: scores}
    tasks = {**before["0"]["tasks"], **scores["0"]["tasks"]}
    return {**metrics, PART: {"0": {**scores["0"], "tasks": tasks, "means": _means(tasks)}}}


def _means(tasks: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    names = dict.fromkeys(name for task in tasks.values() for name in task if name not in ("n", "note"))
    found = {name: [task[name] for task in tasks.values() if task.get(name) is not None] for name in names}
    return {name: {"value": float(np.mean(v)), "n_tasks": len(v)} for name, v in found.items() if v}
