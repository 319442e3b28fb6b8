"""A small graph with everything: two types with tasks of every kind, sparse and no features, loose ends, a split."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.sparse import random_array

from weft.data.hetero import HeteroGraph, NodeTable, Relation, clean_edges
from weft.data.nodes import Nodes
from weft.data.splits import Split
from weft.hetero.model import InlinePredictor
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet
from weft.training.run import Run

TASKS = TaskSet(
    (
        Task("area", Kind.MULTICLASS, ("x", "y", "z"), "author"),
        Task("tea", node_type="author", group="likes"),
        Task("coffee", node_type="author", group="likes"),
        Task("cites", Kind.REGRESSION, node_type="paper"),
    )
)
N = {"author": 30, "paper": 40, "venue": 4, "lost": 3}


def small_graph(seed: int = 0) -> HeteroGraph:
    """Draw the graph; some authors and papers have no edge, the type `lost` and one relation have none at all."""
    draw = np.random.default_rng(seed)
    dense = draw.normal(size=(N["author"], 5)).astype(np.float32)
    dense[3, 2] = np.nan
    words = random_array((N["paper"], 12), density=0.3, format="csr", rng=draw, dtype=np.float32)
    nodes = {
        "author": NodeTable(N["author"], dense),
        "paper": NodeTable(N["paper"], sparse=words),
        "venue": NodeTable(N["venue"]),
        "lost": NodeTable(N["lost"], np.ones((N["lost"], 2), np.float32)),
    }
    edges = {
        Relation("author", "writes", "paper"): _edges(draw, 27, 36, 70),
        Relation("paper", "in", "venue"): _edges(draw, 36, 4, 36),
        Relation("paper", "cites", "paper"): _edges(draw, 36, 36, 30),
        Relation("lost", "at", "venue"): np.zeros((2, 0), np.int64),
    }
    rows = [np.arange(N["author"])] * 3 + [np.arange(N["paper"]) + N["author"]]
    values = [draw.integers(0, 3, 30), draw.random(30) < 0.4, draw.random(30) < 0.5, draw.normal(size=40)]
    row, col = np.concatenate(rows), np.repeat(np.arange(4), [len(r) for r in rows])
    known = draw.random(len(row)) < 0.85
    value = np.concatenate(values).astype(float)
    labels = LabelTable(TASKS, sum(N.values()), row[known], col[known], value[known])
    part = draw.permutation(70)
    split = Split(np.sort(part[:42]), np.sort(part[42:54]), np.sort(part[54:]), "random")
    return HeteroGraph(nodes, edges, labels, split)


def _edges(draw: np.random.Generator, n_source: int, n_target: int, count: int) -> np.ndarray:
    return clean_edges(np.stack([draw.integers(0, n_source, count), draw.integers(0, n_target, count)]))


def model(select: str = "task", **options) -> InlinePredictor:
    """Return an unfitted, narrow model of four epochs, checked every second."""
    made = InlinePredictor(**({"epochs": 4, "members": 1} | options))
    net, train = made.config.net, replace(made.config.train, every=2, select=select)
    trunk = replace(net.trunk, layer=replace(net.trunk.layer, dim=8))
    net = replace(net, trunk=trunk, inputs=replace(net.inputs, dim=8))
    made.config = replace(made.config, net=net, train=train)
    return made


def fitted(graph: HeteroGraph, run: Run | None = None, select: str = "task", **options) -> InlinePredictor:
    """Return a model fitted to the graph's labels and split."""
    made = model(select, **options)
    assert graph.split is not None
    made.fit(Nodes.of(graph), graph.labels, graph.split, run or Run(seed=1))
    return made


@cache
def once_fitted(**options) -> InlinePredictor:
    """Return a model fitted to the small graph, for tests that change nothing in it."""
    return fitted(small_graph(), **options)


def same_arrays(a: InlinePredictor, b: InlinePredictor) -> bool:
    """Whether two fitted models have the same arrays, bit for bit."""
    left, right = a.state()[1], b.state()[1]
    return left.keys() == right.keys() and all(left[key].tobytes() == right[key].tobytes() for key in left)
