"""Tables in and out: CSV, TSV, Parquet, SDF and SMILES files, each also as `.gz`, read in chunks and written whole."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, cast

import polars as pl

from weft.data.delimited import read_delimited
from weft.data.parquet import read_parquet
from weft.data.sdf import read_sdf
from weft.data.smi import read_smi
from weft.errors import UserError, nearest
from weft.files import atomic

Chunks = Iterator[tuple[pl.DataFrame, dict[int, str]]]
Reader = Callable[[Path, Callable[[], IO[bytes]], int], Chunks]

#: Extension -> reader of chunks. Each may be followed by `.gz`.
READERS: dict[str, Reader] = {
    ".csv": lambda path, source, rows: read_delimited(path, source, rows, ","),
    ".tsv": lambda path, source, rows: read_delimited(path, source, rows, "\t"),
    ".parquet": read_parquet,
    ".sdf": read_sdf,
    ".smi": read_smi,
    ".smiles": read_smi,
}
WRITABLE = (".csv", ".tsv", ".parquet")


@dataclass(frozen=True)
class Table:
    """Rows of a file, or of a part of it, as they stand there.

    Row numbers are those of the data: the first row after the header is row 1.

    Attributes:
        path: the file.
        frame: the columns in the file's order; text exactly as written (null: an empty cell) for CSV, TSV
            and SDF, the file's own types for Parquet.
        first: row number of the first row of `frame`.
        problems: row number -> why that row could not be read (a broken SDF block; its SMILES is null).
    """

    path: Path
    frame: pl.DataFrame
    first: int = 1
    problems: dict[int, str] = field(default_factory=dict[int, str])

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.frame)

    def number(self, index: int) -> int:
        """Return the row number of the row at `index` of the frame."""
        return self.first + index

    def place(self, index: int | None = None, column: str | None = None) -> str:
        """Name a place for a message: file, row number and column."""
        row = "" if index is None else f", row {self.number(index)}"
        return f"{self.path}{row}" + ("" if column is None else f", column {column}")


def iter_table(path: Path | str, chunk_rows: int = 50_000) -> Iterator[Table]:
    """Read a table in chunks of at most `chunk_rows` rows, each knowing its row numbers.

    Raises:
        UserError: naming file, row and mend, for whatever keeps the file from being read.
    """
    path = Path(path)
    reader = READERS[_extension(path, tuple(READERS))]
    _check_file(path)
    first = 1
    with _reading_errors(path, lambda: first):
        for frame, problems in reader(path, lambda: _open(path), chunk_rows):
            yield Table(path, frame, first, {first + at: reason for at, reason in problems.items()})
            first += len(frame)
    if first == 1:
        raise UserError("there is no row of data", where=str(path), mend="Check that the right file was saved.")


#: Types of Parquet that polars cannot write as text, besides lists and structs.
_NOT_TEXT = (pl.Binary, pl.Duration)


def read_table(path: Path | str) -> Table:
    """Read a whole table; see `iter_table`."""
    chunks = list(iter_table(path))
    problems = {row: reason for chunk in chunks for row, reason in chunk.problems.items()}
    return replace(chunks[0], frame=pl.concat([chunk.frame for chunk in chunks]), problems=problems)


def write_table(frame: pl.DataFrame, path: Path | str) -> None:
    """Write `frame` as the extension of `path` says; the file appears whole or not at all.

    In text, null is an empty cell and numbers are written so that reading them gives the same number.

    Raises:
        UserError: for an extension that cannot be written, a column that text cannot hold, or disk trouble.
    """
    path = Path(path)
    data = encode_table(frame, path)
    with atomic(path) as temporary:
        temporary.write_bytes(data)


def encode_table(frame: pl.DataFrame, path: Path, header: bool = True) -> bytes:
    """Return the bytes that `write_table` writes: the same for the same frame; text also without its header."""
    extension = _extension(path, WRITABLE)
    buffer = io.BytesIO()
    if extension == ".parquet":
        frame.write_parquet(buffer)
    else:
        nested = next(
            (name for name, dtype in frame.schema.items() if dtype.is_nested() or isinstance(dtype, _NOT_TEXT)), None
        )
        if nested is not None:
            what = f"column {nested!r} holds {frame.schema[nested]}, which a text table cannot"
            raise UserError(what, where=str(path), mend="Write .parquet, or drop the column.")
        # A single empty cell must not look like a blank line.
        shown = frame.with_columns(pl.all().cast(pl.String).fill_null("")) if frame.width == 1 else frame
        shown.write_csv(buffer, include_header=header, separator="," if extension == ".csv" else "\t")
    data = buffer.getvalue()
    return gzip.compress(data, mtime=0) if path.suffix.lower() == ".gz" else data


def _extension(path: Path, known: tuple[str, ...]) -> str:
    """Return the lower-case extension of `path` without `.gz`."""
    name = path.name.lower().removesuffix(".gz")
    extension = Path(name).suffix
    if extension not in known:
        if extension in (".xlsx", ".xls", ".ods"):
            mend = "Save the sheet as CSV (UTF-8)."
        else:
            mend = f"Use {', '.join(known)} or one of these with .gz."
        raise UserError(f"the extension {extension or path.suffix!r} is not supported", where=str(path), mend=mend)
    return extension


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise UserError("this is a folder, not a file", where=str(path), mend="Give the file inside it.")
    if not path.exists():
        around = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        mend = nearest(path.name, around) if around else "Check the path."
        raise UserError("there is no such file", where=str(path), mend=mend)


def _open(path: Path) -> IO[bytes]:
    """Open for reading bytes, through gzip when the name says so."""
    if path.suffix.lower() == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    raw = path.open("rb")
    if raw.peek(2)[:2] == b"\x1f\x8b":
        raw.close()
        raise UserError("the file is gzip data without .gz in its name", where=str(path), mend="Add .gz to its name.")
    return raw


@contextmanager
def _reading_errors(path: Path, row: Callable[[], int]) -> Generator[None]:
    """Turn what goes wrong with a file in hand into a `UserError`."""
    try:
        yield
    except gzip.BadGzipFile as error:
        mend = "Fetch the file again, or drop .gz from its name if it is plain text."
        raise UserError(f"the gzip data is broken ({error})", where=str(path), mend=mend) from error
    except (EOFError, zlib.error) as error:
        place = f"{path}, after row {row() - 1}"
        raise UserError("the gzip data is broken or cut short", where=place, mend="Fetch the file again.") from error
    except PermissionError as error:
        raise UserError("the file may not be read", where=str(path), mend="Ask for the right to read it.") from error
    except OSError as error:
        mend = "Check the disk or fetch the file again."
        raise UserError(f"the file cannot be read ({error})", where=str(path), mend=mend) from error
