"""Files that appear whole or not at all, and disk trouble told plainly."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from weft.errors import UserError

#: Longest line that is looked for from the end of a file.
_LINE = 2**24
_MENDS = {
    errno.ENOSPC: "Free some space or choose another folder.",
    errno.EDQUOT: "Free some of your quota or choose another folder.",
    errno.EACCES: "Choose a folder you may write to.",
    errno.EPERM: "Choose a folder you may write to.",
    errno.EROFS: "Choose a folder you may write to.",
    errno.ENOTDIR: "A file stands where a folder is needed: choose another path.",
    errno.EEXIST: "A file stands where a folder is needed: choose another path.",
    errno.EISDIR: "A folder stands where a file is needed: choose another path.",
    errno.ENOENT: "Check the path.",
}


@contextmanager
def disk_errors(path: Path | str) -> Generator[None]:
    """Turn disk trouble about `path` into a `UserError` that names it and the mend."""
    try:
        yield
    except Exception as error:
        code = _errno(error)
        if code is None:
            raise
        mend = _MENDS.get(code, "Check the disk and the path.")
        raise UserError(os.strerror(code), where=str(path), mend=mend) from error


def _errno(error: Exception) -> int | None:
    """Return the system's error number; polars and safetensors tell it in their own errors' text only."""
    if isinstance(error, UserError):
        return None
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    if isinstance(error, FileNotFoundError):
        return errno.ENOENT
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else None


@contextmanager
def damaged(path: Path | str, what: str, mend: str) -> Generator[None]:
    """Turn whatever a library makes of a damaged file at `path` into a `UserError`.

    Libraries that read containers fail in many ways when one is damaged, out of memory among them: a few bytes may
    claim to be any size.

    Args:
        path: the file.
        what: what it is not, or what it is.
        mend: what to do.
    """
    try:
        with disk_errors(path):
            yield
    except UserError:
        raise
    except Exception as error:
        told = " ".join(str(error).split())[:160] or type(error).__name__
        raise UserError(f"{what} ({told})", where=str(path), mend=mend) from error


@contextmanager
def atomic(path: Path | str) -> Generator[Path]:
    """Give a temporary path beside `path` to write to; rename it into place when the block succeeds.

    The folder is made when missing. On any failure the temporary file is removed and `path` is as before.

    Raises:
        UserError: when the disk is full or the folder cannot be written to.
    """
    path = Path(path)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o644)
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_json(path: Path | str, value: object) -> None:
    """Write `value` as indented JSON, atomically; NaN is refused."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    with atomic(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path | str) -> dict[str, object]:
    """Read a JSON object.

    Raises:
        UserError: when the file is missing, cut short or not a JSON object.
    """
    with disk_errors(path):
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UserError(f"not valid JSON ({error})", where=str(path), mend="Restore the file from a copy.") from error
    if not isinstance(value, Mapping):
        raise UserError("expected a JSON object", where=str(path), mend="Restore the file from a copy.")
    return {str(key): item for key, item in value.items()}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Raises:
        UserError: when it cannot be read.
    """
    with disk_errors(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def append_line(file: IO[bytes], line: bytes) -> None:
    """Add a line to a file that is open for appending and reading; one that was cut short before it is taken away.

    When the disk is full the file is as it was.
    """
    whole = file.seek(0, os.SEEK_END)
    start = max(0, whole - _LINE)
    if whole and (file.seek(whole - 1), file.read(1))[1] != b"\n":
        file.seek(start)
        whole = start + file.read().rfind(b"\n") + 1
        file.truncate(whole)
    try:
        file.write(line + b"\n")
        file.flush()
    except OSError:
        file.truncate(whole)
        raise


@contextmanager
def alone(file: IO[bytes]) -> Generator[None]:
    """Hold an open file against other processes that do the same; where there are no locks of files nobody waits."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        file.flush()
        fcntl.flock(file, fcntl.LOCK_UN)
