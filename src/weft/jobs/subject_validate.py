"""What is in images, texts or vectors and their labels, and what is wrong with them, before anything is trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from weft.data.validate import BadRow, Validation, look_at
from weft.errors import UserError
from weft.jobs.subject_input import read_unchecked
from weft.jobs.subject_source import row_names
from weft.jobs.subjects import Subject
from weft.training.run import Report, silent


def validate_subject(
    path: Path,
    subject: Subject,
    tasks: Sequence[str] = (),
    kinds: Mapping[str, str] | None = None,
    exclude: Sequence[str] = (),
    threads: int = 2,
    report: Report = silent,
) -> Validation:
    """Look at data as `weft fit` would read them and tell everything that is wrong with them at once.

    Args:
        path: a table, arrays, or a folder of images.
        subject: what the rows are about.
        tasks: the task columns; found by default.
        kinds: task name -> kind.
        exclude: columns that are no tasks.
        threads: threads that decode images.
        report: told of progress.

    Raises:
        UserError: when the data cannot be read at all.
    """
    read = read_unchecked(path, subject, report, tasks, kinds, exclude, threads)
    if read.plan is None:
        raise UserError("the columns were not understood", where=str(path))
    names = row_names(read)
    bad = tuple(
        BadRow(read.table.number(at), names[at][:100], word) for at, word in enumerate(read.status) if word != "ok"
    )
    found = look_at(read.table, read.plan, read.data.keys, bad)
    parts = Counter(read.table.frame["split"].to_list()) if "split" in read.table.frame.columns else {}
    told = [f"published split: {', '.join(f'{n} {part}' for part, n in parts.items())}"] if parts else []
    if read.disjoint:
        told.append("its parts have other classes (few-shot learning): weft fit draws rows of all classes")
    converted = dict(Counter(word for word in read.converted if word).most_common())
    return replace(found, thing=subject.thing, layout=read.layout, converted=converted, notes=tuple(told))
