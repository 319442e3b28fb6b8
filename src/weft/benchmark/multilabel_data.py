"""Public multi-label tables: three of features, captions of COCO's pictures as hashed words, and COCO's own folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.benchmark.molecule_data import MoleculeSet
from weft.data.catalogue import find
from weft.errors import UserError
from weft.files import disk_errors
from weft.labels import LabelTable
from weft.tasks import TaskSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from weft.data.splits import Split

#: Data set -> its name in the catalogue. scene (Boutell et al. 2004), yeast (Elisseeff and Weston 2001) and corel5k
#: (Duygulu et al. 2002) are those of Mulan; coco-captions are of pictures of MS-COCO (Lin et al. 2014) with 18 of its
#: categories; coco and coco-text are the pictures, and the captions, of its official folder with all 80.
SETS = {
    "scene": "scene",
    "yeast": "yeast",
    "corel5k": "corel5k",
    "coco-captions": "coco-captions",
    "coco": "coco",
    "coco-text": "coco",
}
#: Of the official folder: data set -> what is read of it.
FOLDERS = {"coco": "images", "coco-text": "text"}
#: Columns that words of captions are hashed to. Hashing has no vocabulary, so nothing is learnt from test captions.
_WORDS = 1024


@dataclass(frozen=True, eq=False)
class MultilabelSet(MoleculeSet):
    """A multi-label table.

    Attributes:
        parts: `train`, `val` or `test` of every row, where the makers tell; else splits are random ones.
    """

    parts: Sequence[str | None] | None = None

    def split(self, number: int) -> Split:
        """Return split `number`, that of `weft fit --seed number`: the published one, or a random one."""
        from weft.data.splits import random_split
        from weft.jobs.subject_source import published_split

        if self.parts is not None:
            return published_split(list(self.parts), self.data.ok, number)
        return random_split(self.data.ok, number)


def find_multilabel(name: str) -> Path:
    """Return the file or folder of a data set of `SETS`.

    Raises:
        UserError: when it is not on this machine, with where it comes from.
    """
    return find(SETS[name])


def load_multilabel(name: str) -> MultilabelSet:
    """Read a data set of `SETS`.

    Raises:
        UserError: when it is not on this machine, or is another thing than its name says.
    """
    from weft.data.vectors import Vectors
    from weft.jobs.inputs import sha256

    path = find_multilabel(name)
    if name in FOLDERS:
        return coco_folder(name, path, FOLDERS[name])
    x, y, names = _captions(path) if path.name.endswith(".csv.gz") else _arrays(path)
    return MultilabelSet(name, Vectors(x), _told(y, names), sha256(path))


def _told(y: NDArray[np.float64], names: Sequence[str]) -> LabelTable:
    """Return labels `[N, L]` of 0, 1 and NaN as binary tasks; one that nothing has, or everything, is no task."""
    kept = np.flatnonzero((y == 1).any(0) & (y == 0).any(0))
    return LabelTable.from_dense(TaskSet.binary([names[int(k)] for k in kept]), y[:, kept])


def coco_folder(name: str, path: Path, kind: str) -> MultilabelSet:
    """Read images or captions in COCO's layout, labelled with its categories; `val` is what is tested on.

    Args:
        name: of the data set.
        path: the folder.
        kind: `images`, or `text` for the captions.

    Raises:
        UserError: for a folder of another layout.
    """
    from weft.data.coco import annotation_files
    from weft.jobs.subject_input import read_for_fit
    from weft.jobs.subjects import Subject
    from weft.training.run import silent

    if not any("instances" in files for files in annotation_files(path).values()):
        what = "this folder has no annotations/instances_*.json"
        raise UserError(what, where=str(path), mend=f"docs/multilabel.md shows what {name} must look like.")
    read = read_for_fit(path, Subject(kind), silent)
    y, known = read.labels.to_dense()
    labels = _told(np.where(known, y, np.nan), read.labels.tasks.names)
    frame = read.table.frame
    parts = frame["split"].to_list() if "split" in frame.columns else None
    return MultilabelSet(name, read.data, labels, read.sha256(), parts)


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
