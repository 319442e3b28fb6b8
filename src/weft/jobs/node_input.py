"""Nodes named in a table, found in a graph: what `predict` reads for a model of a graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from weft.data.graph_known import unlabelled
from weft.data.hetero import HeteroGraph, NodeTable
from weft.data.nodes import Nodes
from weft.data.reading import read_known
from weft.data.tables import Table, read_table
from weft.errors import UserError, nearest
from weft.labels import Bools, LabelTable
from weft.tasks import TaskSet

NODE, TYPE = "node", "type"


@dataclass(frozen=True)
class NodeInput:
    """A table of nodes.

    Attributes:
        table: its rows as they stand there.
        data: the node of each row; of any node where there is none.
        labels: the known labels of the rows that are nodes.
        status: `ok`, or why the row is no node that can be predicted.
        foreign: tasks that are on other types than the row's node, bool `[N, T]`.
    """

    table: Table
    data: Nodes
    labels: LabelTable
    status: list[str]
    foreign: Bools


def read_nodes(file: Path | None, graph: HeteroGraph, tasks: TaskSet, kind: str | None = None) -> NodeInput:
    """Read the nodes to predict.

    Args:
        file: a table with a column `node` and, when the tasks are on several types, `type`; None takes every node
            of these types.
        graph: where they are.
        tasks: the model's.
        kind: the type of every node of the table, or the only one to take.

    Raises:
        UserError: for a table without these columns, or a type that has no task.
    """
    types = list(dict.fromkeys(task.node_type or "" for task in tasks))
    if kind is not None and kind not in types:
        raise UserError(f"the model has no task on {kind!r}", where="--type", mend=nearest(kind, types))
    wanted = types if kind is None else [kind]
    table = all_nodes(graph, wanted) if file is None else read_table(file)
    names = _column(table, NODE, "Name the column of node ids 'node'.")
    words = _types(table, wanted, given=kind is not None)
    rows, status = _find(graph, names, words, types)
    ok = np.array([word == "ok" for word in status], bool)
    labels = read_known(table, tasks)
    on = np.array([[task.node_type != word for task in tasks] for word in words], bool).reshape(len(table), len(tasks))
    _refuse_foreign(table, labels, on & ok[:, None], words)
    labels = labels.where(ok[labels.row])
    _refuse_twice(table, labels, rows)
    return NodeInput(table, Nodes(unlabelled(graph), rows), labels, status, on)


def all_nodes(graph: HeteroGraph, types: list[str]) -> Table:
    """Return a table of every node of these types."""
    kinds = [kind for kind in types for _ in range(graph.nodes[kind].n)]
    keys = [graph.nodes[kind].key(at) for kind in types for at in range(graph.nodes[kind].n)]
    return Table(Path(graph.name), pl.DataFrame({TYPE: kinds, NODE: keys}, schema={TYPE: pl.String, NODE: pl.String}))


def _types(table: Table, types: list[str], *, given: bool) -> list[str]:
    if given or (len(types) == 1 and TYPE not in table.frame.columns):
        return types[:1] * len(table)
    mend = f"The model's tasks are on {' and '.join(types)}: add a column 'type', or --type {types[0]}."
    return _column(table, TYPE, mend)


def _column(table: Table, name: str, mend: str) -> list[str]:
    if name not in table.frame.columns:
        raise UserError(f"there is no column {name!r}", where=str(table.path), mend=mend)
    column = table.frame[name].cast(pl.String).fill_null("")
    return [word.strip() for word in column]


def _find(graph: HeteroGraph, names: list[str], words: list[str], types: list[str]) -> tuple[np.ndarray, list[str]]:
    """Return the global row of each node, and the status of each row of the table."""
    places = {kind: finder(graph.nodes[kind]) for kind in dict.fromkeys(words) if kind in graph.nodes}
    offset = graph.offset
    rows, status = np.zeros(len(names), np.int64), ["ok"] * len(names)
    for at, (name, kind) in enumerate(zip(names, words, strict=True)):
        place = places[kind](name) if kind in places else None
        if kind not in places:
            status[at] = f"the graph has no type {kind!r}" if kind else "no type"
        elif kind not in types:
            status[at] = f"the model has no task on {kind}"
        elif place is None:
            status[at] = f"the graph has no {kind} {name!r}" if name else "no node id"
        else:
            rows[at] = offset[kind] + place
    return rows, status


def finder(table: NodeTable) -> Callable[[str], int | None]:
    """Return what finds a node's position by its name."""
    if table.keys:
        return {key: at for at, key in enumerate(table.keys)}.get

    def find(name: str) -> int | None:
        fits = name.isascii() and name.isdigit() and str(int(name)) == name and int(name) < table.n
        return int(name) if fits else None

    return find


def _refuse_twice(table: Table, labels: LabelTable, rows: np.ndarray) -> None:
    """Refuse a node that stands in several rows with a known label of one task in two of them."""
    order = np.lexsort((labels.row, labels.col, rows[labels.row]))
    row, col = labels.row[order], labels.col[order]
    again = np.flatnonzero((rows[row][1:] == rows[row][:-1]) & (col[1:] == col[:-1]))
    if again.size:
        at = int(again[0]) + 1
        what = f"the node of row {table.number(int(row[at - 1]))} stands here with a label, too"
        where = table.place(int(row[at]), labels.tasks[int(col[at])].name)
        raise UserError(what, where=where, mend="Keep the label in one of the rows.")


def _refuse_foreign(table: Table, labels: LabelTable, foreign: Bools, words: list[str]) -> None:
    """Refuse a known label of a task that is on another type than the row's node."""
    wrong = np.flatnonzero(foreign[labels.row, labels.col])
    if wrong.size:
        row, task = int(labels.row[wrong[0]]), labels.tasks[int(labels.col[wrong[0]])]
        what = f"a label of a task on {task.node_type}, but the node is a {words[row]}"
        raise UserError(what, where=table.place(row, task.name), mend="Leave the cell blank.")
