"""From a file or folder to images, texts or vectors and the labels known of them: what every job reads first."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from weft.errors import UserError
from weft.jobs.row_source import bad_rows
from weft.jobs.subjects import Subject
from weft.labels import LabelTable
from weft.tasks import TaskSet
from weft.words import many

if TYPE_CHECKING:
    import polars as pl

    from weft.data.columns import ColumnPlan
    from weft.data.image_table import Listing
    from weft.data.tables import Table
    from weft.training.run import Report

#: Columns of texts and of files of images by the names they mostly have.
_TEXTS: Final = ("caption", "text", "sentence", "title", "abstract", "description", "comment", "review")
_FILES: Final = ("image", "file", "filename", "path", "image_path", "file_name")
#: Columns that readers add or that name files: no tasks unless asked for.
_BESIDE: Final = ("split", "caption", "row", *_FILES)


@dataclass(frozen=True)
class SubjectInput:
    """Data read with their table.

    Attributes:
        table: a row per datum; of folders and arrays, made by their reader.
        subject: how the data were found, columns and form settled.
        data: one datum per row, bad ones included.
        labels: the known labels of the rows.
        plan: how the columns were understood; None when a model's tasks were looked for instead.
        layout: how the files are laid out, in words.
        converted: what had to be converted, per row; '' for most.
        disjoint: whether the parts of the published split have other classes.
    """

    table: Table
    subject: Subject
    data: Any
    labels: LabelTable
    plan: ColumnPlan | None = None
    layout: str = ""
    converted: Sequence[str] = ()
    disjoint: bool = False

    @property
    def status(self) -> list[str]:
        """`ok` or the reason why a row cannot be used."""
        return list(self.data.status)

    def sha256(self) -> str:
        """Return a hash of what was read: of every datum and of the table beside."""
        digest = hashlib.sha256(self.table.frame.write_csv().encode())
        for key, status in zip(self.data.keys, self.data.status, strict=True):
            digest.update(f"{key} {status}\n".encode())
        return digest.hexdigest()

    def notes(self) -> list[str]:
        """Tell what cannot be used, and what was converted."""
        notes = bad_rows(self.table, self.status)
        counts = Counter(word for word in self.converted if word)
        if counts:
            told = ", ".join(f"{n} {word}" for word, n in counts.most_common())
            notes.append(f"converted: {told} (of {many(len(self.table), self.subject.thing)})")
        return notes


@dataclass(frozen=True)
class _Found:
    """What a reader found, before tasks are chosen."""

    table: Table
    subject: Subject
    data: Any
    columns: Collection[str]
    kinds: Mapping[str, str]
    labels: tuple[str, ...] = ()
    layout: str = ""
    converted: Sequence[str] = ()
    disjoint: bool = False


def read_for_fit(
    file: Path,
    subject: Subject,
    report: Report,
    tasks: Sequence[str] = (),
    kinds: Mapping[str, str] | None = None,
    exclude: Sequence[str] = (),
    threads: int = 2,
) -> SubjectInput:
    """Read data whose task columns are to be found.

    Args:
        file: a table, arrays, or a folder of images.
        subject: what its rows are about.
        report: told of progress.
        tasks: the task columns; found by default.
        kinds: kinds of tasks that are not as guessed.
        exclude: columns that are no tasks.
        threads: threads that decode images.

    Raises:
        UserError: for anything that cannot be used.
    """
    from weft.data.reading import read_labels

    read = read_unchecked(file, subject, report, tasks, kinds, exclude, threads)
    return read if read.plan is None else replace(read, labels=read_labels(read.table, read.plan))


def read_unchecked(
    file: Path,
    subject: Subject,
    report: Report,
    tasks: Sequence[str] = (),
    kinds: Mapping[str, str] | None = None,
    exclude: Sequence[str] = (),
    threads: int = 2,
) -> SubjectInput:
    """Read data and find their task columns, but no label: a wrong cell is not yet told. See `read_for_fit`."""
    from weft.data.columns import ColumnPlan, plan_tasks

    found = _read(file, subject, report, threads, tasks, exclude)
    wanted = list(tasks) or [name for name in found.labels if name not in exclude] or None
    columns = found.table.frame.columns
    beside = {name for name in _BESIDE if name in columns} - {*found.columns, *(wanted or ()), *exclude}
    settled = {name: kind for name, kind in found.kinds.items() if name in (wanted or columns) and name not in exclude}
    told = {**settled, **(kinds or {})}
    chosen = plan_tasks(found.table, set(found.columns), wanted, told, [*exclude, *sorted(beside)])
    used = {*found.columns, *chosen.names}
    other = tuple(name for name in columns if name not in used)
    plan = ColumnPlan(_some(found.columns) or found.layout, chosen, other, found.subject.kind)
    labels = LabelTable.empty(chosen, len(found.table))
    return SubjectInput(
        found.table, found.subject, found.data, labels, plan, found.layout, found.converted, found.disjoint
    )


def read_new(
    file: Path,
    subject: Subject,
    known: Sequence[str],
    tasks: Sequence[str],
    kinds: Mapping[str, str] | None,
    threads: int,
    report: Report,
) -> SubjectInput:
    """Read data with tasks that a fitted model does not know.

    Args:
        file: a table, arrays, or a folder of images.
        subject: what the model's rows are about.
        known: names of the tasks it knows, which are left aside.
        tasks: the columns to add; by default every task column it does not know.
        kinds: kinds of tasks that are not as guessed.
        threads: threads that decode images.
        report: told of progress.

    Raises:
        UserError: when there is no such column.
    """
    columns = _read(file, subject, report, threads, tasks, ()).table.frame.columns
    return read_for_fit(file, subject, report, tasks, kinds, [name for name in columns if name in known], threads)


def read_for_model(file: Path, subject: Subject, tasks: TaskSet, report: Report, threads: int = 2) -> SubjectInput:
    """Read data for a fitted model: the columns named like its tasks are known labels.

    Args:
        file: a table, arrays, or a folder of images.
        subject: what the model's rows are about.
        tasks: the model's tasks.
        report: told of progress.
        threads: threads that decode images.
    """
    from weft.data.reading import read_known

    found = _read(file, subject, report, threads, (), ())
    labels = read_known(found.table, tasks)
    return SubjectInput(
        found.table, found.subject, found.data, labels, None, found.layout, found.converted, found.disjoint
    )


def _some(names: Collection[str], most: int = 4) -> str:
    shown = [*names][:most]
    return ", ".join(shown) + (f", ... ({len(names)} columns)" if len(names) > most else "")


def _read(
    file: Path, subject: Subject, report: Report, threads: int, tasks: Sequence[str], exclude: Collection[str]
) -> _Found:
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


def _images(file: Path, subject: Subject, report: Report, threads: int) -> _Found:
    listing, column = _listing(file, subject)
    form = subject.form or listing.form(subject.size)

    def progress(done: int, n: int) -> None:
        report("images", done, n, "packed once, then found in the cache")

    data, converted = listing.make(form, threads, progress)
    settled = replace(subject, column=column, form=form)
    return _Found(
        listing.table, settled, data, [column], listing.kinds, (), listing.layout, converted, listing.disjoint
    )


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
    column = subject.column or _named(table.frame, _FILES)
    if column is None:
        raise UserError("no column looks like names of image files", where=str(file), mend="Name it with --column.")
    return from_column(table, column), column


def _texts(file: Path, subject: Subject) -> _Found:
    import polars as pl

    from weft.data.image_folders import list_images
    from weft.data.tables import read_table
    from weft.data.texts import Texts
    from weft.errors import nearest

    table = list_images(file).table if file.is_dir() else read_table(file)
    column = subject.column or _named(table.frame, _TEXTS)
    if column is None or column not in table.frame.columns:
        what = "no column looks like texts" if column is None else f"there is no column {column!r}"
        mend = f"Name it with --column. {nearest(column or 'text', table.frame.columns)}"
        raise UserError(what, where=str(file), mend=mend)
    data = Texts(table.frame[column].cast(pl.String).to_list())
    return _Found(table, replace(subject, column=column), data, [column], {})


def _vectors(file: Path, subject: Subject, tasks: Sequence[str], exclude: Collection[str]) -> _Found:
    from weft.data.vector_table import read_vectors

    if file.is_dir():
        raise UserError("this is a folder, not a file", where=str(file), mend="Give the table or array inside it.")
    found = read_vectors(file, subject.features, tasks, exclude)
    columns = found.features if found.inside else ()
    settled = replace(subject, features=found.features)
    return _Found(found.table, settled, found.data, columns, {}, found.labels, f"{len(found.features)} features")


def _named(frame: pl.DataFrame, names: Sequence[str]) -> str | None:
    """Return the column with the best of some names, whatever its case; else None."""
    plain = {name.strip().lower().replace(" ", "_"): name for name in reversed(frame.columns)}
    return next((plain[name] for name in names if name in plain), None)
