"""Training one row on a graph with one seed, and what it costs and reaches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from weft.benchmark.cost import peak_memory
from weft.benchmark.results import Result
from weft.benchmark.scores import Scores, family_cells, family_kinds, family_scores
from weft.benchmark.training import train
from weft.data.graph_known import unlabelled
from weft.data.graph_splits import with_split
from weft.data.nodes import Nodes
from weft.devices import told
from weft.errors import UserError
from weft.jobs.card import versions
from weft.labels import Asked, Ints
from weft.predictor import Predictions, Predictor
from weft.training.run import Run

if TYPE_CHECKING:
    from weft.benchmark.row import Job
    from weft.benchmark.suite import Suite
    from weft.data.hetero import HeteroGraph
    from weft.data.splits import Split
    from weft.hetero.resample import Cells


def split_of(graph: HeteroGraph) -> tuple[HeteroGraph, Split]:
    """Return a graph with a split, its own if it has one, and that split: the same nodes for every row.

    Raises:
        UserError: for a graph without test nodes.
    """
    graph = with_split(graph, seed=0)
    if graph.split is None or not len(graph.split.test):
        raise UserError("the graph has no test nodes", where=graph.name, mend="Give it a split with all three parts.")
    return graph, graph.split


class Measure:
    """Trains rows of a suite on its graph, or on that of the seed; test nodes are only predicted.

    Args:
        suite: whose rows.
        threads: PyTorch may use.
        own: whether this process is there for one training.
    """

    def __init__(self, suite: Suite, threads: int = 1, own: bool = False) -> None:
        self.suite, self.threads, self.own = suite, threads, own
        self.whole = None if suite.drawn else split_of(suite.graph())

    def __call__(self, job: Job, run: Run) -> Result:
        """Train a row and return its line."""
        return self.answered(job, run)[0]

    def answered(self, job: Job, run: Run) -> tuple[Result, dict[str, Cells]]:
        """Train a row and return its line, and each family's answers and predictions at the test nodes."""
        import torch

        torch.set_num_threads(self.threads)
        row, (graph, split) = job.row, self._graph(run.seed)
        rows = np.concatenate([split.val, split.test])
        trained = train(row.build, Nodes.of(unlabelled(graph)), graph.labels, split, run, rows, row.alone)
        peak, cut = peak_memory() if self.own else None, len(split.val)
        parts = (_part(graph, trained.predictions, part, rows[part]) for part in (slice(cut), slice(cut, None)))
        val, test = (family_scores(*part) for part in parts)
        probe = {} if self.suite.probe is None else dict(self.suite.probe(trained.predictors, graph))
        if self.suite.further is not None and all(predictor.other_graphs for predictor in trained.predictors):
            probe["further"] = _further(trained.predictors, self.suite.further(run.seed))
        result = Result(
            self.suite.name, row.name, run.seed, row.model, row.told(), family_kinds(graph.tasks), val, test,
            round(trained.cpu_s, 2), round(trained.wall_s, 2), trained.parameters, self.threads, probe,
            made(run.device), peak,
        )  # fmt: skip
        return result, family_cells(*_part(graph, trained.predictions, slice(cut, None), rows[cut:]))

    def _graph(self, seed: int) -> tuple[HeteroGraph, Split]:
        if self.suite.drawn is not None:
            return split_of(self.suite.drawn(seed))
        return self.whole or split_of(self.suite.graph())


def _further(predictors: Sequence[Predictor], graph: HeteroGraph) -> Scores:
    """Return the scores of all labelled nodes of another graph."""
    found: Scores = {}
    rows = np.unique(graph.labels.row)
    nodes = Nodes.of(unlabelled(graph)).take(rows)
    for predictor in predictors:
        predictions = predictor.predict(nodes)
        labels = graph.labels.take(rows).take_tasks(task.name for task in predictions.tasks)
        found |= family_scores(predictions, Asked(labels))
    return found


def _part(graph: HeteroGraph, predictions: Predictions, part: slice, rows: Ints) -> tuple[Predictions, Asked]:
    """Return the predictions of a part of the nodes, and what they should have been."""
    return predictions.take(np.arange(len(predictions.ok))[part]), Asked(graph.labels.take(rows))


def made(device: str = "cpu") -> dict[str, str]:
    """Return when a line was made, with which versions and, if it was a card, on which."""
    import weft

    found = {name: number for name, number in versions().items() if name != "platform"}
    card = {} if device == "cpu" else told(device)
    return {"when": datetime.now(UTC).isoformat(timespec="seconds"), "weft": weft.__version__, **found, **card}
