"""A packed graph from tables and their `graph.toml`, read piece by piece.

Memory grows with the number of nodes (their keys, labels and parts, a column at a time), not with edges or features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weft.data.graph_build import Column, build_graph
from weft.data.graph_node_table import numbers, read_part
from weft.data.graph_problems import Problems
from weft.data.graph_table_files import TableFiles
from weft.data.graph_task_columns import read_task
from weft.data.graph_toml import FILE, EdgeSpec, GraphSpec, NodeSpec, read_spec
from weft.data.hetero import HeteroGraph, Ints, NodeTable, Relation
from weft.data.stored_build import EdgeSource, NodeSource, Report, build_store
from weft.data.stored_graph import StoredGraph
from weft.data.tables import Table, iter_table
from weft.errors import UserError, nearest

#: Rows of a table that are read at once.
_ROWS = 500_000


class _Columns(TableFiles):
    """Tables of which only the columns that are asked for are held, and only while they are used."""

    def columns(self, file: str, names: Sequence[str]) -> pl.DataFrame:
        """Return columns of a table, as they stand there."""
        wanted = list(dict.fromkeys(names))
        return pl.concat([chunk.frame for chunk in read_columns(self.folder / file, wanted)])


def read_columns(path: Path, names: Sequence[str]) -> Iterator[Table]:
    """Give some columns of a table, chunk by chunk.

    Raises:
        UserError: when the table cannot be read or lacks a column.
    """
    for chunk in iter_table(path, _ROWS):
        lacking = next((name for name in names if name not in chunk.frame.columns), None)
        if lacking is not None:
            mend = nearest(lacking, chunk.frame.columns)
            raise UserError(f"there is no column {lacking!r}", where=str(path), mend=mend)
        yield Table(path, chunk.frame.select(names), chunk.first)


class Keys:
    """Where a key stands among the nodes of a type; 16 bytes a node.

    Keys are told apart by a 64-bit hash: of ten million keys two agree by chance with a probability of 3 in a million,
    and that is told as a key that stands twice.

    Args:
        kind: the type.
        about: its table.
        folder: of the tables.
    """

    def __init__(self, kind: str, about: NodeSpec, folder: Path) -> None:
        self.kind, self.plain, n = kind, True, 0
        hashes: list[NDArray[np.uint64]] = []
        self.place = f"{folder / about.file}, column {about.key}"
        for chunk in read_columns(folder / about.file, [about.key]):
            keys = chunk.frame[about.key].cast(pl.String)
            if keys.null_count():
                where = f"{folder / about.file}, row {chunk.number(int(keys.is_null().arg_max() or 0))}"
                raise UserError("a node has no key", where=where, mend="Write a key, or leave the row out.")
            self.plain &= keys.equals(pl.Series(np.arange(n, n + len(keys))).cast(pl.String))
            hashes.append(keys.hash(seed=0).to_numpy())
            n += len(keys)
        self.n = n
        found = np.concatenate(hashes)
        self.order = np.argsort(found)
        self.sorted = found[self.order]
        again = np.flatnonzero(self.sorted[1:] == self.sorted[:-1])
        if again.size:
            rows = sorted(int(self.order[at]) + 1 for at in (again[0], again[0] + 1))
            what = f"a key stands twice, in rows {rows[0]} and {rows[1]}"
            raise UserError(what, where=self.place, mend="Give every node a key of its own.")

    def find(self, column: pl.Series, where: Callable[[int], str]) -> Ints:
        """Return the positions of keys.

        Args:
            column: the keys.
            where: names the place of a row of the column.

        Raises:
            UserError: for a key that no node has.
        """
        if self.plain and column.dtype.is_integer() and not column.null_count():
            at = column.cast(pl.Int64).to_numpy()
            wrong = (at < 0) | (at >= self.n)
        else:
            hashes = column.cast(pl.String).hash(seed=0).to_numpy()
            near = np.searchsorted(self.sorted, hashes).clip(max=max(self.n - 1, 0))
            wrong = (self.sorted[near] != hashes) | column.is_null().to_numpy()
            at = self.order[near]
        if wrong.any():
            row = int(wrong.argmax())
            what = "the cell is empty" if column[row] is None else f"there is no {self.kind} {str(column[row])!r}"
            mend = f"Add the {self.kind} to its table, or leave the edge out."
            raise UserError(what, where=where(row), mend=mend)
        return at

    def names(self, about: NodeSpec, folder: Path) -> list[str]:
        """Return the keys; none where they are 0, 1, 2, ..."""
        if self.plain:
            return []
        return [key for chunk in read_columns(folder / about.file, [about.key]) for key in _texts(chunk, about.key)]


def _texts(chunk: Table, name: str) -> list[str]:
    return chunk.frame[name].cast(pl.String).to_list()


def pack_tables(folder: Path, out: Path, report: Report) -> StoredGraph:
    """Pack the graph that `graph.toml` in `folder` describes.

    Raises:
        UserError: naming file, row, column and mend; nothing is left in `out` then.
    """
    spec = read_spec(folder, Problems())
    for kind, about in spec.nodes.items():
        if about.categorical or about.sparse:
            which = "categorical" if about.categorical else "sparse"
            what = f"{kind} has {which} features, which a packed graph cannot hold"
            raise UserError(what, where=str(folder / FILE), mend="Write them as columns of numbers.")
    report("keys", 0, len(spec.nodes), "")
    keys = {kind: Keys(kind, about, folder) for kind, about in spec.nodes.items()}
    report("keys", len(keys), len(keys), f"{sum(found.n for found in keys.values())} nodes")
    edges = _relations(spec, keys)
    graph = _labelled(spec, keys)
    nodes = {
        kind: NodeSource(keys[kind].n, len(about.features), _features(folder, about), keys[kind].names(about, folder))
        for kind, about in spec.nodes.items()
    }
    return build_store(out, nodes, edges, graph.labels, graph.split, spec.name, report)


def _labelled(spec: GraphSpec, keys: dict[str, Keys]) -> HeteroGraph:
    """Return the nodes with their labels and parts, without features and edges."""
    problems, files = Problems(), _Columns(spec.folder)
    columns: list[Column] = []
    for name, about in spec.tasks.items():
        if about.node not in spec.nodes:
            where = f"{spec.folder / FILE}, tasks.{name}"
            mend = nearest(about.node, spec.nodes)
            raise UserError(f"it is on no type of node: {about.node!r}", where=where, mend=mend)
        columns += read_task(files, name, about, spec.nodes[about.node], problems)
    parts = {kind: read_part(files, about, problems) for kind, about in spec.nodes.items() if about.split}
    bare = {kind: NodeTable(found.n) for kind, found in keys.items()}
    return build_graph(bare, {}, columns, parts, spec.name)


def _features(folder: Path, about: NodeSpec) -> Callable[[], Iterator[NDArray[np.float32]]]:
    def features() -> Iterator[NDArray[np.float32]]:
        for chunk in read_columns(folder / about.file, about.features):
            place = f"{folder / about.file}, rows from {chunk.first}"
            columns = [numbers(chunk.frame[name], f"{place}, column {name}", Problems()) for name in about.features]
            yield np.stack(columns, 1).astype(np.float32)

    return features


def _relations(spec: GraphSpec, keys: dict[str, Keys]) -> dict[Relation, EdgeSource]:
    found: dict[Relation, EdgeSource] = {}
    for name, about in spec.edges.items():
        relation = Relation(about.source, about.name or name, about.target)
        where = f"{spec.folder / FILE}, edges.{name}"
        lacking = next((kind for kind in (about.source, about.target) if kind not in keys), None)
        if lacking is not None:
            what = f"it names no type of node: {lacking!r}"
            raise UserError(what, where=where, mend=nearest(lacking, keys))
        if relation in found:
            what = f"the relation {relation.key!r} is there twice"
            raise UserError(what, where=where, mend="Leave one of them out.")
        found[relation] = _edges(spec.folder, about, keys)
    return found


def _edges(folder: Path, about: EdgeSpec, keys: dict[str, Keys]) -> EdgeSource:
    sides = ((about.source, about.source_key), (about.target, about.target_key))

    def edges() -> Iterator[Ints]:
        for chunk in read_columns(folder / about.file, list(dict.fromkeys(name for _, name in sides))):
            yield np.stack(
                [
                    keys[kind].find(chunk.frame[name], lambda row, chunk=chunk, name=name: chunk.place(row, name))
                    for kind, name in sides
                ]
            )

    return edges
