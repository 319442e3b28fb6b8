"""Keeping freed memory at hand during a fit: otherwise a step returns it and is given it again, page by page."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MOST = -1, -3, 2**31 - 1
"""Options of glibc's `mallopt`."""


def keep_freed_memory() -> bool:
    """Tell the C library to keep what is freed for the rest of the process; return whether it can.

    A training step on a graph allocates the same large tensors again and again. With glibc's own settings each is
    mapped anew and every page faults once per step.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _MOST // 2) and mallopt(_TRIM_THRESHOLD, _MOST))
