"""Which molecules a model has seen, so that it is never scored on them by mistake."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from weft.files import atomic
from weft.labels import Bools

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.splits import Split

_FILE = "seen.parquet"


def save_seen(folder: Path, data: Data, split: Split) -> None:
    """Write the hashed keys of the training and validation molecules into `folder`."""
    import polars as pl

    rows = np.concatenate([split.train, split.val])
    keys = data.keys
    with atomic(folder / _FILE) as temporary:
        pl.DataFrame({"key": sorted({_hash(keys[row]) for row in rows if keys[row]})}).write_parquet(temporary)


def seen(folder: Path, data: Data) -> Bools:
    """Return which rows of `data` the model in `folder` was fitted or chosen on, bool `[N]`."""
    import polars as pl

    if not (folder / _FILE).is_file():
        return np.zeros(len(data), bool)
    known = set(pl.read_parquet(folder / _FILE)["key"])
    return np.array([bool(key) and _hash(key) in known for key in data.keys], bool)


def _hash(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
