"""Finished files moved into a folder as one: a process that dies in between leaves what the next one completes.

Files are written apart. One rename of their folder to `.ready` says that all of them are whole; then each is moved into
place. Whoever opens the folder next moves what is left, so that no reader meets old files beside new ones.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Final

from weft.files import disk_errors

#: The folder of finished files that are on their way.
READY: Final = ".ready"
#: Moved last, in this order: a folder without its card is no model.
_LAST: Final = ("model.safetensors", "model.json")


def publish(staged: Path, folder: Path) -> None:
    """Move the files of `staged` into `folder`, whose other files stay.

    Raises:
        UserError: when the disk or its permissions do not allow it.
    """
    settle(folder)
    with disk_errors(folder):
        shutil.rmtree(folder / READY, ignore_errors=True)
        staged.replace(folder / READY)
    settle(folder)


def settle(folder: Path) -> None:
    """Complete a `publish` that was cut short; several processes may do so at once.

    Raises:
        UserError: when the disk or its permissions do not allow it.
    """
    ready = folder / READY
    if not ready.is_dir():
        return
    with disk_errors(folder):
        names = [path.name for path in ready.iterdir()]
        for name in sorted(names, key=lambda name: _LAST.index(name) if name in _LAST else -1):
            with contextlib.suppress(FileNotFoundError):  # another process has just moved it
                (ready / name).replace(folder / name)
    with contextlib.suppress(OSError):
        ready.rmdir()
