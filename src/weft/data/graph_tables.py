"""A graph from tables of nodes and edges, described by a small `graph.toml` in their folder (see `graph_toml`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from weft.data.graph_build import Column, build_graph
from weft.data.graph_node_table import read_nodes, read_part
from weft.data.graph_problems import Problems
from weft.data.graph_table_files import TableFiles
from weft.data.graph_task_columns import read_task
from weft.data.graph_toml import FILE, EdgeSpec, GraphSpec, read_spec
from weft.data.hetero import HeteroGraph, Ints, NodeTable, Relation
from weft.errors import nearest

Keys = dict[str, pl.Series]


def read_graph_tables(folder: Path | str, problems: Problems | None = None) -> HeteroGraph:
    """Read the folder.

    Args:
        folder: with `graph.toml` and the tables it names.
        problems: gathers what is wrong, the graph being what is left without it; by default the first is raised.

    Raises:
        UserError: naming file, row, column and mend.
    """
    problems = problems or Problems()
    spec = read_spec(Path(folder), problems)
    files = TableFiles(spec.folder)
    nodes: dict[str, NodeTable] = {}
    keys: Keys = {}
    parts: dict[str, tuple[Ints, Ints, Ints]] = {}
    for kind, about in spec.nodes.items():
        with problems.gather():
            nodes[kind], keys[kind] = read_nodes(files, about, problems)
            if about.split:
                parts[kind] = read_part(files, about, problems)
    edges = _read_relations(files, spec, nodes, keys, problems)
    columns = _read_tasks(files, spec, nodes, problems)
    return build_graph(nodes, edges, columns, parts, spec.name)


def _read_relations(
    files: TableFiles, spec: GraphSpec, nodes: dict[str, NodeTable], keys: Keys, problems: Problems
) -> dict[Relation, Ints]:
    edges: dict[Relation, Ints] = {}
    for name, about in spec.edges.items():
        relation = Relation(about.source, about.name or name, about.target)
        where = f"{spec.folder / FILE}, edges.{name}"
        lacking = [kind for kind in (about.source, about.target) if kind not in spec.nodes]
        if lacking:
            problems.tell(f"it names no type of node: {lacking[0]!r}", where, nearest(lacking[0], spec.nodes))
        elif relation in edges:
            problems.tell(f"the relation {relation.key!r} is there twice", where, "Leave one of them out.")
        elif about.source in keys and about.target in keys:
            with problems.gather():
                edge = _read_edges(files, about, keys, problems)
                clean = problems.edges(relation, edge, nodes, about.file)
                if clean is not None:
                    edges[relation] = clean
    return edges


def _read_edges(files: TableFiles, about: EdgeSpec, keys: Keys, problems: Problems) -> Ints:
    """Return int64 `[2, E]` of the rows whose keys are those of nodes."""
    table = files.columns(about.file, [about.source_key, about.target_key])
    sides: list[Ints] = []
    for kind, column in ((about.source, about.source_key), (about.target, about.target_key)):
        position = _find(table[column].cast(pl.String), keys[kind])
        dangling = np.flatnonzero(position < 0)
        if dangling.size:
            first = table[column][int(dangling[0])]
            what = "the cell is empty" if first is None else f"there is no {kind} {str(first)!r}"
            mend = f"Add the {kind} to its table, or leave the edge out."
            problems.tell(what, files.place(about.file, column), mend, dangling)
        sides.append(position)
    edge = np.stack(sides)
    return edge[:, (edge >= 0).all(0)]


def _find(column: pl.Series, keys: pl.Series) -> Ints:
    """Return the position of each cell among `keys`, -1 where it is not there."""
    known = pl.DataFrame({"key": keys, "at": np.arange(len(keys))}).unique("key", keep="first", maintain_order=True)
    found = pl.DataFrame({"key": column}).join(known, on="key", how="left", maintain_order="left")
    return found["at"].fill_null(-1).to_numpy().astype(np.int64)


def _read_tasks(files: TableFiles, spec: GraphSpec, nodes: dict[str, NodeTable], problems: Problems) -> list[Column]:
    columns: list[Column] = []
    for name, about in spec.tasks.items():
        where = f"{spec.folder / FILE}, tasks.{name}"
        if about.node not in spec.nodes:
            problems.tell(f"it is on no type of node: {about.node!r}", where, nearest(about.node, spec.nodes))
        elif about.node in nodes and not nodes[about.node].n:
            problems.tell(f"it is on {about.node!r}, of which there are no nodes", where, "Add rows to its table.")
        elif about.node in nodes:
            with problems.gather():
                columns += read_task(files, name, about, spec.nodes[about.node], problems)
    return columns
