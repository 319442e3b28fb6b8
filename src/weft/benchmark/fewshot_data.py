"""Images in classes, for few-shot suites: Omniglot's alphabets and their characters, and photographs in folders.

mini-ImageNet (Vinyals et al., arXiv 1606.04080, split of Ravi and Larochelle, ICLR 2017) and tiered-ImageNet (Ren et
al., arXiv 1803.00676) are read in every layout of `weft.data.image_folders` that tells the parts of their split.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from weft.data.catalogue import find
from weft.data.image_table import CLASS, PART
from weft.errors import UserError
from weft.fewshot.episodes import Ints, group_split
from weft.files import disk_errors

if TYPE_CHECKING:
    from weft.data.base import Data

#: Classes that validation and test have at least, where the data's makers tell no split.
LEAST = 20
#: Data set -> its name in the catalogue.
SETS = {"omniglot-small": "omniglot", "mini-imagenet": "mini-imagenet", "tiered-imagenet": "tiered-imagenet"}


@dataclass(frozen=True, eq=False)
class ClassSet:
    """Data in classes.

    Attributes:
        name: as a suite calls it.
        data: `N` data.
        label: class of each, int64 `[N]`.
        group: what a class is one of, such as its alphabet, int64 `[N]`.
        sha256: of the file, '' for made data.
        parts: rows of training, validation and test, where the makers tell them.
        drawings: whether training data turned by quarters are further classes, as is usual with characters.
    """

    name: str
    data: Data
    label: Ints
    group: Ints
    sha256: str = ""
    parts: tuple[Ints, Ints, Ints] | None = None
    drawings: bool = False

    def split(self, seed: int) -> tuple[Ints, Ints, Ints]:
        """Return rows of training, validation and test: as published, or whole groups in an order drawn from `seed`."""
        if self.parts is not None:
            return self.parts
        return group_split(self.group, self.label, seed, LEAST)


def load_classes(name: str) -> ClassSet:
    """Read a data set.

    Raises:
        UserError: when its file is not on this machine.
    """
    path = find_set(name)
    return _characters(name, path) if path.is_file() and SETS[name] == "omniglot" else photographs(name, path)


def find_set(name: str) -> Path:
    """Return the file or folder of a data set of `SETS`.

    Raises:
        UserError: when it is not on this machine, with where it comes from.
    """
    return find(SETS[name])


def _characters(name: str, path: Path) -> ClassSet:
    from weft.data.images import Images
    from weft.jobs.inputs import sha256

    with disk_errors(path), np.load(path, allow_pickle=False) as held:
        images, label, group = held["images28"], held["label"].astype(np.int64), held["alphabet"].astype(np.int64)
    return ClassSet(name, Images.from_arrays(images), label, group, sha256(path), drawings=True)


def photographs(name: str, path: Path) -> ClassSet:
    """Read images in classes with a published split of classes; images that cannot be used are in no part.

    Raises:
        UserError: for a folder that does not tell classes and parts, or has a class in two parts.
    """
    from weft.jobs.subject_input import read_for_fit
    from weft.jobs.subjects import Subject
    from weft.training.run import silent

    read = read_for_fit(path, Subject("images"), silent)
    told, frame = read.labels.tasks.names, read.table.frame
    if told != [CLASS] or PART not in frame.columns or not read.disjoint:
        what = "this folder does not tell a class of every image, and parts that have no class in common"
        raise UserError(what, where=str(path), mend=f"docs/fewshot.md shows what {name} must look like.")
    label = np.full(len(frame), -1)
    label[read.labels.row] = read.labels.value.astype(np.int64)
    usable = read.data.ok & (label >= 0)
    part = frame[PART].to_numpy()
    train, val, test = (np.flatnonzero(usable & (part == word)) for word in ("train", "val", "test"))
    for word, rows in (("train", train), ("val", val), ("test", test)):
        if not len(rows):
            raise UserError(f"the part {word} has no image that can be used", where=str(path))
    return ClassSet(name, read.data, label, label, read.sha256(), (train, val, test))


def with_turns(held: ClassSet, rows: Ints) -> tuple[Data, Ints, Ints]:
    """Return the data with those of `rows` turned by 90, 180 and 270 degrees behind them, as classes of their own.

    The usual augmentation of Omniglot's training characters (Santoro et al., arXiv 1605.06065).

    Returns:
        the data, all labels, and the rows of all training data.
    """
    from weft.data.images import Images

    pixels = held.data.images().read(slice(0, len(held.data)))
    parts: list[NDArray[np.uint8]] = [pixels, *(np.rot90(pixels[rows], k, (2, 3)) for k in (1, 2, 3))]
    most = int(held.label.max()) + 1
    labels = [held.label, *(held.label[rows] + k * most for k in (1, 2, 3))]
    label = np.concatenate(labels)
    added = np.arange(len(held.label), len(label))
    return Images.from_arrays(np.concatenate(parts)), label, np.concatenate([rows, added])
