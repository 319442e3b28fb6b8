"""What a prediction or an imputation wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Predicted:
    """What was written.

    Attributes:
        out: the file.
        rows: rows in it, as many as in the input.
        bad: rows that could not be predicted.
        known: known labels found in the input.
        used: whether the model took them into account.
        first_bad: row number and reason of the first bad row.
        notes: what the person should know of the graph, and of sets.
        parts: files or parts of the file that it was done in; 0 when it was done at once.
        first_bad_file: the file of the first bad row, where the input is several.
        covered: stated coverage and calibration labels of the sets, if any were asked for; JSON-ready.
    """

    out: Path
    rows: int
    bad: int
    known: int
    used: bool
    first_bad: tuple[int, str] | None = None
    notes: tuple[str, ...] = ()
    covered: dict[str, object] | None = None
    parts: int = 0
    first_bad_file: Path | None = None
