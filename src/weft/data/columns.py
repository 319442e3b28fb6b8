"""Which column holds the SMILES and which are tasks: guessed, shown, and overridable."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from weft.data.guess import guess_smiles, guess_task, make_task
from weft.data.tables import Table
from weft.errors import UserError, nearest
from weft.tasks import Kind, TaskSet


@dataclass(frozen=True)
class ColumnPlan:
    """What each column of a table is.

    Attributes:
        smiles: the SMILES column; of other data, the column of their file names or texts.
        tasks: the task columns, in the table's order (in the order asked for, when asked for).
        other: the columns that are neither: ids, names, notes.
        subject: what the data are, in a word.
    """

    smiles: str
    tasks: TaskSet
    other: tuple[str, ...]
    subject: str = "SMILES"

    def describe(self, most: int = 8) -> list[str]:
        """Return lines for a person: the SMILES column, the tasks by kind, and the columns left alone.

        Args:
            most: how many names to spell out on a line.
        """
        lines = [f"{self.subject}: {self.smiles}"]
        for kind in Kind:
            names = [task.name for task in self.tasks if task.kind is kind]
            if names:
                lines.append(f"{len(names)} {kind} task{'s' * (len(names) > 1)}: {_some(names, most)}")
        if not len(self.tasks):
            lines.append("no task columns")
        if self.other:
            lines.append(f"left alone: {_some(self.other, most)}")
        return lines


def _some(names: Sequence[str], most: int) -> str:
    more = f", ... and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def plan_columns(
    table: Table | pl.DataFrame,
    smiles: str | None = None,
    tasks: Sequence[str] | None = None,
    kinds: Mapping[str, Kind | str] | None = None,
    exclude: Collection[str] = (),
) -> ColumnPlan:
    """Decide what each column is; whatever is given is taken, the rest is guessed.

    A column of 0, 1 and blanks (or of words such as active and inactive) is a binary task, other numbers
    are a regression task, text of 3 to 20 values that repeat is a multiclass task; ids, names, further
    SMILES and constant text are left alone. A column with no value at all counts as a binary task, so that
    it is reported and not lost. Few whole numbers are classes only when `kinds` says so.

    Args:
        table: the rows to look at; a `Table` lets messages name the file.
        smiles: the SMILES column.
        tasks: the task columns: all others are left alone.
        kinds: task name -> kind.
        exclude: columns that are no tasks, such as a split.

    Raises:
        UserError: for a name that is not a column, an unknown kind, a name given two roles, or when no
            column looks like SMILES.
    """
    frame, place = _frame(table)
    _check_known([*([] if smiles is None else [smiles]), *(tasks or ()), *(kinds or ()), *exclude], frame, place)
    found = smiles if smiles is not None else guess_smiles(frame)
    if found is None:
        mend = f"Name it with --smiles. {nearest('smiles', frame.columns)}"
        raise UserError("no column looks like SMILES", where=place, mend=mend)
    if found in (tasks or ()) or found in (kinds or {}):
        raise UserError(f"column {found!r} is both the SMILES and a task", where=place, mend="Name another column.")
    chosen = plan_tasks(table, [found], tasks, kinds, exclude)
    used = {found, *chosen.names}
    return ColumnPlan(found, chosen, tuple(name for name in frame.columns if name not in used))


def plan_tasks(
    table: Table | pl.DataFrame,
    subject: Collection[str],
    tasks: Sequence[str] | None = None,
    kinds: Mapping[str, Kind | str] | None = None,
    exclude: Collection[str] = (),
) -> TaskSet:
    """Decide which columns are tasks, and of what kind; see `plan_columns`.

    Args:
        table: the rows to look at.
        subject: columns that say what a row is about: they are no tasks.
        tasks: the task columns.
        kinds: task name -> kind.
        exclude: columns that are no tasks.

    Raises:
        UserError: for a name that is not a column, an unknown kind, or a name given two roles.
    """
    frame, place = _frame(table)
    wanted = {name: _kind(name, kind) for name, kind in (kinds or {}).items()}
    _check_known([*(tasks or ()), *wanted, *exclude], frame, place)
    twice = next((name for name in tasks or () if name in exclude or name in subject), None)
    if twice is not None:
        raise UserError(f"column {twice!r} is both a task and left out", where=place, mend="Name it once.")
    names = [name for name in frame.columns if name not in exclude] if tasks is None else tasks
    forced = set(wanted) if tasks is None else set(tasks)
    if not forced.issuperset(wanted):
        extra = next(name for name in wanted if name not in forced)
        raise UserError(f"column {extra!r} has a kind but is not among the tasks", where=place, mend="Name it too.")
    looked = [
        make_task(frame[name], wanted.get(name)) if name in forced else guess_task(frame[name])
        for name in names
        if name not in subject
    ]
    return TaskSet(tuple(task for task in looked if task is not None))


def _frame(table: Table | pl.DataFrame) -> tuple[pl.DataFrame, str | None]:
    return (table.frame, str(table.path)) if isinstance(table, Table) else (table, None)


def _kind(name: str, kind: Kind | str) -> Kind:
    try:
        return Kind(str(kind))
    except ValueError:
        mend = nearest(str(kind), [str(known) for known in Kind])
        raise UserError(f"there is no kind of task {str(kind)!r}", where=f"task {name}", mend=mend) from None


def _check_known(names: Collection[str], frame: pl.DataFrame, place: str | None) -> None:
    for name in names:
        if name not in frame.columns:
            raise UserError(f"there is no column {name!r}", where=place, mend=nearest(name, frame.columns))
