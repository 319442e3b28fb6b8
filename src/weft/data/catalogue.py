"""Public data sets by name, found in a folder of the user, in the cache, or on the network, in this order."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from weft.data.cache import cache_folder
from weft.data.graph_catalogue import GRAPHS, find_graph, graph_entry
from weft.data.moleculenet import ENTRIES, Entry
from weft.data.subject_catalogue import SUBJECTS, SubjectEntry, find_subject, subject_entry
from weft.errors import UserError, nearest
from weft.files import atomic

CHUNK = 1 << 16
TIMEOUT = 30.0

Progress = Callable[[int, int], None]


def entries() -> tuple[Entry, ...]:
    """Return every data set known by name."""
    return ENTRIES


def entry(name: str) -> Entry:
    """Return a data set by its name, without regard to case.

    Raises:
        UserError: for an unknown name.
    """
    found = next((item for item in ENTRIES if item.name == name.lower()), None)
    if found is None:
        mend = nearest(name.lower(), [item.name for item in (*ENTRIES, *GRAPHS, *SUBJECTS)])
        raise UserError(f"there is no data set {name!r}", mend=mend)
    return found


def find(name: str, progress: Progress | None = None) -> Path:
    """Return the path of a data set's file, fetched when it is not on this machine, or of its folder.

    Args:
        name: its name in the catalogue.
        progress: called as `progress(bytes done, bytes in all)`, the latter 0 when unknown.

    Raises:
        UserError: for an unknown name, a failed download, a download with another checksum, or a graph, images,
            texts or vectors that are not on this machine.
    """
    if graph_entry(name) is not None:
        return find_graph(name)
    if (other := subject_entry(name)) is not None:
        return find_subject(other)
    wanted = entry(name)
    here = locate(wanted)
    if here is not None:
        return here
    target = _cache_path(wanted)
    _download(wanted, target, progress or _silent)
    return target


def locate(wanted: Entry) -> Path | None:
    """Return where a data set is on this machine: in `WEFT_DATA` (or its `molecules`), else in the cache."""
    folder = os.environ.get("WEFT_DATA")
    names = dict.fromkeys([f"{wanted.name}.csv.gz", f"{wanted.name}.csv", wanted.file])
    folders = [Path(folder), Path(folder) / "molecules"] if folder else []
    places = [place / name for place in folders for name in names]
    return next((path for path in [*places, _cache_path(wanted)] if path.is_file()), None)


def version(wanted: Entry | SubjectEntry, path: Path) -> str:
    """Say which copy of a data set a file is: the official one, another known one, or unknown."""
    if isinstance(wanted, SubjectEntry):
        known = dict(wanted.checksums) if path.is_file() else {}
    else:
        known = dict(wanted.copies) | ({wanted.checksum: "the official file"} if wanted.checksum else {})
    return next((note for checksum, note in known.items() if matches(path, checksum)), "an unknown copy")


def matches(path: Path, checksum: str) -> bool:
    """Whether a file has a checksum such as `md5:...` or `sha256:...`."""
    method, _, expected = checksum.partition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(method, usedforsecurity=False)).hexdigest() == expected


def _cache_path(wanted: Entry) -> Path:
    return cache_folder() / "datasets" / wanted.file


def _silent(done: int, total: int) -> None:
    pass


def _download(wanted: Entry, target: Path, progress: Progress) -> None:
    with atomic(target) as temporary:
        with temporary.open("wb") as file:
            for block in _blocks(wanted, progress):
                file.write(block)
        if wanted.checksum is not None and not matches(temporary, wanted.checksum):
            raise UserError(
                f"what was fetched does not have the checksum {wanted.checksum}",
                where=wanted.address,
                mend=f"Try again; if you trust another copy, {_by_hand(wanted)}",
            )


def _blocks(wanted: Entry, progress: Progress) -> Iterator[bytes]:
    """Yield the bytes at the address; every way the network can fail is a `UserError`."""
    try:
        with urllib.request.urlopen(wanted.address, timeout=TIMEOUT) as answer:
            yield from _counted(answer, int(answer.headers.get("Content-Length") or 0), progress)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise UserError(
            f"the data set {wanted.name} could not be fetched ({reason})",
            where=wanted.address,
            mend=f"Without a network, {_by_hand(wanted)}",
        ) from error


def _counted(answer: IO[bytes], total: int, progress: Progress) -> Iterator[bytes]:
    done = 0
    while block := answer.read(CHUNK):
        done += len(block)
        progress(done, total)
        yield block
    if done < total:
        raise ConnectionError(f"the connection ended after {done} of {total} bytes")


def _by_hand(wanted: Entry) -> str:
    return f"put the file {wanted.file} into a folder and set WEFT_DATA to that folder."
