"""An uploaded table in the server's own folder: read within limits, and told of by the name the person gave."""

from __future__ import annotations

import gzip
import re
import shutil
import uuid
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

import polars as pl

from weft.data.tables import Table, iter_table
from weft.errors import UserError
from weft.serve.known import short
from weft.serve.limits import MEGABYTE, Limits

#: Kind of model -> extensions that may be uploaded: text, whose size in memory is bounded by the limits, and images.
KINDS = {"molecules": (".csv", ".tsv", ".smi", ".smiles", ".sdf"), "images": (".zip",)}
_TABLES = (".csv", ".tsv")
_CHUNK_ROWS = 2_000
_PIECE = 2**20
#: A flag of the command line in an error's mend, which a client gives as a query.
_FLAG = re.compile(r"--(smiles|column|type|prefix)\b")
#: Unpacked, an upload may be this many times as large as a request may be.
UNPACKED = 4


@contextmanager
def stored(source: IO[bytes], name: str, scratch: Path, limits: Limits, kind: str) -> Generator[Path]:
    """Keep an upload as a file of the server's folder while the block runs.

    The file's path owes nothing to `name` but its extension. Errors that name the path are told with `name` instead.

    Args:
        source: what is uploaded.
        name: as the person calls it.
        scratch: the server's folder.
        limits: of the server.
        kind: of the model: molecules, graph, images, text or vectors.

    Raises:
        UserError: for a kind of table that cannot be uploaded, or one that unpacks to too much.
    """
    name = PurePosixPath(PureWindowsPath(name).name).name or "table"
    folder = scratch / uuid.uuid4().hex
    path = folder / f"table{_ending(name, KINDS.get(kind, _TABLES))}"
    try:
        folder.mkdir(parents=True)
        with path.open("wb") as file:
            _unpack(source, name, file, limits.body_bytes * UNPACKED)
        yield path
    except UserError as error:
        where = None if error.where is None else error.where.replace(str(path), short(name))
        raise UserError(error.what, where=where, mend=_FLAG.sub(r"the query '\1'", error.mend or "") or None) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_limited(path: Path, limits: Limits) -> Table:
    """Read a table.

    Raises:
        UserError: when it cannot be read, or has more rows or columns than the limits allow.
    """
    chunks: list[Table] = []
    rows = 0
    for chunk in iter_table(path, _CHUNK_ROWS):
        if chunk.frame.width > limits.table_columns:
            what = f"the table has {chunk.frame.width} columns, the limit is {limits.table_columns}"
            raise UserError(what, where=str(path), mend=f"Leave out columns, {ELSE}")
        rows += len(chunk)
        if rows > limits.table_rows:
            what = f"the table has more than {limits.table_rows} rows"
            raise UserError(what, where=str(path), mend=f"Send it in parts, {ELSE}")
        chunks.append(chunk)
    problems = {row: reason for chunk in chunks for row, reason in chunk.problems.items()}
    return replace(chunks[0], frame=pl.concat([chunk.frame for chunk in chunks]), problems=problems)


ELSE = "start the server with a larger limit, or use 'weft predict'."


def _ending(name: str, kinds: Sequence[str]) -> str:
    suffix = PurePosixPath(name.lower().removesuffix(".gz")).suffix
    if suffix not in kinds:
        told = f"the extension {short(suffix)!r} cannot be uploaded" if suffix else "the name has no extension"
        images = "Send the images in a .zip, with a table of their names if you like"
        tables = f"Send a table as {', '.join(kinds)}, also with .gz"
        mend = f"{images if '.zip' in kinds else tables}; for others use 'weft predict'."
        raise UserError(told, where=short(name), mend=mend)
    return suffix


def _unpack(source: IO[bytes], name: str, target: IO[bytes], most: int) -> None:
    """Copy a file, through gzip when its name says so, up to a limit."""
    total = 0
    try:
        for piece in _pieces(source, packed=name.lower().endswith(".gz")):
            total += len(piece)
            if total > most:
                what = f"the table unpacks to more than {most / MEGABYTE:g} MB"
                raise UserError(what, where=short(name), mend=f"Send it in parts, {ELSE}")
            target.write(piece)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(
            "the gzip data is broken or cut short", where=short(name), mend="Pack the file again."
        ) from error


def _pieces(source: IO[bytes], *, packed: bool) -> Iterator[bytes]:
    if packed:
        with gzip.GzipFile(fileobj=source, mode="rb") as opened:
            yield from iter(lambda: opened.read(_PIECE), b"")
    else:
        yield from iter(lambda: source.read(_PIECE), b"")
