"""What the rows of a table are about, besides molecules: images, texts or vectors."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from weft.data.image_decode import Form
from weft.errors import UserError, nearest
from weft.files import read_json

#: Kind of data -> what one of them is.
THINGS: Final = {"molecules": "molecule", "images": "image", "text": "text", "vectors": "row"}
#: Files that hold arrays or vectors and no molecules, whatever is asked for.
_ARRAYS: Final = (".npy", ".npz", ".arff", ".pkl", ".pickle")


@dataclass(frozen=True)
class Subject:
    """How the data of each row are found.

    Attributes:
        kind: `images`, `text` or `vectors`.
        column: the column of file names or texts; None finds it.
        features: the columns of vectors, by name or pattern; empty finds them.
        size: side of the images asked for.
        form: of the images a model was fitted to.
    """

    kind: str
    column: str | None = None
    features: tuple[str, ...] = ()
    size: int | None = None
    form: Form | None = None

    @property
    def thing(self) -> str:
        """What a datum is."""
        return THINGS[self.kind]

    def card(self) -> dict[str, Any]:
        """Return what a run card keeps, JSON-ready."""
        form = None if self.form is None else [self.form.height, self.form.width, self.form.channels]
        return {"kind": self.kind, "column": self.column, "features": list(self.features), "form": form}

    @classmethod
    def of_card(cls, card: dict[str, Any]) -> Subject:
        """Return what `card` gave."""
        form = Form(*map(int, card["form"])) if card.get("form") else None
        return cls(str(card["kind"]), card.get("column"), tuple(card.get("features") or ()), None, form)


def told_kinds(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """Part what was said of the rows (`--kind images`) from what was said of tasks (`--kind TASK=KIND`).

    Raises:
        UserError: for an unknown kind of data, or two of them.

    Example:
        >>> told_kinds(["images", "tame=binary"])
        ('images', ['tame=binary'])
    """
    data = [check_kind(word) for word in words if "=" not in word]
    if len(data) > 1:
        raise UserError(f"the data are said to be {' and '.join(data)}", where="--kind", mend="Say it once.")
    return (data[0] if data else None), [word for word in words if "=" in word]


def check_kind(kind: str) -> str:
    """Return a kind of data.

    Raises:
        UserError: for an unknown one.
    """
    if kind not in THINGS:
        mend = f"{nearest(kind, THINGS)} For a column, write --kind TASK=KIND."
        raise UserError(f"there is no kind of data {kind!r}", where="--kind", mend=mend)
    return kind


def kind_of(file: Path, given: str | None = None) -> str:
    """Return `graph`, `molecules`, `images`, `text` or `vectors`: as what a file or folder is to be read.

    Args:
        file: what was given.
        given: what was asked for.
    """
    if given is not None:
        return check_kind(given)
    if file.is_dir():
        from weft.data.graph_files import is_graph

        if is_graph(file):
            return "graph"
        from weft.data.image_folders import layout

        return "images" if layout(file) else "graph"
    if file.suffix.lower() in _ARRAYS:
        return "images" if _holds_images(file) else "vectors"
    return "molecules"


def _holds_images(file: Path) -> bool:
    import numpy as np

    if file.suffix.lower() in (".pkl", ".pickle"):
        return True
    if file.suffix.lower() == ".arff" or not file.is_file():
        return False
    try:
        if file.suffix.lower() == ".npz":
            with zipfile.ZipFile(file) as held:
                return not any(name.startswith("features") for name in held.namelist())
        found = np.load(file, mmap_mode="r", allow_pickle=False)
    except Exception:  # a damaged container may fail in any way
        return False  # the reader of vectors tells what is wrong
    return found.dtype == np.uint8 and found.ndim >= 3


def subject_of_model(folder: Path) -> Subject | None:
    """Return what a model's rows are about; None for molecules, and for a model without a run card."""
    card = folder / "run.json"
    found: Any = read_json(card).get("data") if card.is_file() else None
    told = found.get("subject") if isinstance(found, dict) else None
    return Subject.of_card(told) if isinstance(told, dict) else None
