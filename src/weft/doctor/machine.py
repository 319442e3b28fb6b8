"""The machine: cores and threads, memory, disk, and the folders that weft reads and writes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from weft.data.cache import MAX_BYTES, cache_folder
from weft.doctor.finding import Finding, fine, note, wrong
from weft.jobs.options import available_threads

GIB = 2**30
_LITTLE_DISK, _LITTLE_MEMORY = GIB, 2 * GIB
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")


def machine() -> Iterator[Finding]:
    """Look at cores, memory and folders."""
    yield _threads()
    yield from _memory()
    yield from folder_for_writing("temporary folder", _temporary(), "Set TMPDIR to a folder that you may write to.")
    yield from _cache()
    yield _data()


def _threads() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    told = {name: os.environ[name] for name in _THREADS if os.environ.get(name)}
    words = ", ".join(f"{name}={value}" for name, value in told.items())
    usual = f"{cores} cores; {available_threads()} threads by default" + (f"; {words}" if words else "")
    bad = [name for name, value in told.items() if not value.isdigit() or int(value) < 1]
    many = [name for name, value in told.items() if value.isdigit() and int(value) > cores]
    if bad:
        return wrong("threads", f"{usual}; {bad[0]} is no number", f"Run: unset {bad[0]}")
    if many:
        return note("threads", f"{usual}; more threads than cores wait for each other", f"Run: unset {many[0]}")
    return fine("threads", usual)


def _memory() -> Iterator[Finding]:
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):  # not told by this system
        return
    limit = _limit()
    usable = min(total, limit) if limit else total
    words = f"{usable / GIB:.1f} GiB" + (" (the limit of this container)" if limit and limit < total else "")
    if usable < _LITTLE_MEMORY:
        yield note("memory", f"{words} is little for the default model", "Use --members 1, or fewer rows at a time.")
    else:
        yield fine("memory", words)


def _limit() -> int | None:
    """Return the memory that a container may use, where one sets a limit."""
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return int(Path(path).read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
    return None


def _temporary() -> Path | None:
    try:
        return Path(tempfile.gettempdir())
    except OSError:
        return None


def _cache() -> Iterator[Finding]:
    try:
        folder = cache_folder()
    except RuntimeError:
        yield note("cache", "there is no home folder: features are computed anew each time", "Set WEFT_CACHE.")
        return
    mend = "Set WEFT_CACHE to a folder that you may write to; until then features are computed anew each time."
    yield from folder_for_writing("cache", folder, mend, works_without=True)
    held = sum(path.stat().st_size for path in folder.glob("features/*.safetensors"))
    if held:
        yield fine("cache", f"{held / GIB:.2f} of at most {MAX_BYTES / GIB:.0f} GiB of features are kept")


def _data() -> Finding:
    given = os.environ.get("WEFT_DATA")
    if not given:
        return fine("data sets", "WEFT_DATA is not set: sets are looked for in the cache, then downloaded")
    folder = Path(given)
    if not folder.is_dir():
        return wrong("data sets", f"WEFT_DATA names {folder}, which is no folder", "Correct it, or: unset WEFT_DATA")
    if not os.access(folder, os.R_OK | os.X_OK):
        return wrong("data sets", f"WEFT_DATA names {folder}, which you may not read", "Change its permissions.")
    return fine("data sets", f"WEFT_DATA={folder}")


def folder_for_writing(topic: str, folder: Path | None, mend: str, works_without: bool = False) -> Iterator[Finding]:
    """Look whether a folder, or the one it would be made in, can be written to and has room.

    Args:
        topic: what it is.
        folder: None when there is none.
        mend: for one that cannot be written to.
        works_without: whether weft works all the same.
    """
    bad = note if works_without else wrong
    here = folder
    while here is not None and not here.exists() and here != here.parent:
        here = here.parent
    if folder is None or here is None or not _writable(here):
        yield bad(topic, f"{folder or 'the folder'} cannot be written to", mend)
        return
    free = shutil.disk_usage(here).free
    words = f"{folder}, {free / GIB:.1f} GiB free"
    yield note(topic, f"{words}: that is little", "Free some space.") if free < _LITTLE_DISK else fine(topic, words)


def _writable(folder: Path) -> bool:
    """Whether a file can be made there; the only test that knows of full disks and read-only mounts."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".weft-doctor-") as file:
            file.write(b"x")
    except OSError:
        return False
    return True
