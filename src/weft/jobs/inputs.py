"""From a file to molecules and labels: what every job reads first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.errors import UserError, nearest
from weft.files import read_json
from weft.files import sha256 as sha256
from weft.labels import LabelTable
from weft.tasks import Kind, TaskSet
from weft.words import many

if TYPE_CHECKING:
    from weft.data.columns import ColumnPlan
    from weft.data.molecules import Molecules
    from weft.data.tables import Table
    from weft.training.run import Report


@dataclass(frozen=True)
class Input:
    """A file read: its table, what its columns are, molecules and labels of every row.

    Attributes:
        table: the file's rows as they stand there.
        smiles: the SMILES column.
        data: one molecule per row, bad ones included.
        labels: the known labels of the rows.
        plan: how the columns were understood; None when a model's tasks were looked for instead.
    """

    table: Table
    smiles: str
    data: Molecules
    labels: LabelTable
    plan: ColumnPlan | None = None

    @property
    def status(self) -> list[str]:
        """`ok` or the reason why a row cannot be used; what broke in the file goes before chemistry."""
        told = list(self.data.status)
        for number, reason in self.table.problems.items():
            told[number - self.table.first] = reason
        return told


def read_for_fit(
    file: Path,
    report: Report,
    smiles: str | None = None,
    tasks: Sequence[str] | None = None,
    kinds: Mapping[str, str] | None = None,
    exclude: Sequence[str] = (),
    threads: int = 2,
) -> Input:
    """Read a table whose task columns are to be found.

    Args:
        file: CSV, TSV, Parquet or SDF, each also `.gz`.
        report: told of progress.
        smiles: the SMILES column; guessed by default.
        tasks: the task columns; guessed by default.
        kinds: kinds of tasks that are not as guessed.
        exclude: columns that are no tasks.
        threads: processes that featurise.

    Raises:
        UserError: for anything in the file or the column names that cannot be used.
    """
    from weft.data.columns import plan_columns
    from weft.data.reading import read_labels
    from weft.data.tables import read_table

    report("read", 0, 1, file.name)
    table = read_table(file)
    plan = plan_columns(table, smiles=smiles, tasks=tasks or None, kinds=kinds, exclude=exclude)
    labels = read_labels(table, plan)
    report("read", 1, 1, f"{many(len(table), 'row')}, {many(len(plan.tasks), 'task')}")
    return Input(table, plan.smiles, _molecules(table, plan.smiles, report, threads), labels, plan)


def read_for_model(
    file: Path, tasks: TaskSet, report: Report, smiles: str | None = None, usual: str | None = None, threads: int = 2
) -> Input:
    """Read a table for a fitted model: the columns named like its tasks are known labels.

    Args:
        file: the table.
        tasks: the model's tasks.
        report: told of progress.
        smiles: the SMILES column.
        usual: the SMILES column of the training table, taken when it is there and `smiles` is not given.
        threads: processes that featurise.
    """
    from weft.data.columns import plan_columns
    from weft.data.reading import read_known
    from weft.data.tables import read_table

    report("read", 0, 1, file.name)
    table = read_table(file)
    if smiles is None and usual in table.frame.columns:
        smiles = usual
    column = plan_columns(table, smiles=smiles, tasks=[]).smiles
    labels = read_known(table, tasks)
    report("read", 1, 1, f"{many(len(table), 'row')}, {many(len(labels), 'known label')}")
    return Input(table, column, _molecules(table, column, report, threads), labels)


def _molecules(table: Table, column: str, report: Report, threads: int) -> Molecules:
    import polars as pl

    from weft.data.molecules import Molecules

    report("molecules", 0, 1, "")
    data = Molecules.from_smiles(table.frame[column].cast(pl.String).to_list(), workers=threads)
    bad = len(table) - int(data.ok.sum())
    report(
        "molecules", 1, 1, f"{bad} of {many(len(table), 'row')} cannot be used" if bad else many(len(table), "molecule")
    )
    return data


def usual_smiles(folder: Path) -> str | None:
    """Return the SMILES column a model was fitted with, if its run card tells."""
    card = folder / "run.json"
    found: Any = read_json(card).get("data") if card.is_file() else None
    return str(found["smiles"]) if isinstance(found, dict) and "smiles" in found else None


def check_kinds(kinds: Sequence[str]) -> dict[str, str]:
    """Read `TASK=KIND` words.

    Raises:
        UserError: for a word of another form, or an unknown kind.
    """
    found: dict[str, str] = {}
    for word in kinds:
        task, equals, kind = word.rpartition("=")
        if not equals or not task:
            raise UserError(f"{word!r} is not of the form TASK=KIND", where="--kind", mend="Write --kind tox=binary.")
        if kind not in list(Kind):
            raise UserError(f"{kind!r} is no kind of task", where=f"--kind {word}", mend=nearest(kind, list(Kind)))
        found[task] = kind
    return found
