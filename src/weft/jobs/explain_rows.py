"""Which rows of a table are to be explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from weft.errors import UserError
from weft.jobs.inputs import Input

if TYPE_CHECKING:
    from weft.jobs.known_rows import Rows

#: More rows than this are explained only when they are named.
MOST = 20


def choose_rows(read: Rows, numbers: Sequence[int], names: Sequence[str]) -> list[int]:
    """Return positions of the rows asked for; all usable ones of a small table when none is named.

    Args:
        read: the table.
        numbers: rows as the table's messages number them.
        names: cells that name a row: a SMILES in any form, a node, or any other text in the row.

    Raises:
        UserError: for a row that is not there or cannot be used, or none named of many.
    """
    chosen = [_numbered(read, number) for number in numbers] + [_named(read, name) for name in names]
    if chosen:
        return list(dict.fromkeys(chosen))
    usable = [at for at, word in enumerate(read.status) if word == "ok"]
    if len(usable) > MOST:
        mend = f"Say which: --row {read.table.number(usable[0])}, or --id with a SMILES or another cell of the row."
        raise UserError(f"there are {len(usable)} rows to explain", where=str(read.table.path), mend=mend)
    if not usable:
        raise UserError("no row can be used", where=str(read.table.path), mend="See 'weft validate'.")
    return usable


def _numbered(read: Rows, number: int) -> int:
    at, last = number - read.table.first, read.table.first + len(read.table) - 1
    if not 0 <= at < len(read.table):
        raise UserError(f"there is no row {number}", where="--row", mend=f"Rows are {read.table.first} to {last}.")
    return _usable(read, at)


def _named(read: Rows, name: str) -> int:
    text = [series for series in read.table.frame if series.dtype == pl.String or series.dtype.is_integer()]
    for series in text:
        found = (series.cast(pl.String).str.strip_chars() == name.strip()).fill_null(value=False).arg_true()
        if len(found):
            return _usable(read, int(found[0]))
    keys = read.data.keys
    key = _canonical(name) if isinstance(read, Input) else name
    if key is not None and key in keys:
        return _usable(read, keys.index(key))
    raise UserError(f"no row holds {name!r}", where="--id", mend="Give a cell of the row as it stands there.")


def _usable(read: Rows, at: int) -> int:
    if read.status[at] != "ok":
        raise UserError(f"the row cannot be used: {read.status[at]}", where=f"row {read.table.number(at)}")
    return at


def _canonical(name: str) -> str | None:
    from rdkit import Chem

    from weft.data.smiles import parse

    mol, _ = parse(name)
    return None if mol is None else Chem.MolToSmiles(mol)
