"""From the pieces that a reader found to a `HeteroGraph`: names of tasks, labels and parts on global rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from weft.data.hetero import HeteroGraph, Ints, NodeTable, Relation
from weft.data.splits import Split
from weft.errors import UserError
from weft.labels import Floats, LabelTable
from weft.tasks import Task, TaskSet


class Column(NamedTuple):
    """The known labels of one task: positions in the task's node type, int64 `[E]`, and values, float64 `[E]`."""

    task: Task
    row: Ints
    value: Floats


#: More classes than any set has: a number above this is a mistake, not a class, and each would be a name and an output.
MOST_CLASSES = 100_000
#: Node type -> rows in that type of train, val and test.
Parts = Mapping[str, tuple[Ints, Ints, Ints]]


def task_names(places: Sequence[tuple[str, str]]) -> list[str]:
    """Return a name per (node type, task): the task's, or `TYPE/TASK` where several types have one of that name.

    Example:
        >>> task_names([("author", "area"), ("paper", "year"), ("author", "year")])
        ['area', 'paper/year', 'author/year']
    """
    often = Counter(task for _, task in places)
    return [task if often[task] == 1 else f"{kind}/{task}" for kind, task in places]


def build_graph(
    nodes: Mapping[str, NodeTable],
    edges: Mapping[Relation, Ints],
    columns: Sequence[Column],
    parts: Parts | None,
    name: str,
    method: str = "published",
) -> HeteroGraph:
    """Return the graph.

    Args:
        nodes: type -> its nodes.
        edges: relation -> int64 `[2, E]`, clean.
        columns: the tasks with their labels, positions in the task's type.
        parts: rows of each part by type; None or empty when nobody gave any.
        name: of the graph.
        method: what the split is called.

    Raises:
        UserError: as `HeteroGraph`, with a task of unknown type first.
    """
    tasks = TaskSet(tuple(column.task for column in columns))
    start, end = _offsets(nodes)
    row = _joined([column.row + start.get(column.task.node_type or "", 0) for column in columns])
    col = _joined([np.full(len(column.row), at, np.int64) for at, column in enumerate(columns)])
    value = np.concatenate([np.zeros(0), *(column.value for column in columns)])
    labels = LabelTable(tasks, end, row, col, value)
    return HeteroGraph(nodes, edges, labels, global_split(parts, start, method) if parts else None, name)


def global_split(parts: Parts, start: Mapping[str, int], method: str, seed: int | None = None) -> Split:
    """Put the parts of all types onto global rows."""
    three = [_joined([rows[at] + start[kind] for kind, rows in parts.items()]) for at in range(3)]
    return Split(three[0], three[1], three[2], method, seed)


def _joined(arrays: Sequence[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *arrays])


def _offsets(nodes: Mapping[str, NodeTable]) -> tuple[dict[str, int], int]:
    start: dict[str, int] = {}
    end = 0
    for kind, table in nodes.items():
        start[kind] = end
        end += table.n
    return start, end


@contextmanager
def told(where: str) -> Generator[None]:
    """Put the place before that of a `UserError` raised inside."""
    try:
        yield
    except UserError as error:
        place = where if error.where is None else f"{where}, {error.where}"
        raise UserError(error.what, where=place, mend=error.mend) from error
