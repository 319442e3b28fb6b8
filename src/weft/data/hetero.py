"""A heterogeneous graph with labelled nodes: `HeteroGraph`, whatever file it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from weft.data.splits import Split
from weft.errors import UserError, nearest
from weft.labels import LabelTable
from weft.tasks import Task, TaskSet

Ints = NDArray[np.int64]


class Relation(NamedTuple):
    """An edge type, as in PyG: messages run from `source` to `target` nodes.

    Example:
        >>> Relation.parse("author__writes__paper").key
        'author__writes__paper'
    """

    source: str
    name: str
    target: str

    @property
    def key(self) -> str:
        """`source__name__target`."""
        return "__".join(self)

    @classmethod
    def parse(cls, key: str) -> Self:
        """Read `source__name__target`.

        Raises:
            UserError: for another form.
        """
        parts = key.split("__")
        if len(parts) != 3 or not all(parts):
            raise UserError(f"{key!r} names no relation", mend="Write SOURCE__NAME__TARGET.")
        return cls(*parts)


@dataclass(frozen=True, eq=False)
class NodeTable:
    """The nodes of one type.

    Attributes:
        n: how many.
        dense: float32 `[n, D]`, NaN where unknown, or None.
        sparse: CSR float32 `[n, V]` such as word counts, or None.
        keys: what each node is called in files, unique; empty when nodes are called 0, 1, ...

    Raises:
        UserError: for shapes that do not fit, infinite features, or a key twice.
    """

    n: int
    dense: NDArray[np.float32] | None = None
    sparse: Any = None  # scipy.sparse.csr_array; scipy ships no types
    keys: Sequence[str] = ()

    def __post_init__(self) -> None:
        for what, found in (("dense features", self.dense), ("sparse features", self.sparse)):
            if found is not None and (found.ndim != 2 or found.shape[0] != self.n):
                raise UserError(f"{what} have shape {tuple(found.shape)} for {self.n} nodes")
        if self.dense is not None and np.isinf(self.dense).any():
            row, col = (int(at[0]) for at in np.nonzero(np.isinf(self.dense)))
            mend = "Write a number, or nothing where it is unknown."
            raise UserError("a feature is infinite", where=f"node {row}, feature {col}", mend=mend)
        if self.sparse is not None and not np.isfinite(self.sparse.data).all():
            at = int(np.flatnonzero(~np.isfinite(self.sparse.data))[0])
            row = int(np.searchsorted(self.sparse.indptr, at, side="right")) - 1
            where = f"node {row}, feature {self.sparse.indices[at]}"
            raise UserError("a sparse feature is no number", where=where, mend="Leave out what is unknown.")
        if self.keys and len(self.keys) != self.n:
            raise UserError(f"{len(self.keys)} keys for {self.n} nodes")
        if len(set(self.keys)) != len(self.keys):
            seen: set[str] = set()
            twice = next(key for key in self.keys if key in seen or seen.add(key) is not None)
            raise UserError(f"two nodes are called {twice!r}", mend="Give every node a key of its own.")

    def key(self, at: int) -> str:
        """Return what node `at` is called."""
        return self.keys[at] if self.keys else str(at)


@dataclass(frozen=True, eq=False)
class HeteroGraph:
    """Nodes of several types, edges of several relations, and labels on some of the nodes.

    A node is known by its type and its position there, or by one global row: types follow each other in the
    order of `nodes`. Labels and splits speak of global rows. A node is in one part for all its tasks.

    Attributes:
        nodes: type -> its nodes.
        edges: relation -> int64 `[2, E]`, positions of source and target in their types; one direction only
            (models add the reverse); no edge twice.
        labels: the known labels, `n_rows` global rows; every task has its `node_type`.
        split: the global rows of each part; None when nobody gave one.
        name: for messages.

    Raises:
        UserError: for a relation or task of no known type, an edge out of range, or a label on a node of
            another type than its task's.
    """

    nodes: Mapping[str, NodeTable]
    edges: Mapping[Relation, Ints]
    labels: LabelTable
    split: Split | None = None
    name: str = "graph"

    def __post_init__(self) -> None:
        for relation, edge in self.edges.items():
            self._check_edges(relation, edge)
        if self.labels.n_rows != len(self):
            raise UserError(f"labels of {self.labels.n_rows} rows on a graph of {len(self)} nodes", where=self.name)
        for at, task in enumerate(self.tasks):
            self._check_task(at, task)

    def _check_task(self, at: int, task: Task) -> None:
        kind = task.node_type or ""
        if kind not in self.nodes or not self.nodes[kind].n:
            why = f"is on {kind!r}, of which there are no nodes" if kind else "is on no type of node"
            raise UserError(f"the task {task.name!r} {why}", where=self.name, mend=nearest(kind, self.nodes))
        rows, start = self.labels.row[self.labels.col == at], self.offset[kind]
        wrong = rows[(rows < start) | (rows >= start + self.nodes[kind].n)]
        if wrong.size:
            raise UserError(f"a label of {task.name!r} is on {' '.join(self.place(int(wrong[0])))}", where=self.name)

    def _check_edges(self, relation: Relation, edge: Ints) -> None:
        for side, kind in enumerate((relation.source, relation.target)):
            if kind not in self.nodes:
                mend = nearest(kind, self.nodes)
                raise UserError(
                    f"the relation {relation.key!r} names no type of node: {kind!r}", where=self.name, mend=mend
                )
            bad = np.flatnonzero((edge[side] < 0) | (edge[side] >= self.nodes[kind].n))
            if bad.size:
                at = int(bad[0])
                told = (
                    f"{('source', 'target')[side]} {edge[side][at]}, but {kind} has nodes 0..{self.nodes[kind].n - 1}"
                )
                raise UserError(f"an edge has {told}", where=f"{self.name}, {relation.key}, edge {at + 1}")

    @property
    def tasks(self) -> TaskSet:
        """The tasks."""
        return self.labels.tasks

    @property
    def types(self) -> list[str]:
        """Node types, in order."""
        return list(self.nodes)

    @property
    def offset(self) -> dict[str, int]:
        """First global row of each type."""
        ends = np.cumsum([0, *(table.n for table in self.nodes.values())])
        return dict(zip(self.nodes, map(int, ends), strict=False))

    def __len__(self) -> int:
        """Return the number of nodes of all types."""
        return sum(table.n for table in self.nodes.values())

    def rows(self, kind: str) -> Ints:
        """Return the global rows of a node type."""
        return np.arange(self.nodes[kind].n) + self.offset[kind]

    def place(self, row: int) -> tuple[str, str]:
        """Return type and key of the node at a global row."""
        for kind, start in reversed(self.offset.items()):
            if row >= start:
                return kind, self.nodes[kind].key(row - start)
        raise UserError(f"there is no row {row}", where=self.name)

    def schema(self) -> dict[str, Any]:
        """Return what a model must find again: types, relations and the widths of features, JSON-ready."""
        widths = {
            kind: [0 if x is None else int(x.shape[1]) for x in (table.dense, table.sparse)]
            for kind, table in self.nodes.items()
        }
        return {"types": widths, "relations": sorted(relation.key for relation in self.edges)}

    def schema_hash(self) -> str:
        """Return a hash of `schema`."""
        return hashlib.sha256(repr(self.schema()).encode()).hexdigest()[:16]


def clean_edges(edge: NDArray[Any]) -> Ints:
    """Return edges as int64 `[2, E]`, sorted by source then target, each once."""
    pairs = np.asarray(edge, np.int64).reshape(2, -1)
    order = np.lexsort((pairs[1], pairs[0]))
    pairs = pairs[:, order]
    keep = np.ones(pairs.shape[1], bool)
    keep[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(0)
    return np.ascontiguousarray(pairs[:, keep])
