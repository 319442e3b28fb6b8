"""Public multi-label tables: three of features, and captions of COCO pictures as hashed words."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.benchmark.molecule_data import MoleculeSet
from weft.data.cache import cache_folder
from weft.errors import UserError
from weft.files import disk_errors
from weft.labels import LabelTable
from weft.tasks import TaskSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from weft.data.splits import Split

#: Data set -> its file. scene (Boutell et al. 2004), yeast (Elisseeff and Weston 2001) and corel5k (Duygulu et al.
#: 2002) are those of Mulan; the captions are of MS-COCO pictures (Lin et al. 2014) with 18 of its categories.
FILES = {
    "scene": "scene.npz",
    "yeast": "yeast.npz",
    "corel5k": "corel5k.npz",
    "coco-captions": "coco18_captions.csv.gz",
}
_FOLDERS = ("", "multilabel", "vision")
#: Columns that words of captions are hashed to. Hashing has no vocabulary, so nothing is learnt from test captions.
_WORDS = 1024


@dataclass(frozen=True, eq=False)
class MultilabelSet(MoleculeSet):
    """A multi-label table; its splits are random ones."""

    def split(self, number: int) -> Split:
        """Return random split `number`: that of `weft fit --split random --seed number`."""
        from weft.data.splits import random_split

        return random_split(self.data.ok, number)


def load_multilabel(name: str) -> MultilabelSet:
    """Read a data set of `FILES`.

    Raises:
        UserError: when its file is not on this machine.
    """
    from weft.data.vectors import Vectors
    from weft.jobs.inputs import sha256

    path = _find(name)
    x, y, names = _captions(path) if path.name.endswith(".csv.gz") else _arrays(path)
    kept = np.flatnonzero(y.any(0) & ~y.all(0))
    tasks = TaskSet.binary([names[int(k)] for k in kept])
    return MultilabelSet(name, Vectors(x), LabelTable.from_dense(tasks, y[:, kept]), sha256(path))


def _find(name: str) -> Path:
    given = os.environ.get("WEFT_DATA")
    places = [Path(given) / part for part in _FOLDERS] if given else []
    tried = [place / FILES[name] for place in (*places, cache_folder() / "datasets")]
    found = next((path for path in tried if path.is_file()), None)
    if found is None:
        mend = f"Put {FILES[name]} into a folder and set WEFT_DATA to it; docs/multilabel.md tells what it holds."
        raise UserError(f"the data set {name} is not on this machine", where=FILES[name], mend=mend)
    return found


def _arrays(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float64], list[str]]:
    """Read features `[N, D]`, labels `[N, L]` and the labels' names; features may be in compressed rows."""
    with disk_errors(path), np.load(path, allow_pickle=False) as held:
        labels, names = held["labels"].astype(np.float64), [str(name) for name in held["label_names"]]
        if "features" in held:
            return held["features"].astype(np.float32), labels, names
        n, width = (int(size) for size in held["features_csr_shape"])
        start = held["features_csr_indptr"].astype(np.int64)
        x = np.zeros((n, width), np.float32)
        x[np.repeat(np.arange(n), np.diff(start)), held["features_csr_indices"]] = held["features_csr_data"]
        return x, labels, names


def _captions(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float64], list[str]]:
    """Read captions as hashed words, rows of length 1; the columns after the caption are labels."""
    import polars as pl
    from sklearn.feature_extraction.text import HashingVectorizer

    with disk_errors(path):
        frame = pl.read_csv(path)
    at = frame.columns.index("caption") + 1
    words = HashingVectorizer(n_features=_WORDS, alternate_sign=False, stop_words="english")
    hashed: Any = words.transform(frame["caption"].to_list())
    x = hashed.toarray().astype(np.float32)
    names = frame.columns[at:]
    return x, frame.select(names).to_numpy().astype(np.float64), names
