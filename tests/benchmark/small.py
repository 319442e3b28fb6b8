"""A graph of two types and three families, and a suite of two rows on it, small enough to know by heart."""

import numpy as np

from tests import tiny
from weft.benchmark.suite import Row, Suite
from weft.data.hetero import HeteroGraph, NodeTable, Relation
from weft.data.splits import Split
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet

TASKS = TaskSet(
    (
        Task("area", Kind.MULTICLASS, ("x", "y", "z"), "author"),
        Task("tags: a", node_type="paper", group="tags"),
        Task("tags: b", node_type="paper", group="tags"),
        Task("year", Kind.REGRESSION, (), "paper"),
    )
)


def small_graph(n: int = 12) -> HeteroGraph:
    """`n` authors, `n` papers; author k wrote papers k and k + 1. What is known follows from k."""
    k = np.arange(n)
    writes = np.stack([np.repeat(k, 2), np.stack([k, (k + 1) % n], 1).ravel()])
    features = np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32)
    nodes = {"author": NodeTable(n, features), "paper": NodeTable(n, features + 1)}
    y = np.full((2 * n, 4), np.nan)
    y[:n, 0] = k % 3
    y[n:, 1], y[n:, 2], y[n:, 3] = k % 2, k // 2 % 2, 2000.0 + k
    y[n + 1, 1] = np.nan
    parts = [np.concatenate([at, at + n]) for at in (k[: n // 2], k[n // 2 : 3 * n // 4], k[3 * n // 4 :])]
    labels = LabelTable.from_dense(TASKS, y)
    return HeteroGraph(nodes, {Relation("author", "writes", "paper"): writes}, labels, Split(*parts, "given"), "small")


SUITE = Suite("small", "A small graph", small_graph, (Row("guess/one", tiny.NAME), Row("guess/two", tiny.NAME)))
