"""The graph of `large_graph.py`: hubs, dense features, and labels that only neighbours can tell."""

from __future__ import annotations

import numpy as np

NODES = {"customer": (1_000_000, 24), "account": (800_000, 32), "station": (200_000, 16)}
EDGES = {
    ("customer", "owns", "account"): 3_000_000,
    ("customer", "visits", "station"): 5_000_000,
    ("account", "pays", "account"): 8_000_000,
    ("customer", "knows", "customer"): 4_000_000,
}
#: Task -> type, relation whose other end carries the signal, share of positives.
TASKS = {"grows": ("customer", "owns", 0.5), "travels": ("customer", "visits", 0.2), "fraud": ("account", "pays", 0.1)}
#: Share of the nodes of a task's type that have a label.
LABELLED = 0.2


def make(scale: float, seed: int = 0):
    """Return the graph, `scale` times the full size, labels on a fifth of the nodes of the tasks' types."""
    from weft.data.hetero import HeteroGraph, NodeTable, Relation
    from weft.labels import LabelTable
    from weft.tasks import Task, TaskSet

    draw = np.random.default_rng(seed)
    n = {kind: int(count * scale) for kind, (count, _) in NODES.items()}
    features = {kind: draw.normal(size=(n[kind], w)).astype(np.float32) for kind, (_, w) in NODES.items()}
    edges = {Relation(*key): _edges(draw, n[key[0]], n[key[2]], int(m * scale)) for key, m in EDGES.items()}
    start = dict(zip(n, np.cumsum([0, *n.values()]), strict=False))
    tasks = TaskSet(tuple(Task(name, node_type=kind) for name, (kind, _, _) in TASKS.items()))
    row, col, value = [], [], []
    for at, (kind, relation, share) in enumerate(TASKS.values()):
        chosen, positive = _labels(draw, n[kind], kind, relation, share, edges, features)
        row.append(chosen + start[kind])
        col.append(np.full(len(chosen), at))
        value.append(positive)
    labels = LabelTable(tasks, sum(n.values()), *(np.concatenate(part) for part in (row, col, value)))
    return HeteroGraph({kind: NodeTable(n[kind], x) for kind, x in features.items()}, edges, labels)


def _edges(draw: np.random.Generator, n_source: int, n_target: int, count: int) -> np.ndarray:
    """Return `count` different pairs: sources nearly even, a few targets with a great share."""
    more = int(count * 1.2)
    source = (draw.random(more) ** 1.2 * n_source).astype(np.int64)
    target = (draw.random(more) ** 2.5 * n_target).astype(np.int64)
    key = np.unique(draw.permutation(n_source)[source] * n_target + draw.permutation(n_target)[target])
    key = key[np.sort(draw.choice(len(key), min(count, len(key)), replace=False))]
    return np.stack([key // n_target, key % n_target])


def _labels(draw, n: int, kind: str, name: str, share: float, edges, features) -> tuple[np.ndarray, np.ndarray]:
    """Label a random part of the nodes by a weighted mean of what is at the other end of one relation, and noise."""
    relation = next(r for r in edges if r.name == name)
    here, there = edges[relation] if relation.source == kind != relation.target else edges[relation][::-1]
    other = features[relation.target if relation.source == kind else relation.source]
    signal = other @ draw.normal(size=other.shape[1]).astype(np.float32)
    count = np.bincount(here, minlength=n)
    mean = np.bincount(here, signal[there], minlength=n) / np.maximum(count, 1)
    score = mean + 0.3 * mean.std() * draw.normal(size=n)
    chosen = np.sort(draw.choice(np.flatnonzero(count), int(LABELLED * n), replace=False))
    return chosen, (score[chosen] > np.quantile(score[chosen], 1 - share)).astype(float)
