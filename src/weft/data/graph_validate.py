"""What is in a graph's folder and what is wrong with it, before anything is trained: nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from weft.data.graph_files import known_layout
from weft.data.graph_problems import Problem, Problems
from weft.data.graph_report import Degrees, GraphReport, GraphTask, RelationReport, TypeReport
from weft.data.hetero import HeteroGraph, Ints, NodeTable, Relation
from weft.data.splits import PARTS
from weft.errors import UserError
from weft.labels import Bools
from weft.tasks import Kind


def validate_graph(path: Path | str) -> GraphReport:
    """Look at a graph as `weft fit` would read it and tell everything that is wrong with it at once.

    Raises:
        UserError: when the path is no graph's folder.
    """
    layout = known_layout(path)
    problems = Problems(strict=False)
    try:
        graph = _read(layout, path, problems)
    except UserError as error:
        found = (*problems.found, Problem(error.what, error.where or str(path), error.mend or ""))
        return GraphReport(str(path), layout, Path(path).name, (), (), (), {}, found, ())
    return GraphReport(
        path=str(path),
        layout=layout,
        name=graph.name,
        types=tuple(_type(graph, kind) for kind in graph.types),
        relations=tuple(_relation(graph, relation, problems) for relation in graph.edges),
        tasks=tuple(_task(graph, at) for at in range(len(graph.tasks))),
        split={} if graph.split is None else {part: len(rows) for part, rows in graph.split.parts().items()},
        problems=tuple(problems.found),
        notes=tuple(_notes(graph)),
    )


def _read(layout: str, path: Path | str, problems: Problems) -> HeteroGraph:
    if layout == "store":
        from weft.data.stored_graph import StoredGraph

        return StoredGraph.open(path)
    if layout == "npz":
        from weft.data.graph_npz import read_npz_graph

        return read_npz_graph(path, problems=problems)
    if layout == "tables":
        from weft.data.graph_tables import read_graph_tables

        return read_graph_tables(path, problems)
    from weft.data.graph_hgb import read_hgb_graph

    return read_hgb_graph(path, problems)


def _type(graph: HeteroGraph, kind: str) -> TypeReport:
    table = graph.nodes[kind]
    touched = np.zeros(table.n, bool)
    for relation, edge in graph.edges.items():
        for side, end in enumerate((relation.source, relation.target)):
            if end == kind:
                touched[edge[side]] = True
    dense, sparse = (0 if x is None else int(x.shape[1]) for x in (table.dense, table.sparse))
    unknown = float(np.isnan(table.dense).mean()) if table.dense is not None and table.dense.size else None
    return TypeReport(kind, table.n, int((~touched).sum()), dense, sparse, unknown, int(_zero_rows(table).sum()))


def _zero_rows(table: NodeTable) -> Bools:
    if table.dense is None and table.sparse is None:
        return np.zeros(table.n, bool)
    zero = np.ones(table.n, bool)
    if table.dense is not None:
        zero &= ~(np.nan_to_num(table.dense) != 0).any(1)
    if table.sparse is not None:
        zero &= np.asarray(abs(table.sparse).sum(1)).ravel() == 0
    return zero


def _relation(graph: HeteroGraph, relation: Relation, problems: Problems) -> RelationReport:
    edge = graph.edges[relation]
    loops = int((edge[0] == edge[1]).sum()) if relation.source == relation.target else 0
    sides = (_degrees(edge[0], graph.nodes[relation.source].n), _degrees(edge[1], graph.nodes[relation.target].n))
    duplicates = problems.duplicates.get(relation, 0)
    return RelationReport(
        relation.name, relation.source, relation.target, edge.shape[1], duplicates, loops, sides[0], sides[1]
    )


def _degrees(ends: Ints, n: int) -> Degrees:
    if not n:
        return Degrees(0.0, 0.0, 0, 0)
    count = np.bincount(ends, minlength=n)
    return Degrees(float(count.mean()), float(np.median(count)), int(count.max()), int((count == 0).sum()))


def _task(graph: HeteroGraph, at: int) -> GraphTask:
    task, here = graph.tasks[at], graph.labels.col == at
    row, value = graph.labels.row[here], graph.labels.value[here]
    part = _part_of(graph)[row]
    parts = {name: int((part == code).sum()) for code, name in enumerate((*PARTS, "none"))} if graph.split else {}
    classes: dict[str, dict[str, int]] = {}
    for code, name in enumerate(task.classes):
        among = part[value == code]
        classes[name] = (
            {word: int((among == j).sum()) for j, word in enumerate(PARTS)} if parts else {"all": len(among)}
        )
    regression = task.kind is Kind.REGRESSION
    mean = float(value.mean()) if regression and len(value) else None
    sd = float(value.std(ddof=1)) if regression and len(value) > 1 else None
    notes = tuple(_task_notes(parts, classes, len(value), len(np.unique(value))))
    kind = task.node_type or ""
    return GraphTask(task.name, str(task.kind), kind, task.group, len(value), parts, classes, mean, sd, notes)


def _part_of(graph: HeteroGraph) -> Ints:
    """Return the part of each global row as its position in `PARTS`; 3 for none."""
    part = np.full(len(graph), len(PARTS), np.int64)
    for code, rows in enumerate(graph.split.parts().values() if graph.split else ()):
        part[rows] = code
    return part


def _task_notes(parts: dict[str, int], classes: dict[str, dict[str, int]], labels: int, values: int) -> Iterator[str]:
    if not labels:
        yield "no labels"
        return
    if values == 1:
        yield "one value only"
        return
    for part in PARTS if parts else ():
        lacking = [name for name, count in classes.items() if not count[part]]
        if not parts[part]:
            yield f"no labels in {part}"
        elif lacking:
            shown = ", ".join(lacking[:3]) + (f" and {len(lacking) - 3} more" if len(lacking) > 3 else "")
            yield f"no label {shown} in {part}"
    if parts.get("none"):
        yield f"{parts['none']} labels in no part"


def _notes(graph: HeteroGraph) -> Iterator[str]:
    if graph.split is None:
        yield "No split is given: 60/20/20 of the labelled nodes of each type will be drawn."
    for relation, edge in graph.edges.items():
        if not edge.shape[1]:
            yield f"The relation {relation.key} has no edges: no message will pass along it."
    for kind, table in graph.nodes.items():
        if not table.n:
            yield f"There are no nodes of type {kind}."
        elif table.dense is None and table.sparse is None:
            yield f"Nodes of type {kind} have no features: what is told of them comes from their edges."
    if graph.split is not None and graph.tasks:
        empty = [part for part, rows in graph.split.parts().items() if not len(rows)]
        if empty:
            yield f"The split has no nodes for {' and '.join(empty)}."
