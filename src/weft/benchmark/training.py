"""One training on a graph, timed: a model of all tasks, or a model alone for every family of tasks."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from weft.labels import Ints, LabelTable
from weft.predictor import Predictions, Predictor
from weft.training.run import Run

if TYPE_CHECKING:
    from weft.data.nodes import Nodes
    from weft.data.splits import Split


@dataclass(frozen=True)
class Trained:
    """A fitted model and what it predicts.

    Attributes:
        predictors: one, or one per family.
        predictions: of the rows asked for.
        cpu_s: CPU seconds of training and predicting, all threads together.
        wall_s: seconds by the clock.
    """

    predictors: tuple[Predictor, ...]
    predictions: Predictions
    cpu_s: float
    wall_s: float

    @property
    def parameters(self) -> int | None:
        """Number of trained numbers; None when a model does not tell."""
        counts = [getattr(predictor, "n_parameters", None) for predictor in self.predictors]
        return sum(count for count in counts if count is not None) if None not in counts else None


def train(
    build: Callable[[], Predictor],
    nodes: Nodes,
    labels: LabelTable,
    split: Split,
    run: Run,
    rows: Ints,
    alone: bool = False,
) -> Trained:
    """Fit to the training part of `split` and predict `rows`.

    Args:
        build: makes an unfitted model.
        nodes: all nodes of a graph.
        labels: of all parts; those of the test part are not even at hand of the model.
        split: which nodes are for what.
        run: seed, folder and progress.
        rows: global rows to predict.
        alone: fit one model per family, to the labels of that family only, so that nothing of another task reaches
            it by any way.
    """
    cpu, wall = time.process_time(), time.monotonic()
    seen = labels.on_rows(np.concatenate([split.train, split.val]))
    families = labels.tasks.families if alone else {"": list(range(len(labels.tasks)))}
    predictors: list[Predictor] = []
    parts: list[Predictions] = []
    for at, members in enumerate(families.values()):
        predictor = build()
        own = seen.take_tasks(labels.tasks[j].name for j in members) if alone else seen
        inner = run if not alone or run.folder is None else dataclasses.replace(run, folder=run.folder / f"task-{at}")
        predictor.fit(nodes, own, split, inner)
        predictors.append(predictor)
        parts.append(predictor.predict(nodes.take(rows)))
    whole = parts[0] if not alone else _beside(labels, list(families.values()), parts)
    return Trained(tuple(predictors), whole, time.process_time() - cpu, time.monotonic() - wall)


def _beside(labels: LabelTable, families: list[list[int]], parts: list[Predictions]) -> Predictions:
    """Put the columns of models alone into the order of all tasks."""
    offsets = labels.tasks.offsets
    mean = np.full((len(parts[0].ok), int(offsets[-1])), np.nan)
    std = mean.copy()
    for members, part in zip(families, parts, strict=True):
        columns = np.concatenate([np.arange(offsets[j], offsets[j + 1]) for j in members])
        mean[:, columns], std[:, columns] = part.mean, part.std
    return Predictions(labels.tasks, mean, std, np.logical_and.reduce([part.ok for part in parts]))
