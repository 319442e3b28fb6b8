"""Add classes to a fitted few-shot model from examples of them, without training again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from weft.errors import UserError, nearest
from weft.jobs.folder import locked
from weft.jobs.grown import note_of, save_grown
from weft.jobs.known_rows import read_rows
from weft.jobs.seen import save_support
from weft.labels import LabelTable
from weft.tasks import TaskSet

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.predictor import Predictor
    from weft.training.run import Report


def add_classes(
    predictor: Predictor,
    folder: Path,
    file: Path,
    target: Path,
    column: str | None,
    smiles: str | None,
    threads: int,
    report: Report,
) -> dict[str, int]:
    """Give the classes that `file` names a node from their examples in it.

    Args:
        predictor: the model in `folder`, loaded.
        folder: the model.
        file: examples: what the model is fitted to, such as a folder with a folder of images per class.
        target: the model folder to write.
        column: of the classes' names; the model's own task by default.
        smiles: the SMILES column.
        threads: for reading.
        report: told of progress.

    Returns:
        how many examples each class got, new or known before.

    Raises:
        UserError: for a file that cannot be used, or in which no example has a class.
    """
    read = read_rows(folder, file, _without_tasks(predictor), report, smiles, threads)
    name, columns = column or predictor.tasks[0].name, read.table.frame.columns
    if name not in columns:
        mend = f"Name the column of the classes with --task. {nearest(name, columns)}"
        raise UserError(f"there is no column {name!r}", where=str(file), mend=mend)
    words = [None if value is None else str(value).strip() for value in read.table.frame[name].to_list()]
    rows = np.array([at for at, word in enumerate(words) if word and read.data.ok[at]], np.int64)
    if not len(rows):
        raise UserError("no example has a class and can be used", where=f"{file}, column {name}")
    named = [str(words[int(at)]) for at in rows]
    with locked(target):
        predictor.add_classes(read.data.take(rows), named)
        labels = _labels(predictor.tasks, len(read.data), rows, named)

        def more(staged: Path) -> None:
            save_support(folder, staged, read.data, labels)

        counts = {word: named.count(word) for word in dict.fromkeys(named)}
        save_grown(predictor, folder, target, note_of(file, list(counts), list(counts.values())), more)
    return counts


def _without_tasks(predictor: Predictor) -> Predictor:
    """Return a stand-in whose tasks are none: names of new classes are no wrong cells."""
    return _Bare(predictor)  # pyright: ignore[reportReturnType]


class _Bare:
    """What reading rows asks of a predictor."""

    def __init__(self, predictor: Predictor) -> None:
        self.tasks, self._predictor = TaskSet(()), predictor

    def check_features(self, data: Data) -> None:
        """Refuse data of another form."""
        self._predictor.check_features(data)


def _labels(tasks: TaskSet, n_rows: int, rows: np.ndarray, named: Sequence[str]) -> LabelTable:
    place = {word: k for k, word in enumerate(tasks[0].classes)}
    value = np.array([place[word] for word in named], np.float64)
    return replace(LabelTable.empty(tasks, n_rows), row=rows, col=np.zeros(len(rows), np.int64), value=value)
