"""Parquet, read batch by batch with its own column types."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

import polars as pl

from weft.data.delimited import check_header
from weft.errors import UserError


def read_parquet(
    path: Path, source: Callable[[], IO[bytes]], chunk_rows: int
) -> Iterator[tuple[pl.DataFrame, dict[int, str]]]:
    """Yield frames of at most `chunk_rows` rows.

    Raises:
        UserError: when the file is no Parquet file, is damaged, or has two columns of one name.
    """
    import pyarrow.parquet as pq

    with source() as raw:
        # A compressed stream cannot be sought in, and Parquet is read from its end.
        seekable = io.BytesIO(raw.read()) if path.suffix.lower() == ".gz" else raw
        try:
            file = pq.ParquetFile(seekable)
            check_header(path, file.schema_arrow.names)
            for batch in file.iter_batches(chunk_rows):
                batch.validate(full=True)  # text that is no UTF-8 would end the process further on
                frame = cast("pl.DataFrame", pl.from_arrow(batch))
                frame.columns = file.schema_arrow.names  # polars gives a nameless column a name
                yield frame, {}
        except UserError:
            raise
        except (Exception, pl.exceptions.PanicException) as error:  # a damaged file may fail in any way
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            mend = "Write or fetch the file again."
            raise UserError(f"the Parquet file is damaged ({reason})", where=str(path), mend=mend) from error
