"""Images with what is known of them: a table of file names, classes and labels beside the packed store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from weft.data.image_decode import Form
from weft.data.image_pack import Progress, form_of, pack_files
from weft.data.images import Images
from weft.data.tables import Table
from weft.errors import UserError, nearest

#: The column that names an image's file.
IMAGE = "image"
#: The column that names an image's class, in folders of classes.
CLASS = "class"
#: The column that names the part of a published split.
PART = "split"


@dataclass(frozen=True)
class Listing:
    """Images found, before a pixel is read.

    Attributes:
        table: a row per image: its name, its labels, and `split` where a split is published.
        layout: how the folder is laid out, in words.
        make: packs the images in the form given: their data and what had to be converted, per row.
        form: chooses the form, given the side asked for.
        kinds: kinds of the label columns that are not to be guessed.
        disjoint: whether the classes of the published split's parts are others: a split of few-shot learning.
    """

    table: Table
    layout: str
    make: Callable[[Form, int, Progress], tuple[Images, list[str]]]
    form: Callable[[int | None], Form]
    kinds: Mapping[str, str] = field(default_factory=dict[str, str])
    disjoint: bool = False

    def of_rows(self, frame: pl.DataFrame) -> Listing:
        """Return the listing with other columns."""
        return replace(self, table=replace(self.table, frame=frame))


def of_files(
    path: Path, frame: pl.DataFrame, files: Sequence[Path], layout: str, kinds: Mapping[str, str] | None = None
) -> Listing:
    """Return the listing of images that are files.

    Args:
        path: the folder or table.
        frame: a row per image.
        files: where each is.
        layout: in words.
        kinds: of label columns.

    Raises:
        UserError: when there is no image.
    """
    if not files:
        raise UserError("there is no image", where=str(path), mend="Give a folder with a folder of images per class.")

    def make(form: Form, workers: int, progress: Progress) -> tuple[Images, list[str]]:
        return pack_files(files, form, workers, progress)

    return Listing(Table(path, frame), layout, make, lambda side: form_of(files, side), kinds or {}, disjoint(frame))


def disjoint(frame: pl.DataFrame) -> bool:
    """Whether no class of one part of the split is in another part."""
    if not {PART, CLASS} <= set(frame.columns):
        return False
    pairs = frame.select(PART, CLASS).unique()
    return pairs[PART].n_unique() > 1 and pairs[CLASS].n_unique() == len(pairs)


def from_column(table: Table, column: str) -> Listing:
    """Return the listing of a table with a column of image files, named from the table's folder on.

    Raises:
        UserError: for an unknown column.
    """
    if column not in table.frame.columns:
        raise UserError(
            f"there is no column {column!r}", where=str(table.path), mend=nearest(column, table.frame.columns)
        )
    folder = table.path.parent
    files = [folder / (str(name).replace("\0", "\ufffd") if name else "no-name") for name in table.frame[column]]
    return of_files(table.path, table.frame, files, f"image files in column {column}")
