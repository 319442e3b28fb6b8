"""From a file or folder to images, texts or vectors and the labels known of them: what every job reads first."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from weft.jobs.row_source import bad_rows
from weft.jobs.subject_read import FILES, Found, Subjects, find
from weft.jobs.subjects import Subject
from weft.labels import LabelTable
from weft.tasks import TaskSet
from weft.words import many

if TYPE_CHECKING:
    from weft.data.columns import ColumnPlan
    from weft.training.run import Report

#: Columns that readers add or that name files: no tasks unless asked for.
_BESIDE: Final = ("split", "caption", "row", *FILES)


@dataclass(frozen=True, kw_only=True)
class SubjectInput(Subjects):
    """Data read with their table and labels.

    Attributes:
        labels: the known labels of the rows.
        plan: how the columns were understood; None when a model's tasks were looked for instead.
    """

    labels: LabelTable
    plan: ColumnPlan | None = None

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

    found = find(file, subject, report, threads, tasks, exclude)
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
    return SubjectInput(**found.shared(), labels=labels, plan=plan)


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
    columns = find(file, subject, report, threads, tasks, ()).table.frame.columns
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
    return for_model(find(file, subject, report, threads, (), ()), tasks)


def for_model(found: Found, tasks: TaskSet) -> SubjectInput:
    """Return what was found with the labels that it tells of a fitted model's tasks.

    Raises:
        UserError: for a cell that is no label.
    """
    from weft.data.reading import read_known

    return SubjectInput(**found.shared(), labels=read_known(found.table, tasks))


def _some(names: Collection[str], most: int = 4) -> str:
    shown = [*names][:most]
    return ", ".join(shown) + (f", ... ({len(names)} columns)" if len(names) > most else "")
