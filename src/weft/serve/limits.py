"""What one request may hold and how long it may take; what a person may set is in `Limits`."""

from __future__ import annotations

from dataclasses import dataclass

from weft.serve.answers import LimitsInfo
from weft.serve.schema import MAX_ITEMS, MAX_SMILES, MAX_SUPPORT

MEGABYTE = 2**20
#: Most bytes of a request's JSON; only a table may be larger.
_JSON = 4 * MEGABYTE


@dataclass(frozen=True)
class Limits:
    """Limits of a server.

    Attributes:
        body_bytes: of an uploaded table.
        table_rows: rows of an uploaded table.
        table_columns: its columns.
        seconds: one request may take, waiting included.
        waiting: requests that wait for the model; one more is told to come again.
        added_tasks: tasks that may be added to this server's memory.
        cached: molecules whose encodings are kept.
    """

    body_bytes: int = 20 * MEGABYTE
    table_rows: int = 20_000
    table_columns: int = 2_000
    seconds: float = 60.0
    waiting: int = 256
    added_tasks: int = 20
    cached: int = 4096

    @property
    def json_bytes(self) -> int:
        """Most bytes of any other request's body."""
        return min(self.body_bytes, _JSON)

    def info(self) -> LimitsInfo:
        """Return them for a client."""
        return LimitsInfo(
            body_bytes=self.body_bytes,
            json_bytes=self.json_bytes,
            table_rows=self.table_rows,
            table_columns=self.table_columns,
            items=MAX_ITEMS,
            smiles_length=MAX_SMILES,
            support=MAX_SUPPORT,
            added_tasks=self.added_tasks,
            seconds=self.seconds,
            waiting=self.waiting,
        )
