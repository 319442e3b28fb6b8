"""A folder of computed features by the hash of what they were computed from.

The folder is `WEFT_CACHE`, else `weft` in the platform's cache folder. The cache is a convenience: a folder that
cannot be written to, a full disk or a damaged file lead to computing again, never to an error.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import zlib
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.errors import UserError
from weft.files import atomic

LOG = logging.getLogger(__name__)
Arrays = dict[str, NDArray[Any]]

#: The oldest files are removed beyond this size of the folder.
MAX_BYTES = 4 * 2**30
_OFF: ContextVar[bool] = ContextVar("uncached", default=False)


@contextmanager
def uncached() -> Generator[None]:
    """Neither read nor write the cache in this block: for a server, which asks of few data at a time."""
    token = _OFF.set(True)
    try:
        yield
    finally:
        _OFF.reset(token)


def cache_folder() -> Path:
    """Return the folder of the cache, which need not exist."""
    if given := os.environ.get("WEFT_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "weft" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "weft"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weft"


def content_key(recipe: str, rows: Iterable[str | None]) -> str:
    """Return the hash of how something is computed and of the rows it is computed from.

    Every row is hashed with its length, so that no two lists of rows run together.
    """
    digest = hashlib.sha256(recipe.encode())
    for row in rows:
        data = b"" if row is None else row.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % (-1 if row is None else len(data)) + data)
    return digest.hexdigest()


def cached(name: str, key: str, compute: Callable[[], Arrays]) -> Arrays:
    """Return arrays from the cache, or compute and keep them.

    Args:
        name: what they are; part of the file's name.
        key: their `content_key`.
        compute: makes the arrays.
    """
    if _OFF.get():
        return compute()
    try:
        path = cache_folder() / "features" / f"{name}-{key[:40]}.safetensors"
    except RuntimeError:  # no home folder
        return compute()
    found = _read(path)
    if found is not None:
        return found
    arrays = compute()
    _write(path, arrays)
    return arrays


def _checksum(arrays: Arrays) -> NDArray[np.int64]:
    total = 0
    for name in sorted(arrays):
        total = zlib.crc32(np.ascontiguousarray(arrays[name]).reshape(-1).view(np.uint8).data, total)
    return np.array([total], np.int64)


def _read(path: Path) -> Arrays | None:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if not path.is_file():
        return None
    try:
        arrays = load_file(path)
        if arrays.pop("checksum")[0] == _checksum(arrays)[0]:
            return arrays
    except (OSError, SafetensorError, KeyError, ValueError, IndexError):
        pass
    LOG.warning("the cache file %s is damaged: computing again", path)
    return None


def _write(path: Path, arrays: Arrays) -> None:
    from safetensors.numpy import save_file

    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    try:
        with atomic(path) as temporary:
            save_file({**whole, "checksum": _checksum(whole)}, temporary)
        _prune(path.parent)
    except (UserError, OSError) as error:
        LOG.warning("features are not cached (%s)", error)


def _prune(folder: Path) -> None:
    """Remove the files written longest ago while the folder is too big."""
    files = sorted(((path.stat(), path) for path in folder.glob("*.safetensors")), key=lambda pair: -pair[0].st_mtime)
    total = 0
    for stat, path in files:
        total += stat.st_size
        if total > MAX_BYTES:
            path.unlink(missing_ok=True)
