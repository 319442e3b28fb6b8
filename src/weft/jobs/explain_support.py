"""Support labels of a row's answers: the tables that a model's task nodes were made from, found by its run card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.data.splits import Split
from weft.errors import UserError
from weft.explain.support import Support, support_attributions
from weft.files import read_json
from weft.jobs.folder import CARD
from weft.jobs.known_rows import read_rows
from weft.jobs.options import available_threads
from weft.labels import Shown
from weft.predictor import Predictor
from weft.training.run import Report

if TYPE_CHECKING:
    from weft.jobs.known_rows import Rows


def support_of(
    model: Predictor,
    folder: Path,
    read: Rows,
    at: int,
    tasks: Sequence[str],
    file: Path | None,
    report: Report,
) -> list[dict[str, Any]]:
    """Return what each support label of every named task moves, JSON-ready.

    Args:
        model: the model in `folder`.
        folder: whose run card tells which table and split a task was learnt from.
        read: the rows asked about.
        at: which of them.
        tasks: the tasks asked about.
        file: the table of their support; None takes the one of the run card.
        report: told of progress.

    Raises:
        UserError: when no task is named, the table is not found, or the model has no support.
    """
    if not tasks:
        raise UserError("support labels are told of one task at a time", where="--support", mend="Add --tasks TASK.")
    found: list[dict[str, Any]] = []
    for task in tasks:
        support = _support(model, folder, task, file, report)
        told = support_attributions(model, support, read.data, at, task, Shown(read.labels), report=report)
        found.append({**told.to_json(), "row": read.table.number(at)})
    return found


def _support(model: Predictor, folder: Path, task: str, file: Path | None, report: Report) -> Support:
    card: dict[str, Any] = read_json(folder / CARD)
    later: list[Mapping[str, Any]] = card.get("added_tasks") or []
    added = next((note for note in later if task in note["tasks"]), None)
    names = [name for note in later for name in note["tasks"]]
    own = added["tasks"] if added is not None else [name for name in model.tasks.names if name not in names]
    path = file or Path(str((added or card["data"])["file"]))
    if not path.exists():
        mend = "Say where it is with --support-file."
        raise UserError(f"the table that {task!r} was learnt from is not at {path}", where=str(folder), mend=mend)
    table = read_rows(folder, path, model, report, None, available_threads(), model.tasks.select(own))
    labels = table.labels.where(table.data.ok[table.labels.row])
    if added is not None:
        return Support(table.data, labels)
    seed = int(card["options"]["--seed"]["value"])
    return Support(table.data, labels, Split.load(folder / "split.parquet").train, seed)
