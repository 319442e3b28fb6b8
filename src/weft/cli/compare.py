"""`weft compare`: did sharing help?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weft.cli.arguments import (
    Balance,
    BatchSize,
    Device,
    Exchange,
    Exclude,
    Fanout,
    Json,
    KnownLabels,
    Quiet,
    Seed,
    Threads,
    names,
)
from weft.cli.console import note, say, say_json
from weft.cli.progress import progress, resumable
from weft.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weft.jobs.compare import Compared


def command(
    data: Annotated[Path, typer.Argument(metavar="GRAPH", help="The folder of a graph with labelled nodes.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write.")],
    exchange: Exchange = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each model.")] = 3,
    seed: Seed = 0,
    preset: Annotated[str | None, typer.Option(help="default or inline-paper.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Most epochs of every training (default: the preset's).")] = None,
    members: Annotated[int | None, typer.Option(help="Networks averaged in each (default: the preset's).")] = None,
    balance: Balance = None,
    labels: KnownLabels = None,
    batch_size: BatchSize = None,
    fanout: Fanout = None,
    split: Annotated[
        str | None,
        typer.Option(help="The graph's own (default), random, the name of a further one, or file:PATH."),
    ] = None,
    tasks: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="The tasks to compare on (default: all).")
    ] = None,
    exclude: Exclude = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted comparison in DIR.")] = False,
    device: Device = "auto",
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Tell for every task of a graph whether sharing helped or hurt it, and how sure that is.

    A model alone per task, a shared model and one that exchanges are trained with the same options and seeds.

    DIR holds compare.json and report.html, with the differences and their confidence intervals.
    """
    from weft.jobs.compare import compare
    from weft.jobs.options import FitOptions, available_threads

    options = FitOptions(
        exchange=exchange, preset=preset, epochs=epochs, members=members, balance=balance, split=split, seed=seed,
        known_labels=labels, batch_size=batch_size, fanout=fanout, tasks=names(tasks),
        exclude=names(exclude), threads=threads or available_threads(), device=device,
    )  # fmt: skip
    with resumable(out), progress(quiet) as report:
        compared = compare(data, out, options, seeds, resume, report)
    if json:
        say_json(compared.content)
    else:
        _show(compared)


def _show(compared: Compared) -> None:
    from weft.cli.tables import show_table

    found = compared.content
    if compared.again:
        note("this comparison was finished before: nothing was done again")
    if len(found["seeds"]) == 1:
        note("one seed says nothing of how much training varies: decide with --seeds 3 or more")
    header = ["task", "model", "metric", "alone", "sharing", "difference", f"{found['level']:.0%} interval"]
    title = f"Test nodes, mean over {many(len(found['seeds']), 'seed')}"
    show_table(title, header, [_row(row) for row in found["differences"]], words=3)
    for line in found["words"]:
        say(line)
    say(f"Report: {compared.folder / 'report.html'}")


def _row(row: Mapping[str, Any]) -> list[str]:
    numbers = [_number(row[key]) for key in ("single", "other")]
    signed = [_number(row[key], "+") for key in ("difference", "low", "high")]
    return [row["family"], row["model"], row["metric"], *numbers, signed[0], f"{signed[1]} to {signed[2]}"]


def _number(value: float | None, sign: str = "") -> str:
    return "undefined" if value is None else f"{value:{sign}.3f}"
