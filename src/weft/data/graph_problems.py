"""What is wrong with a graph's files: the first problem is an error, or all are noted, as the caller wants."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from weft.data.graph_build import told
from weft.data.hetero import Ints, NodeTable, Relation, clean_edges
from weft.errors import UserError, nearest

_SHOWN = 10


@dataclass(frozen=True)
class Problem:
    """One kind of trouble in one place.

    Attributes:
        what: what is wrong.
        where: file, and column, relation or task.
        mend: the next step that puts it right.
        rows: numbers of the first rows of data (from 1) that have it, ten at most; empty when it is in no row.
        count: how many rows have it.
    """

    what: str
    where: str
    mend: str
    rows: tuple[int, ...] = ()
    count: int = 0


@dataclass
class Problems:
    """Gathers problems, or raises the first.

    Attributes:
        strict: raise at once.
        found: what was gathered.
        duplicates: edges dropped because they were there already, by relation.
    """

    strict: bool = True
    found: list[Problem] = field(default_factory=list[Problem])
    duplicates: dict[Relation, int] = field(default_factory=dict[Relation, int])

    def tell(self, what: str, where: str, mend: str = "", rows: Ints | None = None) -> None:
        """Note a problem.

        Args:
            what: what is wrong.
            where: file, column, relation.
            mend: the next step.
            rows: positions (from 0) of the rows that have it.

        Raises:
            UserError: when strict; with the first row's number.
        """
        shown = () if rows is None else tuple(int(at) + 1 for at in rows[:_SHOWN])
        if self.strict:
            more = f" ({len(rows)} such rows)" if rows is not None and len(rows) > 1 else ""
            place = f"{where}, row {shown[0]}" if shown else where
            raise UserError(what + more, where=place, mend=mend or None)
        self.found.append(Problem(what, where, mend, shown, 0 if rows is None else len(rows)))

    @contextmanager
    def gather(self, where: str = "") -> Generator[None]:
        """Note a `UserError` raised inside and go on after the block; when strict, let it through."""
        try:
            if where:
                with told(where):
                    yield
            else:
                yield
        except UserError as error:
            if self.strict:
                raise
            self.found.append(Problem(error.what, error.where or "", error.mend or ""))

    def edges(self, relation: Relation, edge: Ints, nodes: dict[str, NodeTable], where: str) -> Ints | None:
        """Return the edges of a relation that can be used, clean; None when it names no type of node.

        Args:
            relation: whose.
            edge: int64 `[2, E]` as read.
            nodes: the known types.
            where: the file.
        """
        for kind in (relation.source, relation.target):
            if kind not in nodes:
                self.tell(f"the relation {relation.key!r} names no type of node: {kind!r}", where, nearest(kind, nodes))
                return None
        good = np.ones(edge.shape[1], bool)
        for side, kind in enumerate((relation.source, relation.target)):
            wrong = np.flatnonzero((edge[side] < 0) | (edge[side] >= nodes[kind].n))
            if wrong.size:
                what = f"{('source', 'target')[side]} {edge[side][wrong[0]]} is no {kind}: there are {nodes[kind].n}"
                self.tell(what, f"{where}, {relation.key}", "Number the nodes of a type from 0.", wrong)
                good[wrong] = False
        clean = clean_edges(edge[:, good])
        self.duplicates[relation] = int(good.sum()) - clean.shape[1]
        return clean
