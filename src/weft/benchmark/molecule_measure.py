"""Training one row on one scaffold split of molecules, and what it costs and reaches."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.benchmark.asking import Asking, fingerprint
from weft.benchmark.cost import Clock, peak_memory
from weft.benchmark.in_batches import BatchReader
from weft.benchmark.measure import made
from weft.benchmark.molecule_data import MoleculeSet
from weft.benchmark.molecule_results import METRICS, MoleculeResult
from weft.benchmark.molecule_suite import MoleculeRow
from weft.errors import UserError
from weft.labels import Ints, LabelTable, Shown
from weft.predictor import Predictions, Predictor
from weft.settings import Episode
from weft.training.assess import uses_labels
from weft.training.metrics import score_tasks
from weft.training.run import Run

if TYPE_CHECKING:
    from weft.benchmark.row import Job
    from weft.data.splits import Split

Predict = Callable[[Shown], Predictions]
_DIGITS, _TASK_DIGITS = 6, 4
#: Of more tasks no line of results tells the scores one by one: it would be tens of kilobytes.
_MOST_TASKS = 100


class MoleculeMeasure:
    """Trains rows of a suite on data sets of molecules.

    Args:
        suite: name.
        load: reads a data set.
        threads: to compute with.
        own: whether this process is there for one training.
        metrics: that are kept of every mask.
    """

    def __init__(
        self,
        suite: str,
        load: Callable[[str], MoleculeSet],
        threads: int = 1,
        own: bool = False,
        metrics: Sequence[str] = METRICS,
    ) -> None:
        self.suite, self.threads, self.own, self.metrics = suite, threads, own, tuple(metrics)
        self.load = lru_cache(maxsize=1)(load)

    def __call__(self, job: Job, run: Run) -> MoleculeResult:
        """Train a row on a split and return its line."""
        import torch

        torch.set_num_threads(self.threads)
        row, held = job.here, self.load(job.data)
        if not isinstance(row, MoleculeRow):
            raise UserError(f"the row {row.name} is not one of molecules")
        split = held.split(job.seed)
        training = Clock()
        model = fitted(row, held, split, run)
        cpu, wall, shared = training.cpu_s, training.wall_s, dict[str, str]()
        if run.shelf is not None:  # what was found there counts as if it had been trained here
            cpu, wall = cpu + run.shelf.cpu_s, wall + run.shelf.wall_s
            shared = {"shared_cpu_s": f"{run.shelf.cpu_s:.1f}"}
        asked = Clock()
        val = [_means(scores, self.metrics) for scores in scored(model, row.asking, held, split, "val", self.metrics)]
        test = scored(model, row.asking, held, split, "test", self.metrics)
        others = row.readings.items()
        readings = {name: scored(model, asking, held, split, "test", self.metrics) for name, asking in others}
        return MoleculeResult(
            self.suite, row.name, job.data, job.seed, row.model, row.told(), len(held.labels.tasks),
            {part: len(rows) for part, rows in split.parts().items()}, test, val,
            cpu, wall, asked.cpu_s, peak_memory() if self.own else None,
            getattr(model, "n_parameters", None), self.threads,
            {**made(run.device), **shared, "data_sha256": held.sha256}, readings,
        )  # fmt: skip


def fitted(row: MoleculeRow, held: MoleculeSet, split: Split, run: Run) -> Predictor:
    """Fit a row's model to the training part of a split; labels of the test part are not even at hand.

    With new tasks, the others are trained on and the new ones added from the training molecules' labels.
    """
    seen = held.labels.on_rows(np.concatenate([split.train, split.val]))
    names = seen.tasks.names
    new = row.asking.new(names)
    model = row.build()
    model.fit(held.data, seen.take_tasks(names[: len(names) - len(new)]), split, run)
    if new:
        support = seen.take_tasks(new).take(split.train)
        model.add_task(held.data.take(split.train), support, run)
    return model


def scored(
    model: Predictor,
    asking: Asking,
    held: MoleculeSet,
    split: Split,
    part: str,
    metrics: Sequence[str] = METRICS,
) -> list[dict[str, Any]]:
    """Return the scores of a part at every ratio, as `MoleculeResult` describes them."""
    rows = split.parts()[part]
    rows = rows[held.data.ok[rows]]
    labels = held.labels.take(rows)
    predict = _reader(model, asking, held, split, rows)
    new = asking.new(labels.tasks.names)
    asked = new or labels.tasks.names
    found: list[dict[str, Any]] = []
    for ratio in asking.ratios:
        episodes = asking.episodes(labels, ratio, split.seed or 0)
        masks = [_mask(predict(episode.shown), episode, metrics) for episode in episodes]
        per_task = {
            metric: [_rounded([mask["tasks"][metric][name] for mask in masks], _TASK_DIGITS) for name in asked]
            for metric in metrics
            if len(asked) <= _MOST_TASKS
        }
        told = [{key: value for key, value in mask.items() if key != "tasks"} for mask in masks]
        found.append({"reveal": ratio, "masks": told, "tasks": per_task})
    return found


def _reader(model: Predictor, asking: Asking, held: MoleculeSet, split: Split, rows: Ints) -> Predict:
    """Return what predicts the part's molecules from what is shown of them; nothing is shown to who cannot use it."""
    if asking.batches:
        support = _support(asking, held.labels).take(split.train)
        return BatchReader(model, held.data, (split.train, support), rows, split.seed or 0)
    encoded = model.encode(held.data.take(rows))
    nothing = model.predict_encoded(encoded, Shown.nothing(held.labels.tasks, len(rows)))
    if not uses_labels(model):
        return lambda _: nothing
    return lambda shown: model.predict_encoded(encoded, shown) if len(shown.table) else nothing


def _support(asking: Asking, labels: LabelTable) -> LabelTable:
    """Return the labels that support molecules bring: of the new tasks only, where those alone are in the graph."""
    new = asking.new(labels.tasks.names)
    return labels.where(np.isin(labels.col, [labels.tasks.index(name) for name in new])) if new else labels


def _mask(predictions: Predictions, episode: Episode, metrics: Sequence[str]) -> dict[str, Any]:
    scores = score_tasks(predictions, episode.asked)
    means = scores.means()
    return {
        **{metric: round(means[metric].value, _DIGITS) if metric in means else None for metric in metrics},
        "n_tasks": means["roc_auc"].n_tasks if "roc_auc" in means else 0,
        "cells": fingerprint(episode),
        "tasks": {metric: {s.task: s.values.get(metric) for s in scores.tasks} for metric in metrics},
    }


def _means(scores: Mapping[str, Any], metrics: Sequence[str]) -> dict[str, Any]:
    """Leave out tasks and masks: validation scores are for a glance."""
    means = {metric: _rounded([mask[metric] for mask in scores["masks"]], _DIGITS) for metric in metrics}
    return {"reveal": scores["reveal"], **means}


def _rounded(values: Sequence[float | None], digits: int) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.fmean(known), digits) if known else None
