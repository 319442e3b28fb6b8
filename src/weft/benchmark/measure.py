"""Training one row on a graph with one seed, and what it costs and reaches."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from weft.benchmark.cost import peak_memory
from weft.benchmark.results import Result
from weft.benchmark.scores import Scores, family_kinds, family_scores
from weft.benchmark.training import train
from weft.data.graph_known import unlabelled
from weft.data.graph_splits import with_split
from weft.data.nodes import Nodes
from weft.devices import told
from weft.errors import UserError
from weft.jobs.card import versions
from weft.labels import Asked, Ints
from weft.predictor import Predictions
from weft.training.run import Run

if TYPE_CHECKING:
    from weft.benchmark.row import Job
    from weft.benchmark.suite import Suite
    from weft.data.hetero import HeteroGraph
    from weft.data.splits import Split


def split_of(suite: Suite) -> tuple[HeteroGraph, Split]:
    """Read a suite's graph and its split, the same nodes for every row and seed.

    Raises:
        UserError: for a graph without test nodes.
    """
    graph = with_split(suite.graph(), seed=0)
    if graph.split is None or not len(graph.split.test):
        raise UserError("the graph has no test nodes", where=graph.name, mend="Give it a split with all three parts.")
    return graph, graph.split


class Measure:
    """Trains rows of a suite on its graph.

    Args:
        suite: whose rows.
        graph: all of it.
        split: its parts; test nodes are only predicted.
        threads: PyTorch may use.
        own: whether this process is there for one training.
    """

    def __init__(self, suite: Suite, graph: HeteroGraph, split: Split, threads: int = 1, own: bool = False) -> None:
        self.suite, self.graph, self.split, self.threads, self.own = suite, graph, split, threads, own

    def __call__(self, job: Job, run: Run) -> Result:
        """Train a row and return its line."""
        import torch

        torch.set_num_threads(self.threads)
        row, graph, split = job.row, self.graph, self.split
        rows = np.concatenate([split.val, split.test])
        trained = train(row.build, Nodes.of(unlabelled(graph)), graph.labels, split, run, rows, row.alone)
        cut = len(split.val)
        val, test = (self._score(trained.predictions, part, rows[part]) for part in (slice(cut), slice(cut, None)))
        probe = {} if self.suite.probe is None else dict(self.suite.probe(trained.predictors, graph))
        return Result(
            self.suite.name, row.name, run.seed, row.model, row.told(), family_kinds(graph.tasks), val, test,
            round(trained.cpu_s, 2), round(trained.wall_s, 2), trained.parameters, self.threads, probe,
            made(run.device), peak_memory() if self.own else None,
        )  # fmt: skip

    def _score(self, predictions: Predictions, part: slice, rows: Ints) -> Scores:
        found = predictions.take(np.arange(len(predictions.ok))[part])
        return family_scores(found, Asked(self.graph.labels.take(rows)))


def made(device: str = "cpu") -> dict[str, str]:
    """Return when a line was made, with which versions and, if it was a card, on which."""
    import weft

    found = {name: number for name, number in versions().items() if name != "platform"}
    card = {} if device == "cpu" else told(device)
    return {"when": datetime.now(UTC).isoformat(timespec="seconds"), "weft": weft.__version__, **found, **card}
