"""Which nodes are for training, validation and test: published masks put together, or drawn."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from weft.data.graph_build import global_split
from weft.data.hetero import HeteroGraph, Ints
from weft.data.splits import PARTS, Split
from weft.errors import UserError

_SHARES = (0.6, 0.2, 0.2)
_HELD = 0.2


def random_node_split(graph: HeteroGraph, seed: int) -> Split:
    """Draw 60/20/20 of the labelled nodes of each type.

    Raises:
        UserError: when a type with labels has fewer than 3 labelled nodes.
    """
    rng = np.random.default_rng(seed)
    labelled = np.unique(graph.labels.row)
    parts: dict[str, tuple[Ints, Ints, Ints]] = {}
    for kind, start in graph.offset.items():
        rows = labelled[(labelled >= start) & (labelled < start + graph.nodes[kind].n)] - start
        if not rows.size:
            continue
        if rows.size < len(PARTS):
            mend = "Label more nodes, or say yourself which are for train, val and test."
            raise UserError(f"{rows.size} labelled nodes of {kind} cannot be split", where=graph.name, mend=mend)
        parts[kind] = _draw(rows, rng)
    if not parts:
        raise UserError("no label is known", where=graph.name, mend="Label some nodes.")
    return global_split(parts, graph.offset, "random", seed)


def _draw(rows: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    rows = rng.permutation(rows)
    held = [max(1, round(share * len(rows))) for share in _SHARES[1:]]
    cut = len(rows) - sum(held)
    return rows[:cut], rows[cut : cut + held[0]], rows[cut + held[0] :]


def hold_out(rows: Ints, seed: int = 0) -> tuple[Ints, Ints]:
    """Split off a fifth of training rows for validation where the origin has train and test only."""
    drawn = np.random.default_rng(seed).permutation(rows)
    cut = max(1, round(_HELD * len(drawn))) if len(drawn) > 1 else 0
    return np.sort(drawn[cut:]), np.sort(drawn[:cut])


def merge_parts(kind: str, n: int, found: Iterable[tuple[str, str, Ints]], where: str) -> tuple[Ints, Ints, Ints]:
    """Put the parts that several tasks of one node type name together.

    Args:
        kind: the node type.
        n: number of its nodes.
        found: (task, part, rows in the type).
        where: for messages.

    Raises:
        UserError: when a node is in different parts.
    """
    code, teller = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    tasks: list[str] = []
    for task, part, rows in found:
        at = PARTS.index(part)
        wrong = rows[(code[rows] >= 0) & (code[rows] != at)]
        if wrong.size:
            node = int(wrong[0])
            what = f"{kind} {node} is in {PARTS[code[node]]} for {tasks[teller[node]]} and in {part} for {task}"
            mend = "Give the tasks of a node type one split: a node is in one part for all its tasks."
            raise UserError(f"{what} ({wrong.size} such nodes)", where=where, mend=mend)
        code[rows], teller[rows] = at, len(tasks)
        tasks.append(task)
    train, val, test = (np.flatnonzero(code == at) for at in range(len(PARTS)))
    return train, val, test


def with_split(graph: HeteroGraph, seed: int) -> HeteroGraph:
    """Return the graph with a split: its own, else `random_node_split`."""
    if graph.split is not None:
        return graph
    return HeteroGraph(graph.nodes, graph.edges, graph.labels, random_node_split(graph, seed), graph.name)
