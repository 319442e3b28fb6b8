"""The tables in a graph's folder, each read once, and only the columns that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from weft.data.tables import iter_table
from weft.errors import UserError, nearest

_NO_ROWS = "there is no row of data"


class TableFiles:
    """Reads tables of one folder.

    Args:
        folder: where they are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, pl.DataFrame] = {}

    def columns(self, file: str, names: Sequence[str]) -> pl.DataFrame:
        """Return columns of a table, as they stand there.

        Args:
            file: name of the table; one without rows has any column, empty.
            names: of the columns, each wanted.

        Raises:
            UserError: when the table cannot be read or lacks a column.
        """
        try:
            frame = self._read(file)
        except UserError as error:
            if error.what != _NO_ROWS:
                raise
            return pl.DataFrame({name: pl.Series(name, [], pl.String) for name in names})
        lacking = next((name for name in names if name not in frame.columns), None)
        if lacking is not None:
            mend = nearest(lacking, frame.columns)
            raise UserError(f"there is no column {lacking!r}", where=str(self.folder / file), mend=mend)
        return frame.select(list(dict.fromkeys(names)))

    def place(self, file: str, column: str) -> str:
        """Name a column for a message."""
        return f"{self.folder / file}, column {column}"

    def _read(self, file: str) -> pl.DataFrame:
        if file not in self._held:
            chunks = [chunk.frame for chunk in iter_table(self.folder / file)]
            self._held[file] = pl.concat(chunks)
        return self._held[file]
