"""Labels of a graph's tasks from columns of a node table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from weft.data.cells import cell_texts, normal, read_cells
from weft.data.graph_build import Column
from weft.data.graph_problems import Problems
from weft.data.graph_table_files import TableFiles
from weft.data.graph_toml import NodeSpec, TaskSpec
from weft.errors import UserError
from weft.tasks import Kind, Task


def read_task(files: TableFiles, name: str, about: TaskSpec, nodes: NodeSpec, problems: Problems) -> Iterator[Column]:
    """Return the labels of a task, or of each column of a multi-label task; an empty cell is no label.

    Raises:
        UserError: as `TableFiles.columns`, or for a kind that does not fit the keys given.
    """
    where = f"tasks.{name}"
    if about.kind == "multilabel":
        if not about.columns or about.column or about.group:
            mend = 'Write columns = ["...", "..."] and no column.'
            raise UserError("a multilabel task needs columns", where=where, mend=mend)
        for column in about.columns:
            label = column if column.startswith(f"{name}: ") else f"{name}: {column}"
            yield _column(files, nodes.file, column, Task(label, Kind.BINARY, (), about.node, name), problems)
        return
    if about.columns:
        raise UserError(f"a {about.kind} task has one column", where=where, mend="Write column, or kind = multilabel.")
    column = about.column or name
    classes = tuple(about.classes)
    if about.kind == "multiclass" and not classes:
        classes = _classes(files.columns(nodes.file, [column])[column], files.place(nodes.file, column))
    task = Task(name, Kind(about.kind), classes, about.node, about.group or None)
    yield _column(files, nodes.file, column, task, problems)


def _classes(column: pl.Series, where: str) -> tuple[str, ...]:
    """Return the different words of a column, whole numbers by size, without regard to case."""
    words: dict[str, str] = {}
    for word in cell_texts(column).drop_nulls().unique(maintain_order=True):
        words.setdefault(normal(word), word)
    if len(words) < 2:
        mend = "List all classes = [...] in graph.toml."
        raise UserError(f"a multiclass column has {len(words)} classes", where=where, mend=mend)
    numeric = all(word.lstrip("-").isdecimal() for word in words)
    order = sorted(words, key=int) if numeric else sorted(words)
    return tuple(order) if numeric else tuple(words[word] for word in order)


def _column(files: TableFiles, file: str, column: str, task: Task, problems: Problems) -> Column:
    series = files.columns(file, [column])[column]
    cells = read_cells(series, task)
    if cells.bad.size:
        expected = f"one of {', '.join(task.classes[:8])}" if task.classes else "a number"
        what = f"{str(series[int(cells.bad[0])])!r} is no label of {task.name!r}"
        problems.tell(what, files.place(file, column), f"Write {expected}, or nothing where it is unknown.", cells.bad)
    rows = np.flatnonzero(cells.observed)
    return Column(task, rows, cells.value[rows])
