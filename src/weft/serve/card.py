"""What a server tells of its model: tasks, settings, scores, how it was fitted, and what to mind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import weft
from weft.serve.answers import Card, ModelInfo, TaskInfo
from weft.serve.limits import Limits
from weft.serve.loaded import Loaded
from weft.tasks import Task

#: Parts of the run card that a reader of the page has no use for, or should not see (paths of this machine).
_LEFT_OUT = ("identity",)
_PATHS = ("path", "file")
IN_MEMORY = "kept in this server's memory only: it is gone when the server stops, and the model folder is unchanged"


def task_info(task: Task, loaded: Loaded) -> TaskInfo:
    """Describe a task."""
    return TaskInfo(
        name=task.name,
        kind=task.kind,
        classes=list(task.classes),
        node_type=task.node_type,
        group=task.group,
        added=task.name in loaded.added,
    )


def model_info(loaded: Loaded, limits: Limits) -> ModelInfo:
    """Describe the model for a client."""
    predictor = loaded.predictor
    types = {} if loaded.graph is None else {kind: table.n for kind, table in loaded.graph.nodes.items()}
    return ModelInfo(
        name=predictor.name,
        title=loaded.title,
        kind=loaded.kind,
        features=[] if loaded.subject is None else list(loaded.subject.features),
        tasks=[task_info(task, loaded) for task in predictor.tasks],
        settings=sorted(map(str, predictor.settings)),
        reads_labels=loaded.reads_labels,
        can_add_task=loaded.can_add_task,
        can_cover=predictor.calibrator is not None,
        node_types=types,
        metrics=dict(loaded.metrics),
        limits=limits.info(),
        version=weft.__version__,
    )


def card(loaded: Loaded) -> Card:
    """Return the model card."""
    predictor = loaded.predictor
    calibrator = predictor.calibrator
    fit = {key: _without_paths(value) for key, value in loaded.run.items() if key not in _LEFT_OUT}
    return Card(
        title=loaded.title,
        name=predictor.name,
        tasks=[task_info(task, loaded) for task in predictor.tasks],
        settings=sorted(map(str, predictor.settings)),
        fit=fit,
        metrics=dict(loaded.metrics),
        calibration=None if calibrator is None else dict(calibrator.card(predictor.tasks)),
        notes=_notes(loaded),
    )


def _notes(loaded: Loaded) -> list[str]:
    told = [*loaded.notes]
    if not loaded.reads_labels:
        told.append("known labels do not move the predictions of this model")
    if loaded.predictor.calibrator is None:
        told.append("the model had no validation labels: its probabilities are not calibrated, and there are no sets")
    told += [f"the task {name!r} is {IN_MEMORY}" for name in loaded.added]
    told.append(
        "predictions are for data like those it was fitted to; the metrics say how well it does on its test part"
    )
    return told


def _without_paths(value: Any) -> Any:
    """Return a part of the run card with files' names in place of their paths."""
    if isinstance(value, Mapping):
        return {
            str(k): PurePath(v).name if k in _PATHS and isinstance(v, str) else _without_paths(v)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_without_paths(each) for each in value]
    return value
