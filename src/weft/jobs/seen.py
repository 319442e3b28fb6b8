"""Which labels a model has seen, so that it is never scored on them by mistake."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from weft.files import atomic, damaged
from weft.labels import Bools, LabelTable

if TYPE_CHECKING:
    import polars as pl

    from weft.data.base import Data
    from weft.data.splits import Split
    from weft.tasks import TaskSet

SEEN = "seen.parquet"


def save_seen(folder: Path, data: Data, split: Split) -> None:
    """Write the hashed keys of the training and validation molecules into `folder`: seen for every task."""
    rows = np.concatenate([split.train, split.val])
    keys = data.keys
    _write(folder, {(_hash(keys[row]), None) for row in rows if keys[row]})


def save_support(before: Path, folder: Path, data: Data, labels: LabelTable) -> None:
    """Write into `folder` what the model in `before` has seen, and the molecules its new tasks were learnt from.

    Args:
        before: the model folder before the tasks were added.
        folder: where to write.
        data: `N` molecules.
        labels: their labels of the new tasks.
    """
    keys, names = data.keys, labels.tasks.names
    cells = zip(labels.row, labels.col, strict=True)
    _write(folder, _read(before) | {(_hash(keys[row]), names[col]) for row, col in cells if keys[row]})


def seen(folder: Path, data: Data, tasks: TaskSet) -> Bools:
    """Return the cells that the model in `folder` was fitted or chosen on, or learnt a new task from, `[N, T]`."""
    at: dict[str, list[str | None]] = {}
    for key, task in _read(folder):
        at.setdefault(key, []).append(task)
    found = np.zeros((len(data), len(tasks)), bool)
    place = {name: j for j, name in enumerate(tasks.names)}
    for row, key in enumerate(data.keys):
        for task in at.get(_hash(key), ()) if key else ():
            if task is None:
                found[row] = True
            elif task in place:
                found[row, place[task]] = True
    return found


def _read(folder: Path) -> set[tuple[str, str | None]]:
    import polars as pl

    path = folder / SEEN
    if not path.is_file():
        return set()
    with damaged(path, "the file is damaged", "Restore the folder from a copy or fit again."):
        frame: pl.DataFrame = pl.read_parquet(path)
        return set(zip(frame["key"], frame["task"], strict=True))


def _write(folder: Path, found: set[tuple[str, str | None]]) -> None:
    import polars as pl

    rows = sorted(found, key=lambda cell: (cell[1] or "", cell[0]))
    with atomic(folder / SEEN) as temporary:
        pl.DataFrame(rows, schema={"key": pl.String, "task": pl.String}, orient="row").write_parquet(temporary)


def _hash(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
