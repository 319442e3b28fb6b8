"""Tables of any size as parts: some rows each, read one at a time, in memory that grows with a part only.

Parquet, a file or a folder of them, is read in place. What cannot be read from the middle (text, SDF, anything
compressed as a whole, Parquet in giant row groups) is first rewritten, chunk by chunk, as small Parquet files.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import unquote

import polars as pl

from weft.data.delimited import check_header
from weft.data.tables import Table, iter_table
from weft.errors import UserError
from weft.files import atomic, disk_errors

if TYPE_CHECKING:
    from collections.abc import Callable

#: Rows of a part: seconds of work, and megabytes of features.
PART_ROWS = 10_000
#: A row group beyond these is rewritten, since a part of it can only be had by reading all of it.
_GROUP_ROWS, _GROUP_BYTES = 50 * PART_ROWS, 64 * 2**20


@dataclass(frozen=True)
class InPart:
    """Some rows that stand together in a table.

    Attributes:
        path: the Parquet file that holds them.
        start: rows of that file before them.
        rows: how many they are.
        source: the file that a person knows them from.
        first: row number of the first one there.
        problems: row number there and reason of rows that could not be read.
        extra: names and values of columns that the folder's name tells, such as `year=2020`.
    """

    path: Path
    start: int
    rows: int
    source: Path
    first: int
    problems: tuple[tuple[int, str], ...] = ()
    extra: tuple[tuple[str, str], ...] = ()

    def read(self) -> Table:
        """Read the rows.

        Raises:
            UserError: when the file cannot be read.
        """
        frame = _rows(self.path, self.start, self.rows)
        frame = frame.with_columns(pl.lit(value, pl.String).alias(name) for name, value in self.extra)
        return Table(self.source, frame, self.first, dict(self.problems))

    def to_json(self) -> dict[str, Any]:
        """Return what `of_json` takes."""
        return {**asdict(self), "path": str(self.path), "source": str(self.source)}

    @classmethod
    def of_json(cls, told: Any) -> Self:
        """Take back what `to_json` gave."""
        given: dict[str, Any] = dict(told)
        given |= {name: tuple((key, value) for key, value in told[name]) for name in ("problems", "extra")}
        given |= {name: Path(told[name]) for name in ("path", "source")}
        return cls(**given)


def table_files(path: Path) -> list[Path]:
    """Return the Parquet files of a table: itself, or those in the folder and below it, by name.

    Names that begin with `_` or `.` are left out, as other programs leave them out.

    Raises:
        UserError: when there is none.
    """
    if not path.is_dir():
        return [path]
    with disk_errors(path):
        inside = [file.relative_to(path) for file in path.rglob("*.parquet")]
    files = sorted(file for file in inside if not any(name.startswith(("_", ".")) for name in file.parts))
    if not files:
        raise UserError("no Parquet file in the folder", where=str(path), mend="Give a table, or a folder of .parquet.")
    return [path / file for file in files]


def plan_parts(
    path: Path, spill: Path, rows: int = PART_ROWS, check: Callable[[Table], None] = lambda _: None
) -> list[InPart]:
    """Cut a table into parts of at most `rows` rows.

    Args:
        path: a table of any form, or a folder of Parquet files.
        spill: a folder for what must be rewritten; made when needed.
        rows: most rows of a part.
        check: called with rows as they are first met, which may refuse them. Of Parquet read in place it is given the
            first part of every file.

    Raises:
        UserError: when the table cannot be read, or the files of a folder differ in their columns.
    """
    parts: list[InPart] = []
    seen: tuple[Path, Any] | None = None
    for file in table_files(path):
        extra = _told_by_folders(file, path)
        if file.suffix.lower() != ".parquet":
            return list(_rewritten(file, spill, rows, check))
        seen = _same_columns(file, seen)
        found = _in_place(file, rows, extra)
        if found is None:
            found = [replace(part, extra=extra) for part in _rewritten(file, spill, rows, check, len(parts))]
        elif found:
            check(found[0].read())
        parts += found
    if not parts:
        raise UserError("there is no row of data", where=str(path), mend="Check that the right file was saved.")
    return parts


def more_rows_than(path: Path, rows: int) -> bool:
    """Tell whether a table has more than so many rows, without reading more than that of it."""
    if path.suffix.lower() == ".parquet" and path.is_file():
        with _parquet(path) as file:
            return file.metadata.num_rows > rows
    seen = 0
    for chunk in iter_table(path, rows + 1):
        seen += len(chunk)
        if seen > rows:
            return True
    return False


def _rewritten(file: Path, spill: Path, rows: int, check: Callable[[Table], None], begin: int = 0) -> Iterator[InPart]:
    """Rewrite a table as Parquet files of one part each."""
    for at, chunk in enumerate(iter_table(file, rows), begin):
        check(chunk)
        path = spill / f"in-{at:06d}.parquet"
        with atomic(path) as temporary:
            chunk.frame.write_parquet(temporary, compression="lz4", row_group_size=max(1, len(chunk)))
        yield InPart(path, 0, len(chunk), file, chunk.first, tuple(chunk.problems.items()))


def _in_place(file: Path, rows: int, extra: tuple[tuple[str, str], ...]) -> list[InPart] | None:
    """Return the parts of a Parquet file, none of which lies in two row groups; None where these are too big."""
    with _parquet(file) as found:
        groups = [found.metadata.row_group(at) for at in range(found.metadata.num_row_groups)]
        if any(group.num_rows > _GROUP_ROWS or group.total_byte_size > _GROUP_BYTES for group in groups):
            return None
        return list(_cut(file, [group.num_rows for group in groups], rows, extra))


def _cut(file: Path, groups: Sequence[int], rows: int, extra: tuple[tuple[str, str], ...]) -> Iterator[InPart]:
    """Join small row groups up to a part's size, and part big ones."""
    start = held = 0
    for size in groups:
        if held and held + size > rows:
            yield InPart(file, start, held, file, start + 1, (), extra)
            start, held = start + held, 0
        held += size
        while held > rows:
            yield InPart(file, start, rows, file, start + 1, (), extra)
            start, held = start + rows, held - rows
    if held:
        yield InPart(file, start, held, file, start + 1, (), extra)


