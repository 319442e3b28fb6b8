"""Functions of rows that end, hang or fail, as a library in C++ can."""

from __future__ import annotations

import os
import time

import numpy as np

from weft.data.parallel import Part, Rows


def lengths(rows: Rows) -> Part:
    """Return the length of each row, -1 for a failed one, and misbehave on some words."""
    if "end" in rows:
        os._exit(9)
    if "hang" in rows:
        time.sleep(60)
    if "raise" in rows:
        raise MemoryError
    if "print" in rows:
        os.write(1, b"noise between the answers")
    status = ["ok" if row is not None else "failed" for row in rows]
    return Part({"n": np.array([-1 if row is None else len(row) for row in rows])}, status, list(status))
