"""Images, texts or vectors of a file or folder, before it is settled which columns are tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from weft.errors import UserError, nearest
from weft.jobs.subjects import Subject
from weft.words import many

if TYPE_CHECKING:
    import polars as pl

    from weft.data.image_table import Listing
    from weft.data.tables import Table
    from weft.data.vector_table import VectorTable
    from weft.training.run import Report

#: Columns of texts and of files of images by the names they mostly have.
TEXTS: Final = ("caption", "text", "sentence", "title", "abstract", "description", "comment", "review")
FILES: Final = ("image", "file", "filename", "path", "image_path", "file_name")


@dataclass(frozen=True)
class Subjects:
    """Data with their table.

    Attributes:
        table: a row per datum; of folders and arrays, made by their reader.
        subject: how the data were found, columns and form settled.
        data: one datum per row, bad ones included.
        layout: how the files are laid out, in words.
        converted: what had to be converted, per row; '' for most.
        disjoint: whether the parts of the published split have other classes.
    """

    table: Table
    subject: Subject
    data: Any
    layout: str = ""
    converted: Sequence[str] = ()
    disjoint: bool = False


@dataclass(frozen=True, kw_only=True)
class Found(Subjects):
    """What a reader found.

    Attributes:
        columns: those that the data are made of, which are no tasks.
        kinds: kinds of the label columns that are not to be guessed.
        labels: the columns told to be labels; empty when nothing is told.
    """

    columns: Collection[str]
    kinds: Mapping[str, str] = field(default_factory=dict[str, str])
    labels: tuple[str, ...] = ()

    def shared(self) -> dict[str, Any]:
        """Return what is kept once the tasks are known: the fields of `Subjects`."""
        return {each.name: getattr(self, each.name) for each in fields(Subjects)}


def find(
    file: Path, subject: Subject, report: Report, threads: int, tasks: Sequence[str], exclude: Collection[str]
) -> Found:
    """Read data.

    Args:
        file: a table, arrays, or a folder of images.
        subject: what its rows are about.
        report: told of progress.
        threads: threads that decode images.
        tasks: columns that are tasks.
        exclude: columns that are neither tasks nor features.

    Raises:
        UserError: for anything that cannot be used.
    """
    report("read", 0, 1, file.name)
    if subject.kind == "images":
        found = _images(file, subject, report, threads)
    elif subject.kind == "text":
        found = _texts(file, subject)
    else:
        found = _vectors(file, subject, tasks, exclude)
    bad = len(found.data) - int(found.data.ok.sum())
    told = many(len(found.data), subject.thing)
    report("read", 1, 1, f"{told}, {bad} cannot be used" if bad else told)
    return found


def _images(file: Path, subject: Subject, report: Report, threads: int) -> Found:
    listing, column = _listing(file, subject)
    form = subject.form or listing.form(subject.size)

    def progress(done: int, n: int) -> None:
        report("images", done, n, "packed once, then found in the cache")

    data, converted = listing.make(form, threads, progress)
    settled = replace(subject, column=column, form=form)
    told = (listing.layout, converted, listing.disjoint)
    return Found(listing.table, settled, data, *told, columns=[column], kinds=listing.kinds)


def _listing(file: Path, subject: Subject) -> tuple[Listing, str]:
    from weft.data.image_arrays import list_arrays
    from weft.data.image_folders import list_images
    from weft.data.image_table import IMAGE, from_column
    from weft.data.tables import read_table

    if file.is_dir():
        return list_images(file), IMAGE
    if file.suffix.lower() in (".npz", ".npy", ".pkl", ".pickle"):
        return list_arrays(file), IMAGE
    table = read_table(file)
    column = subject.column or named(table.frame, FILES)
    if column is None:
        raise UserError("no column looks like names of image files", where=str(file), mend="Name it with --column.")
    return from_column(table, column), column


def _texts(file: Path, subject: Subject) -> Found:
    from weft.data.image_folders import list_images
    from weft.data.tables import read_table

    return texts_of(list_images(file).table if file.is_dir() else read_table(file), subject)


def texts_of(table: Table, subject: Subject) -> Found:
    """Return the texts of a table.

    Raises:
        UserError: when no column looks like texts, or the one asked for is not there.
    """
    import polars as pl

    from weft.data.texts import Texts

    column = subject.column or named(table.frame, TEXTS)
    if column is None or column not in table.frame.columns:
        what = "no column looks like texts" if column is None else f"there is no column {column!r}"
        mend = f"Name it with --column. {nearest(column or 'text', table.frame.columns)}"
        raise UserError(what, where=str(table.path), mend=mend)
    data = Texts(table.frame[column].cast(pl.String).to_list())
    return Found(table, replace(subject, column=column), data, columns=[column])


def _vectors(file: Path, subject: Subject, tasks: Sequence[str], exclude: Collection[str]) -> Found:
    from weft.data.vector_table import read_vectors

    if file.is_dir():
        raise UserError("this is a folder, not a file", where=str(file), mend="Give the table or array inside it.")
    return _of_vectors(read_vectors(file, subject.features, tasks, exclude), subject)


def vectors_of(table: Table, subject: Subject) -> Found:
    """Return the vectors of a table.

    Raises:
        UserError: when columns of the model's features are not there.
    """
    from weft.data.vector_table import of_table

    return _of_vectors(of_table(table, subject.features), subject)


def _of_vectors(found: VectorTable, subject: Subject) -> Found:
    columns = found.features if found.inside else ()
    settled = replace(subject, features=found.features)
    layout = f"{len(found.features)} features"
    return Found(found.table, settled, found.data, layout, columns=columns, labels=found.labels)


def named(frame: pl.DataFrame, names: Sequence[str]) -> str | None:
    """Return the column with the best of some names, whatever its case; else None."""
    plain = {name.strip().lower().replace(" ", "_"): name for name in reversed(frame.columns)}
    return next((plain[name] for name in names if name in plain), None)
