"""`weft add-task`: a new task for a fitted model, without training again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weft.cli.arguments import File, Json, Kinds, Model, Quiet, Smiles, Threads, names
from weft.cli.console import say, say_json
from weft.cli.progress import progress


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
    """Add tasks to a model from a table of their labels; nothing is trained again."""
    from weft.jobs.add_task import add_task
    from weft.jobs.inputs import check_kinds

    with progress(quiet) as report:
        added = add_task(model, file, names(task), out, smiles, check_kinds(kind or []), threads, report)
    if json:
        told = dict(zip(added.tasks, added.labels, strict=True))
        say_json({"folder": str(added.folder), "added": told, "n_tasks": added.n_tasks})
    else:
        for name, n in zip(added.tasks, added.labels, strict=True):
            say(f"{name}: added from {n} labels")
        say(f"Model: {added.folder} knows {added.n_tasks} tasks")
