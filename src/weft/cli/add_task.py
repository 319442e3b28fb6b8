"""`weft add-task`: a new task for a fitted model, without training again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from weft.cli.arguments import File, Json, Kinds, Model, Quiet, Smiles, Threads, names
from weft.cli.console import say, say_json
from weft.cli.progress import progress
from weft.words import many

#: The metrics of a task that are told, as far as it has them.
FIRST = ("roc_auc", "pr_auc", "accuracy", "r2", "rmse")


def command(
    model: Model,
    file: File,
    task: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            "--tasks",
            metavar="A,B",
            help="The columns to add (default: the task columns the model does not know).",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR2", help="Write the larger model there, leave DIR as is.")
    ] = None,
    smiles: Smiles = None,
    kind: Kinds = None,
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Add tasks, or classes of a few-shot model, from labels; nothing is trained again."""
    from weft.jobs.add_task import add_task
    from weft.jobs.inputs import check_kinds

    with progress(quiet) as report:
        added = add_task(model, file, names(task), out, smiles, check_kinds(kind or []), threads, report)
    if json:
        told = dict(zip(added.tasks, added.labels, strict=True))
        scores = {name: dict(found) for name, found in added.scores.items()}
        say_json({"folder": str(added.folder), "added": told, "n_tasks": added.n_tasks, "scores": scores})
    elif added.classes:
        for name, n in zip(added.tasks, added.labels, strict=True):
            say(f"{name}: {many(n, 'example')}")
        say(f"Model: {added.folder} knows them now")
    else:
        for name, n in zip(added.tasks, added.labels, strict=True):
            say(f"{name}: added from {many(n, 'label')}{_score(added.scores.get(name))}")
        say(f"Model: {added.folder} knows {many(added.n_tasks, 'task')}")


def _score(found: Mapping[str, Any] | None) -> str:
    """Say how good the task was in the rehearsal, if there was one."""
    from weft.training.metrics import metric_text

    if found is None:
        return ""
    told = [f"{metric} {metric_text(metric, found[metric])}" for metric in FIRST if found.get(metric) is not None]
    return f"; rehearsed on {many(found['n'], 'label')} of molecules not seen before: {', '.join(told)}" if told else ""
