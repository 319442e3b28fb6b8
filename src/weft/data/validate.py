"""What is in a table and what is wrong with it, before anything is trained: nothing is changed or dropped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from weft.data.cells import Cells, read_cells
from weft.data.columns import ColumnPlan, plan_columns
from weft.data.reading import bad_cell
from weft.data.summary import TaskSummary, summarise
from weft.data.summary import conflicts as find_conflicts
from weft.data.tables import Table, read_table
from weft.labels import Ints
from weft.tasks import Kind


@dataclass(frozen=True)
class BadRow:
    """A row whose molecule cannot be used: its row number, the start of its text and the reason."""

    row: int
    smiles: str
    reason: str


@dataclass(frozen=True)
class BadCell:
    """A cell that is neither a label of its task nor missing."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class Validation:
    """What `weft validate` tells of a file; row numbers count rows of data from 1.

    Attributes:
        path: the file.
        rows: number of rows.
        molecules: number of distinct molecules among the rows that can be used.
        smiles: the SMILES column.
        other: columns that are neither SMILES nor task.
        tasks: a summary per task.
        bad_rows: rows whose molecule cannot be used.
        bad_cells: cells that are no labels.
        duplicates: row numbers of each molecule that stands more than once (same canonical SMILES).
        conflicts: row numbers and task of each molecule whose labels contradict each other.
        thing: what a row is about: a molecule, an image, ...
        layout: how the files of other data are laid out, in words.
        converted: what had to be converted -> in how many rows.
        notes: what else is to be known.
    """

    path: str
    rows: int
    molecules: int
    smiles: str
    other: tuple[str, ...]
    tasks: tuple[TaskSummary, ...]
    bad_rows: tuple[BadRow, ...]
    bad_cells: tuple[BadCell, ...]
    duplicates: tuple[tuple[int, ...], ...]
    conflicts: tuple[tuple[str, tuple[int, ...]], ...]
    thing: str = "molecule"
    layout: str = ""
    converted: Mapping[str, int] = field(default_factory=dict[str, int])
    notes: tuple[str, ...] = ()

    @property
    def fit_error(self) -> str | None:
        """Why `weft fit` would refuse the file, or None: bad cells, or nothing to learn."""
        if self.bad_cells:
            cell = self.bad_cells[0]
            return f"row {cell.row}, column {cell.column}: {cell.reason}"
        if not self.tasks:
            return "there is no task column"
        if not any(task.labels for task in self.tasks):
            return "no label is known in any task"
        return None if len(self.bad_rows) < self.rows else f"no {self.thing} can be used"

    def to_json(self) -> dict[str, object]:
        """Return everything as JSON-ready values."""
        told: dict[str, object] = asdict(self)
        told["fit_error"] = self.fit_error
        return told


def validate(
    path: Path | str,
    smiles: str | None = None,
    tasks: Sequence[str] | None = None,
    kinds: Mapping[str, Kind | str] | None = None,
    exclude: Collection[str] = (),
    workers: int = 2,
) -> Validation:
    """Look at a table as `weft fit` would read it and tell everything that is wrong with it at once.

    Args:
        path: the file.
        smiles: the SMILES column; guessed by default, as are tasks and kinds (see `plan_columns`).
        tasks: the task columns.
        kinds: task name -> kind.
        exclude: columns that are no tasks.
        workers: processes that read molecules.

    Raises:
        UserError: when the file cannot be read at all, or has no SMILES column.
    """
    table = read_table(path)
    plan = plan_columns(table, smiles, tasks, kinds, exclude)
    return look_at(table, plan, *_molecules(table, plan.smiles, workers))


def look_at(table: Table, plan: ColumnPlan, keys: Sequence[str], bad_rows: tuple[BadRow, ...]) -> Validation:
    """Tell everything of a table whose columns are understood.

    Args:
        table: the rows.
        plan: what its columns are.
        keys: what each row is known by, '' when it cannot be used, `[N]`.
        bad_rows: those that cannot be used.
    """
    groups = _duplicates(keys)
    cells = [read_cells(table.frame[task.name], task) for task in plan.tasks]
    clashes = [find_conflicts(task, read, groups) for task, read in zip(plan.tasks, cells, strict=True)]
    return Validation(
        path=str(table.path),
        rows=len(table),
        molecules=len(set(keys) - {""}),
        smiles=plan.smiles,
        other=plan.other,
        tasks=tuple(summarise(*item) for item in zip(plan.tasks, cells, clashes, strict=True)),
        bad_rows=bad_rows,
        bad_cells=_bad_cells(table, plan, cells),
        duplicates=tuple(_numbers(table, group) for group in groups),
        conflicts=tuple(
            (task.name, _numbers(table, group))
            for task, found in zip(plan.tasks, clashes, strict=True)
            for group in found
        ),
    )


def _molecules(table: Table, smiles: str, workers: int) -> tuple[list[str], tuple[BadRow, ...]]:
    """Return the canonical SMILES of each row ('' when bad) and the bad rows."""
    from weft.data.featurize import featurise

    texts: list[str | None] = [None if text is None else str(text) for text in table.frame[smiles]]
    _, status, keys = featurise(texts, workers)
    bad = [
        BadRow(table.number(at), _short(texts[at] or ""), table.problems.get(table.number(at), reason))
        for at, reason in enumerate(status)
        if reason != "ok"
    ]
    return keys, tuple(bad)


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "..."


def _duplicates(keys: Sequence[str]) -> list[Ints]:
    """Return the row indices of each molecule that stands more than once, in order of first appearance."""
    places: dict[str, list[int]] = {}
    for at, key in enumerate(keys):
        if key:
            places.setdefault(key, []).append(at)
    return [np.array(found, np.int64) for found in places.values() if len(found) > 1]


def _bad_cells(table: Table, plan: ColumnPlan, cells: Sequence[Cells]) -> tuple[BadCell, ...]:
    return tuple(
        BadCell(table.number(int(at)), task.name, bad_cell(str(table.frame[task.name][int(at)]), task))
        for task, read in zip(plan.tasks, cells, strict=True)
        for at in read.bad
    )


def _numbers(table: Table, rows: Ints) -> tuple[int, ...]:
    return tuple(table.number(int(at)) for at in rows)
