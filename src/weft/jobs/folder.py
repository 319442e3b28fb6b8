"""The model folder while a fit works in it: one fit at a time, unfinished work apart, resumable.

Unfinished work lives in `DIR/.work`; `model.json` is written last, so a folder without it is no model.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import IO, Any

from weft.errors import UserError
from weft.files import disk_errors, read_json, write_json
from weft.publish import settle

CARD = "run.json"
MODEL = "model.json"
WEIGHTS = "model.safetensors"
METRICS = "metrics.json"
REPORT = "report.html"
WORK = ".work"
LOCK = ".lock"


class Start(Enum):
    """How a fit begins."""

    FRESH = "fresh"
    CONTINUED = "continued"
    FINISHED = "finished"


class BusyError(UserError):
    """Another process is at work in a folder."""


@contextmanager
def locked(folder: Path, what: str = "fit") -> Generator[None]:
    """Hold `folder` for one fit, or what else is done there; the lock goes with the process, however that ends.

    Raises:
        BusyError: when another process holds it.
        UserError: when the folder cannot be written to.
    """
    path = folder / LOCK
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _held(path, what) as file:
        with disk_errors(folder):
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        try:
            settle(folder)
            yield
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def _held(path: Path, what: str) -> Generator[IO[str]]:
    """Open and lock the file that stands at `path`; one that its holder has just removed locks nothing."""
    while True:
        with disk_errors(path.parent):
            file = path.open("a+", encoding="utf-8")
        with file:
            if not _take(file):
                file.seek(0)
                raise BusyError(
                    f"another {what} (process {file.read().strip() or 'unknown'}) is working here",
                    where=str(path.parent),
                    mend="Wait for it to end or choose another --out.",
                )
            if _stands(file, path):
                yield file
                return


def _stands(file: IO[str], path: Path) -> bool:
    """Whether an open file is the one that stands at `path`."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def holder(folder: Path) -> str | None:
    """Return the number of the process that holds a folder, without waiting for it or touching anything."""
    try:
        with (folder / LOCK).open("r", encoding="utf-8") as file:
            return None if _take(file) else file.read().strip() or "unknown"
    except OSError:
        return None


def _take(file: IO[str]) -> bool:
    """Lock an open file without waiting; false when another process has it."""
    try:
        import fcntl
    except ImportError:  # not on Windows: there the last writer wins
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def check_target(folder: Path, result: str = MODEL) -> None:
    """Refuse to fit into something that is not ours.

    Args:
        folder: where to write.
        result: the file that tells that finished work of this sort is there.

    Raises:
        UserError: for a file, or a folder that holds other things.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError("this is a file, not a folder", where=str(folder), mend="Choose another --out.")
    with disk_errors(folder):
        present = {path.name for path in folder.iterdir()} if folder.is_dir() else set[str]()
    if present - {LOCK} and not present & {WORK, result}:
        what = "weft model" if result == MODEL else "earlier result of this command"
        raise UserError(
            f"the folder is not empty and is no {what}", where=str(folder), mend="Choose another or a new --out."
        )


def prepare(
    folder: Path,
    identity: Mapping[str, Any],
    resume: bool,
    finished: tuple[str, str] = (MODEL, CARD),
    what: str = "fit",
) -> Start:
    """Make `DIR/.work` ready and tell how the fit begins.

    Args:
        folder: the model folder, locked by us.
        identity: JSON-ready configuration and data hash: what must be the same to continue.
        resume: whether the person asked to continue.
        finished: the file that is written last, and the one that holds the identity.
        what: what is done there.

    Raises:
        UserError: when there is unfinished work and `resume` is off, or it is of other options or data.
    """
    work = folder / WORK
    unfinished = (work / "resume.json").is_file()
    if resume and unfinished:
        _same(read_json(work / "resume.json"), identity, folder, what)
        return Start.CONTINUED
    if unfinished:
        raise UserError(
            f"an unfinished {what} is here",
            where=str(folder),
            mend=f"Add --resume to continue it, or delete {work} to start again.",
        )
    if resume and all((folder / name).is_file() for name in finished):
        _same(_mapping(read_json(folder / finished[1]).get("identity")), identity, folder, what)
        return Start.FINISHED
    with disk_errors(work):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
    write_json(work / "resume.json", identity)
    return Start.FRESH


@contextmanager
def clean_on_error(folder: Path) -> Generator[None]:
    """Leave nothing behind when the work fails before any stage of it was kept."""
    try:
        yield
    except Exception:
        work = folder / WORK
        if work.is_dir() and {path.name for path in work.iterdir()} <= {"resume.json"}:
            shutil.rmtree(work, ignore_errors=True)
        raise


def clear(folder: Path) -> None:
    """Remove the unfinished work of a finished fit; what was there is no longer needed."""
    with contextlib.suppress(OSError):
        (folder / WORK / "resume.json").unlink(missing_ok=True)
        shutil.rmtree(folder / WORK)


def _same(before: Mapping[str, Any], now: Mapping[str, Any], folder: Path, what: str) -> None:
    changed = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    if changed:
        told = "; ".join(f"{key} was {before.get(key)!r}, now {now.get(key)!r}" for key in changed)
        raise UserError(
            f"cannot resume, the {what} here began otherwise: {told}",
            where=str(folder),
            mend="Give the same options and data, or choose another --out.",
        )


def _mapping(value: object) -> Mapping[str, Any]:
    return {str(k): v for k, v in value.items()} if isinstance(value, Mapping) else {}