def _rows(path: Path, start: int, rows: int) -> pl.DataFrame:
    """Read some rows of a Parquet file, and no row group that has none of them."""
    with _parquet(path) as file:
        wanted: list[int] = []
        before, skipped = 0, 0
        for at in range(file.metadata.num_row_groups):
            size = file.metadata.row_group(at).num_rows
            if before + size <= start:
                skipped += size
            elif before < start + rows:
                wanted.append(at)
            before += size
        table = file.read_row_groups(wanted, use_threads=False).slice(start - skipped, rows)
        frame = cast("pl.DataFrame", pl.from_arrow(table, rechunk=True))
        frame.columns = file.schema_arrow.names  # polars gives a nameless column a name
    return frame


def _same_columns(file: Path, seen: tuple[Path, Any] | None) -> tuple[Path, Any]:
    """Return a file with its (Arrow) schema, which must be that of the file before."""
    with _parquet(file) as found:
        schema = found.schema_arrow
    if seen is None:
        return file, schema
    if schema.names != seen[1].names or schema.types != seen[1].types:
        pairs = [{f"{name} ({kind})" for name, kind in zip(x.names, x.types, strict=True)} for x in (schema, seen[1])]
        told = ", ".join(sorted(pairs[0] ^ pairs[1])[:6]) or "their order"
        mend = "Write all files of a table with the same columns."
        raise UserError(f"the columns are not those of {seen[0].name}: {told}", where=str(file), mend=mend)
    return seen


def _told_by_folders(file: Path, path: Path) -> tuple[tuple[str, str], ...]:
    """Read columns from names of folders such as `year=2020`."""
    if not path.is_dir():
        return ()
    names = [name.partition("=") for name in file.relative_to(path).parts[:-1]]
    return tuple((unquote(name), unquote(value)) for name, equals, value in names if equals)


@contextmanager
def _parquet(path: Path) -> Generator[Any]:
    """Open a Parquet file for a while; what is wrong with it is told plainly."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            check_header(path, file.schema_arrow.names)
            yield file
    except PermissionError as error:
        raise UserError("the file may not be read", where=str(path), mend="Ask for the right to read it.") from error
    except FileNotFoundError as error:
        raise UserError("there is no such file", where=str(path), mend="Check the path.") from error
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        mend = "Write or fetch the file again."
        raise UserError(f"the Parquet file is damaged ({reason})", where=str(path), mend=mend) from error
