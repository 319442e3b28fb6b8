"""Lines of the tab-separated files of `graph_hgb`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from weft.data.hetero import Ints
from weft.errors import UserError
from weft.files import disk_errors

_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)


def rows(path: Path, least: int) -> Iterator[tuple[int, list[str]]]:
    """Yield line number (from 1) and cells of every line that is not blank.

    Raises:
        UserError: when the file cannot be read, or for a line of fewer than `least` cells.
    """
    with disk_errors(path), path.open(encoding="utf-8-sig", errors="replace", newline="\n") as file:
        for number, line in enumerate(file, 1):
            text = line.rstrip("\r\n")
            if not text.strip():
                continue
            cells = text.split("\t")
            if len(cells) < least:
                what = f"{len(cells)} cells where {least} are expected"
                raise UserError(what, where=f"{path}, line {number}", mend="Put tabs between the cells.")
            yield number, cells


def whole(text: str, path: Path, number: int) -> int:
    """Read a whole number of 0 or more."""
    digits = text.strip()  # what int() trims is not all that strip() does
    if not _WHOLE.fullmatch(digits):
        what = f"{text[:40]!r} is no id"
        raise UserError(what, where=f"{path}, line {number}", mend="Ids, types and relations are numbers from 0.")
    return int(digits)


def read_ids(path: Path, columns: int) -> list[Ints]:
    """Read the first columns of a file, all ids."""
    found = [[whole(text, path, number) for text in cells[:columns]] for number, cells in rows(path, columns)]
    return list(np.array(found, np.int64).reshape(-1, columns).T)
