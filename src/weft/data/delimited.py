"""Comma- and tab-separated text, read strictly: whatever is ambiguous is an error with its row."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import polars as pl

from weft.errors import UserError

#: A cell may hold a very long SMILES; the csv module's own limit is 131072.
FIELD_LIMIT = 2**31 - 1

Source = Callable[[], IO[bytes]]


def read_delimited(
    path: Path, source: Source, chunk_rows: int, separator: str
) -> Iterator[tuple[pl.DataFrame, dict[int, str]]]:
    """Yield frames of text columns; an empty cell is null.

    UTF-8 with or without a byte order mark; lines end with LF, CRLF, CR or a mixture; cells may be quoted.
    Blank lines are no rows, except in a table of one column, where one between rows is an empty cell.

    Args:
        path: the file, for messages.
        source: opens its bytes; called again to find the place of a byte that is not UTF-8.
        chunk_rows: most rows in a frame.
        separator: what stands between two cells.

    Raises:
        UserError: for an empty file, duplicate names, a row of the wrong length, a broken quote, or text
            that is not UTF-8.
    """
    csv.field_size_limit(FIELD_LIMIT)
    try:
        with source() as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
            rows = _rows(path, csv.reader(text, delimiter=separator, strict=True), separator)
            header = next(rows)
            chunk: list[list[str]] = []
            for row in rows:
                chunk.append(row)
                if len(chunk) == chunk_rows:
                    yield _frame(header, chunk), {}
                    chunk = []
            if chunk:
                yield _frame(header, chunk), {}
    except UnicodeDecodeError as error:
        raise _not_utf8(path, source) from error


def _frame(header: list[str], rows: list[list[str]]) -> pl.DataFrame:
    columns = zip(*rows, strict=True)
    return pl.DataFrame(
        {name: pl.Series(name, column, pl.String) for name, column in zip(header, columns, strict=True)}
    ).with_columns(pl.all().replace("", None))


def check_header(path: Path, names: list[str]) -> None:
    """Refuse names that stand twice."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        columns = [at for at, name in enumerate(names, 1) if name == twice[0]]
        where = f"{path}, header, columns {' and '.join(map(str, columns))}"
        raise UserError(f"the name {twice[0]!r} stands twice", where=where, mend="Rename or remove one of them.")


def _rows(path: Path, reader: Iterator[list[str]], separator: str) -> Iterator[list[str]]:
    """Yield the header, then every row, checked."""
    header: list[str] = []
    number = blank = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            where = f"{path}, row {number + 1}" if header else f"{path}, header"
            raise UserError(
                f"the quotes are broken ({error})", where=where, mend='Write " inside quotes as "".'
            ) from error
        if not cells:
            blank += bool(header)
            continue
        if not header:
            header = cells
            _check_separator(path, header, separator)
            check_header(path, header)
            yield header
            continue
        if len(header) == 1:
            yield from ([""] for _ in range(blank))
            number += blank
        blank = 0
        number += 1
        if len(cells) != len(header):
            raise _ragged(path, number, cells, header)
        yield cells
    if not header:
        raise UserError("the file is empty", where=str(path), mend="Expected a line of column names and rows of data.")


def _ragged(path: Path, number: int, cells: list[str], header: list[str]) -> UserError:
    many = "more" if len(cells) > len(header) else "fewer"
    return UserError(
        f"the row has {len(cells)} cells, {many} than the {len(header)} of the header",
        where=f"{path}, row {number}",
        mend="Quote cells that hold a separator and fill in missing separators.",
    )


def _check_separator(path: Path, header: list[str], separator: str) -> None:
    other = next((mark for mark in ";\t," if mark != separator and mark in header[0]), None)
    if len(header) == 1 and other is not None:
        name = {",": "commas", "\t": "tabs"}
        raise UserError(
            f"the header is not separated by {name[separator]} but by {name.get(other, 'semicolons')}",
            where=str(path),
            mend="Save as comma-separated .csv or tab-separated .tsv.",
        )


def _not_utf8(path: Path, source: Source) -> UserError:
    """Find the first byte that is not UTF-8."""
    with source() as raw:
        for line, data in enumerate(raw, 1):
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = f"byte 0x{data[error.start]:02x} at position {error.start + 1}"
                where = f"{path}, line {line}"
                return UserError(f"the text is not UTF-8 ({byte})", where=where, mend="Save the file as CSV UTF-8.")
    return UserError("the text is not UTF-8", where=str(path), mend="Save the file as CSV UTF-8.")
