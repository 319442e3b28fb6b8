"""Training one row with one seed, and what it costs and reaches."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from weft.benchmark.results import Result
from weft.benchmark.scores import Scores, family_kinds, family_scores
from weft.benchmark.suite import Row, Suite
from weft.benchmark.training import train
from weft.data.graph_known import unlabelled
from weft.data.nodes import Nodes
from weft.jobs.card import versions
from weft.labels import Asked, Ints
from weft.predictor import Predictions
from weft.training.run import Run

if TYPE_CHECKING:
    from weft.data.hetero import HeteroGraph
    from weft.data.splits import Split


class Measure:
    """Trains rows of a suite on its graph.

    Args:
        suite: whose rows.
        graph: all of it.
        split: its parts; test nodes are only predicted.
        threads: PyTorch may use.
    """

    def __init__(self, suite: Suite, graph: HeteroGraph, split: Split, threads: int = 1) -> None:
        self.suite, self.graph, self.split, self.threads = suite, graph, split, threads

    def __call__(self, row: Row, run: Run) -> Result:
        """Train `row` and return its line."""
        import torch

        import weft

        torch.set_num_threads(self.threads)
        graph, split = self.graph, self.split
        rows = np.concatenate([split.val, split.test])
        trained = train(row.build, Nodes.of(unlabelled(graph)), graph.labels, split, run, rows, row.alone)
        cut = len(split.val)
        val, test = (self._score(trained.predictions, part, rows[part]) for part in (slice(cut), slice(cut, None)))
        probe = {} if self.suite.probe is None else dict(self.suite.probe(trained.predictors, graph))
        made = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "weft": weft.__version__, **_versions()}
        return Result(
            self.suite.name, row.name, run.seed, row.model, row.told(), family_kinds(graph.tasks), val, test,
            round(trained.cpu_s, 2), round(trained.wall_s, 2), trained.parameters, self.threads, probe, made,
        )  # fmt: skip

    def _score(self, predictions: Predictions, part: slice, rows: Ints) -> Scores:
        found = predictions.take(np.arange(len(predictions.ok))[part])
        return family_scores(found, Asked(self.graph.labels.take(rows)))


def _versions() -> dict[str, str]:
    return {name: number for name, number in versions().items() if name != "platform"}
