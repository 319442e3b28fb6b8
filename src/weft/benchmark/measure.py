"""Training one row with one seed, and what it costs and reaches."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from weft.benchmark.results import Result
from weft.benchmark.scores import Scores, family_kinds, family_scores
from weft.benchmark.suite import Row, Suite
from weft.data.nodes import Nodes
from weft.jobs.card import versions
from weft.labels import Asked
from weft.training.run import Run

if TYPE_CHECKING:
    from weft.data.hetero import HeteroGraph
    from weft.data.splits import Split
    from weft.predictor import Predictor


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
        predictor = row.build()
        nodes = Nodes.of(graph)
        seen = graph.labels.on_rows(np.concatenate([split.train, split.val]))  # test labels are not even at hand
        cpu, wall = time.process_time(), time.monotonic()
        predictor.fit(nodes, seen, split, run)
        val, test = (self._score(predictor, nodes, rows) for rows in (split.val, split.test))
        spent = round(time.process_time() - cpu, 2), round(time.monotonic() - wall, 2)
        probe = {} if self.suite.probe is None else dict(self.suite.probe(predictor))
        made = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "weft": weft.__version__, **_versions()}
        return Result(
            self.suite.name, row.name, run.seed, row.model, dict(row.options), family_kinds(graph.tasks), val, test,
            *spent, getattr(predictor, "n_parameters", None), self.threads, probe, made,
        )  # fmt: skip

    def _score(self, predictor: Predictor, nodes: Nodes, rows: np.ndarray) -> Scores:
        if not len(rows):
            return {}
        return family_scores(predictor.predict(nodes.take(rows)), Asked(self.graph.labels.take(rows)))


def _versions() -> dict[str, str]:
    return {name: number for name, number in versions().items() if name != "platform"}
