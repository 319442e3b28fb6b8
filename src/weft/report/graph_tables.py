"""What a graph is, as tables: types, relations, and labels per task and part."""

from __future__ import annotations

import numpy as np

from weft.data.hetero import HeteroGraph
from weft.data.splits import Split
from weft.report.page import Section, table
from weft.tasks import Kind

_MOST_CLASSES = 4


def graph_section(graph: HeteroGraph) -> Section:
    """Types of node with their features, relations with their edges."""
    nodes = [
        [
            kind,
            str(t.n),
            "-" if t.dense is None else str(t.dense.shape[1]),
            "-" if t.sparse is None else str(t.sparse.shape[1]),
        ]
        for kind, t in graph.nodes.items()
    ]
    relations = [
        [
            " → ".join(relation),
            str(edge.shape[1]),
            f"{edge.shape[1] / max(graph.nodes[relation.source].n, 1):.2f}",
            f"{edge.shape[1] / max(graph.nodes[relation.target].n, 1):.2f}",
        ]
        for relation, edge in graph.edges.items()
    ]
    body = table("Nodes", ["type", "nodes", "dense features", "sparse features"], nodes)
    body += table("Relations", ["relation", "edges", "per source", "per target"], relations)
    return Section("The graph", body)


def labels_section(graph: HeteroGraph, split: Split) -> Section:
    """What was known to begin with, per task and part."""
    labels = graph.labels
    counts = [labels.on_rows(rows).counts() for rows in split.parts().values()]
    rows: list[list[str]] = []
    for j, task in enumerate(graph.tasks):
        values = labels.value[labels.col == j]
        if task.kind is Kind.REGRESSION:
            told = f"{values.mean():.4g} ± {values.std():.4g}" if len(values) else "-"
        elif len(task.classes) > _MOST_CLASSES:
            held = np.bincount(values.astype(np.int64), minlength=len(task.classes))
            told = f"{len(task.classes)} classes of {held.min()} to {held.max()}"
        else:
            held = np.bincount(values.astype(np.int64), minlength=len(task.classes))
            told = ", ".join(f"{name}: {n}" for name, n in zip(task.classes, held, strict=True))
        rows.append([task.name, task.node_type or "", str(task.kind), *(str(int(c[j])) for c in counts), told])
    header = ["task", "node type", "kind", "train", "val", "test", "classes, or mean ± sd"]
    return Section("Labels", table(f"{len(labels)} known labels", header, rows, words=(1, 2, 6)))
