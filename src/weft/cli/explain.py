"""`weft explain`: why a model says what it says, what if, and what to measure next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weft.cli.arguments import Graph, Json, Model, NodeType, Quiet, Rows, Seed, Smiles, Threads, names
from weft.cli.console import note, say, say_json
from weft.cli.progress import progress
from weft.errors import UserError
from weft.words import many

_LABELS, _MODEL = "Questions about known labels", "Questions about the model"


def command(
    model: Model,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write.")],
    file: Rows = None,
    row: Annotated[
        list[int] | None, typer.Option(metavar="N", help="A row to explain (default: all of a small table).")
    ] = None,
    id: Annotated[
        list[str] | None, typer.Option("--id", metavar="CELL", help="A SMILES, a node, or another cell of a row.")
    ] = None,
    tasks: Annotated[list[str] | None, typer.Option(metavar="A,B", help="Tell of these tasks only.")] = None,
    method: Annotated[
        str, typer.Option(rich_help_panel=_LABELS, help="Of the attributions: auto, shapley or leave-one-out.")
    ] = "auto",
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TASK=VALUE", rich_help_panel=_LABELS, help="Answers if this label were known; TASK= forgets it."
        ),
    ] = None,
    measure_next: Annotated[
        bool, typer.Option("--measure-next", rich_help_panel=_LABELS, help="Rank the tasks not measured yet.")
    ] = False,
    targets: Annotated[
        list[str] | None, typer.Option(metavar="A,B", rich_help_panel=_LABELS, help="The tasks one wants to know.")
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", rich_help_panel=_LABELS, help="Plan so many measurements over all rows."),
    ] = None,
    task_map: Annotated[
        bool, typer.Option("--task-map", rich_help_panel=_MODEL, help="Which task's label moves which other's answer.")
    ] = False,
    atoms: Annotated[
        bool, typer.Option("--atoms", rich_help_panel=_MODEL, help="What each atom contributes, drawn.")
    ] = False,
    support: Annotated[
        bool, typer.Option("--support", rich_help_panel=_MODEL, help="What each support label of --tasks does.")
    ] = False,
    support_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", rich_help_panel=_MODEL, help="The table of the support, where it was moved."),
    ] = None,
    gates: Annotated[
        bool, typer.Option("--gates", rich_help_panel=_MODEL, help="Of a graph: which task takes what from which.")
    ] = False,
    smiles: Smiles = None,
    graph: Graph = None,
    node_type: NodeType = None,
    seed: Seed = 0,
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Explain a model's answers about rows of a table: what known labels do.

    DIR gets explain.json, the page explain.html and drawings.

    What is said of a task never rests on that task's own label.
    """
    from weft.jobs.explain import ExplainOptions, explain
    from weft.jobs.options import available_threads

    asked = dict(_change(word) for word in what_if or ())
    options = ExplainOptions(
        tuple(row or ()), tuple(id or ()), names(tasks), method, asked, measure_next, names(targets), budget,
        task_map, atoms, support or support_file is not None, support_file, gates, smiles, graph, node_type, seed,
        threads or available_threads(),
    )  # fmt: skip
    with progress(quiet) as report:
        done = explain(model, file, out, options, report)
    for text in done.notes:
        note(text)
    if json:
        say_json({"out": str(out), "files": list(done.files), "notes": list(done.notes), **done.found})
    else:
        say(f"{out}: {many(len(done.found['rows']), 'row')} explained, {many(len(done.files), 'file')}")
        say(f"Open {(out / 'explain.html').resolve().as_uri()}")


def _change(word: str) -> tuple[str, str]:
    """Read `TASK=VALUE`; the last sign of equality counts, as a task may hold others."""
    task, equals, value = word.rpartition("=")
    if not equals or not task:
        raise UserError(f"{word!r} is not of the form TASK=VALUE", where="--what-if", mend="Write --what-if tox=1.")
    return task, value
