"""Images in classes of classes, for few-shot suites: Omniglot's alphabets and their characters."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from weft.data.cache import cache_folder
from weft.errors import UserError
from weft.fewshot.episodes import Ints, group_split
from weft.files import disk_errors

if TYPE_CHECKING:
    from weft.data.base import Data

#: Classes that validation and test have at least.
LEAST = 20
_FILE = "omniglot_small.npz"


@dataclass(frozen=True, eq=False)
class ClassSet:
    """Data in classes.

    Attributes:
        name: as a suite calls it.
        data: `N` data.
        label: class of each, int64 `[N]`.
        group: what a class is one of, such as its alphabet, int64 `[N]`.
        sha256: of the file, '' for made data.
    """

    name: str
    data: Data
    label: Ints
    group: Ints
    sha256: str = ""

    def split(self, seed: int) -> tuple[Ints, Ints, Ints]:
        """Return rows of training, validation and test: whole groups, in an order drawn from `seed`."""
        return group_split(self.group, self.label, seed, LEAST)


def load_classes(name: str) -> ClassSet:
    """Read a data set.

    Raises:
        UserError: when its file is not on this machine.
    """
    from weft.data.images import Images
    from weft.jobs.inputs import sha256

    path = _find(name)
    with disk_errors(path), np.load(path, allow_pickle=False) as held:
        images, label, group = held["images28"], held["label"], held["alphabet"]
    return ClassSet(name, Images.from_arrays(images), label.astype(np.int64), group.astype(np.int64), sha256(path))


def _find(name: str) -> Path:
    given = os.environ.get("WEFT_DATA")
    places = [Path(given), Path(given) / "vision"] if given else []
    found = next((p / _FILE for p in (*places, cache_folder() / "datasets") if (p / _FILE).is_file()), None)
    if found is None:
        mend = f"Put {_FILE} into a folder and set WEFT_DATA to it; docs/fewshot.md tells what it holds."
        raise UserError(f"the data set {name} is not on this machine", where=_FILE, mend=mend)
    return found


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
