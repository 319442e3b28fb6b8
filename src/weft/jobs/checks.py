"""Checks of input and output that several jobs make before they begin."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from weft.errors import UserError, nearest
from weft.labels import LabelTable
from weft.tasks import Kind

if TYPE_CHECKING:
    from weft.data.graph_report import GraphReport, GraphTask
    from weft.data.validate import Validation


def check_tasks(labels: LabelTable, file: Path, mend: str | None = None) -> None:
    """Refuse tasks that nothing can be learnt of.

    Args:
        labels: of the usable rows.
        file: for the message.
        mend: how to leave tasks out; by default with the flags of `weft fit`.

    Raises:
        UserError: naming the tasks without a label, or the discrete tasks with one class only.
    """
    empty = [task.name for task, n in zip(labels.tasks, labels.counts(), strict=True) if not n]
    discrete = [task.name for task in labels.tasks if task.kind is not Kind.REGRESSION and task.name not in empty]
    single = [name for name in discrete if (labels.class_counts(name) > 0).sum() < 2]
    for names, what in ((empty, "no label on a usable row"), (single, "labels of one class only")):
        if names:
            flags = " ".join(f"--exclude {shlex.quote(name)}" for name in names[:20])
            raise UserError(
                f"{'this task has' if len(names) == 1 else 'these tasks have'} {what}",
                where=f"{file}, column{'s' if len(names) > 1 else ''} {', '.join(names[:20])}",
                mend=mend or f"Add labels or leave out what cannot be learnt: {flags}",
            )


def refusal(found: Validation) -> str | None:
    """Tell why `weft fit` would refuse a validated file as it stands, or None."""
    flags = [f"--exclude {shlex.quote(task.name)}" for task in found.tasks if task.notes and task.kind != "regression"]
    if found.fit_error or not flags:
        return found.fit_error
    return f"tasks without labels or with one class only; leave them out: {' '.join(flags[:20])}"


def graph_refusal(found: GraphReport) -> str | None:
    """Tell why `weft fit` would refuse a validated graph as it stands, or None."""
    bad = [task for task in found.tasks if not task.labels or (task.classes and _held(task) < 2)]
    if found.fit_error or not bad:
        return found.fit_error
    flags = [f"--exclude {shlex.quote(task.name)}" for task in bad]
    return f"tasks without labels or with one class only; leave them out: {' '.join(flags[:20])}"


def _held(task: GraphTask) -> int:
    """Return how many classes have a label."""
    return sum(any(count.values()) for count in task.classes.values())


def check_there(data: Path) -> None:
    """Refuse a path that is neither a file nor a folder, when its name does not tell which was meant.

    Raises:
        UserError: naming what is there instead.
    """
    if data.suffix or data.exists():
        return
    around = [item.name for item in data.parent.iterdir()] if data.parent.is_dir() else []
    mend = nearest(data.name, around) if around else "Check the path."
    raise UserError("there is no such file or folder", where=str(data), mend=mend)


def check_output(out: Path, file: Path | None, folder: bool = False) -> None:
    """Refuse an output path before any work is done for it.

    Args:
        out: the output.
        file: the input.
        folder: whether it may be a folder of files, too.

    Raises:
        UserError: for an extension that cannot be written, a missing folder, or the input itself.
    """
    from weft.data.tables import WRITABLE

    if folder and (out.is_dir() or not out.suffix):
        if file is not None and file.exists() and file.resolve() in (out.resolve(), *out.resolve().parents):
            mend = "Choose another --out."
            raise UserError("the output would be in the folder of the input", where=str(out), mend=mend)
        return
    name = out.name.lower().removesuffix(".gz")
    if not name.endswith(WRITABLE):
        mend = f"Use {', '.join(WRITABLE)} or one of these with .gz."
        raise UserError(
            f"cannot write a table as {out.name[len(Path(name).stem) :] or 'a file without extension'}",
            where=str(out),
            mend=mend,
        )
    if out.is_dir():
        raise UserError("this is a folder", where=str(out), mend="Name a file in it.")
    if file is not None and out.exists() and file.exists() and out.samefile(file):
        raise UserError("the output would replace the input", where=str(out), mend="Choose another --out.")
