"""`node.dat` of `graph_hgb`: nodes with global ids, and their features."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.data.graph_build import told
from weft.data.graph_hgb_info import Info
from weft.data.graph_hgb_text import rows, whole
from weft.data.graph_problems import Problems
from weft.data.hetero import Ints, NodeTable
from weft.errors import UserError

#: Features with fewer non-zero values than this share are held sparse.
_SPARSE = 0.25


@dataclass(frozen=True, eq=False)
class HgbNodes:
    """All nodes, line by line and type by type.

    Attributes:
        ids: global id of each line, int64 `[L]`.
        kind: type of each line, text `[L]`.
        code: number of each type.
        place: position of each line in its type, int64 `[L]`.
        tables: type -> its nodes, called by their ids.
    """

    ids: Ints
    kind: NDArray[Any]
    code: dict[str, int]
    place: Ints
    tables: dict[str, NodeTable]

    def line(self, ids: Ints) -> Ints:
        """Return the line of each id, -1 where there is none."""
        known, first = np.unique(self.ids, return_index=True)
        if not known.size:
            return np.full(len(ids), -1, np.int64)
        at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        return np.where(known[at] == ids, first[at], -1)


@dataclass
class _Type:
    """Lines of one type as they are read."""

    lines: list[int] = field(default_factory=list[int])
    ids: list[int] = field(default_factory=list[int])
    columns: list[Ints] = field(default_factory=list[Ints])
    values: list[NDArray[np.float32]] = field(default_factory=list[NDArray[np.float32]])
    width: int = -1


def read_nodes(path: Path, info: Info, problems: Problems) -> HgbNodes:
    """Read all nodes.

    Raises:
        UserError: for an id twice, features of different number, or what is no number.
    """
    types: dict[int, _Type] = {}
    count = 0
    for number, cells in rows(path, 3):
        of = types.setdefault(whole(cells[2], path, number), _Type())
        of.lines.append(count)
        of.ids.append(whole(cells[0], path, number))
        _features(of, cells[3] if len(cells) > 3 else "", f"{path}, line {number}")
        count += 1
    ids, place, kind = np.zeros(count, np.int64), np.zeros(count, np.int64), np.empty(count, object)
    tables: dict[str, NodeTable] = {}
    for code in sorted(types):
        of, name = types[code], info.type_name(code)
        ids[of.lines], place[of.lines], kind[of.lines] = of.ids, np.arange(len(of.ids)), name
        with told(f"{path}, {name}"):
            tables[name] = _table(of)
    again = np.setdiff1d(np.arange(count), np.unique(ids, return_index=True)[1])
    if again.size:
        what = f"the id {ids[again[0]]} stands twice"
        problems.tell(what, str(path), "Give every node an id of its own.", again)
    return HgbNodes(ids, kind, {info.type_name(code): code for code in types}, place, tables)


def _features(of: _Type, text: str, where: str) -> None:
    """Note the values that are not 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            value = np.fromstring(text, np.float32, sep=",") if text.strip() else np.zeros(0, np.float32)
        except (DeprecationWarning, ValueError, RuntimeWarning) as error:
            mend = "Write numbers with commas between them."
            raise UserError("the features are no numbers", where=where, mend=mend) from error
    if of.width not in (-1, len(value)):
        what = f"{len(value)} features where nodes of this type have {of.width}"
        raise UserError(what, where=where, mend="Give all nodes of a type the same features.")
    of.width = len(value)
    at = np.flatnonzero(value)
    of.columns.append(at)
    of.values.append(value[at])


def _table(of: _Type) -> NodeTable:
    from scipy.sparse import csr_array

    n = len(of.ids)
    plain = of.ids == list(range(n)) or len(set(of.ids)) < n
    keys = () if plain else tuple(map(str, of.ids))
    if of.width < 1:
        return NodeTable(n, keys=keys)
    ends = np.cumsum([0, *(len(at) for at in of.columns)])
    data, columns = np.concatenate(of.values), np.concatenate(of.columns)
    found = csr_array((data, columns, ends), shape=(n, of.width))
    if found.nnz < _SPARSE * n * of.width:
        return NodeTable(n, None, found, keys)
    return NodeTable(n, found.toarray(), None, keys)
