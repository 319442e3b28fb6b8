"""A graph without its labels, its labels as another set of tasks has them, and a hash of what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from weft.data.hetero import HeteroGraph
from weft.data.stored_graph import StoredGraph
from weft.errors import UserError
from weft.labels import Floats, LabelTable
from weft.tasks import Task, TaskSet


def unlabelled(graph: HeteroGraph) -> HeteroGraph:
    """Return the graph with the same tasks but no label and no split: what a model may read as features."""
    return replace(graph, labels=LabelTable.empty(graph.tasks, len(graph)), split=None)


def only_tasks(graph: HeteroGraph, names: Iterable[str]) -> HeteroGraph:
    """Return the graph with the named tasks only."""
    return replace(graph, labels=graph.labels.take_tasks(names))


def content_hash(graph: HeteroGraph, with_split: bool = False) -> str:
    """Return a SHA-256 over nodes, edges and labels, whatever files they came from.

    Args:
        graph: to hash.
        with_split: hash the rows of each part, too.
    """
    total = hashlib.sha256(repr((graph.schema(), graph.tasks.to_json())).encode())
    if isinstance(graph, StoredGraph):  # hashed when it was packed
        total.update(graph.content.encode())
        return _and_labels(total, graph, with_split)
    for table in graph.nodes.values():
        total.update(repr((table.n, table.keys)).encode())
        sparse = table.sparse
        parts = () if sparse is None else (sparse.data, sparse.indices.astype(np.int64), sparse.indptr.astype(np.int64))
        for array in (*(() if table.dense is None else (table.dense,)), *parts):
            total.update(np.ascontiguousarray(array).tobytes())
    for relation in sorted(graph.edges):
        total.update(np.ascontiguousarray(graph.edges[relation]).tobytes())
    return _and_labels(total, graph, with_split)


def _and_labels(total: Any, graph: HeteroGraph, with_split: bool) -> str:
    labels = graph.labels
    rows = tuple(graph.split.parts().values()) if with_split and graph.split else ()
    for array in (labels.row, labels.col, labels.value):
        total.update(np.ascontiguousarray(array).tobytes())
    for array in rows:
        total.update(len(array).to_bytes(8) + array.tobytes())
    return total.hexdigest()


def labels_for(tasks: TaskSet, graph: HeteroGraph, path: Path) -> LabelTable:
    """Return what the graph knows of the model's tasks, classes matched by name; other tasks are unknown.

    Raises:
        UserError: for a task of another kind or with a class that the model does not know.
    """
    known = {task.name: at for at, task in enumerate(graph.tasks)}
    rows, cols, values = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for col, task in enumerate(tasks):
        if task.name not in known or graph.tasks[known[task.name]].node_type != task.node_type:
            continue
        here = graph.labels.col == known[task.name]
        values.append(_matched(task, graph.tasks[known[task.name]], graph.labels.value[here], path))
        rows.append(graph.labels.row[here])
        cols.append(np.full(len(rows[-1]), col, np.int64))
    return LabelTable(tasks, len(graph), np.concatenate(rows), np.concatenate(cols), np.concatenate(values))


def _matched(task: Task, found: Task, value: Floats, path: Path) -> Floats:
    """Turn class indices of a graph's task into those of the model's."""
    if found.kind is not task.kind:
        what = f"the task {task.name!r} is {found.kind}, the model's is {task.kind}"
        raise UserError(what, where=str(path), mend="Rename the task in the graph.")
    if found.classes == task.classes:
        return value
    unknown = [name for name in found.classes if name not in task.classes]
    if unknown:
        what = f"the model knows no class {unknown[0]!r} of the task {task.name!r}"
        raise UserError(what, where=str(path), mend=f"It knows {', '.join(task.classes[:8])}.")
    place = np.array([task.classes.index(name) for name in found.classes], np.float64)
    return place[value.astype(np.int64)]
