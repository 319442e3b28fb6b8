"""`weft benchmark`: a suite of models on one data set, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weft.cli.arguments import Json, Quiet, Threads, names
from weft.cli.console import note, say, say_json
from weft.cli.progress import progress

if TYPE_CHECKING:
    from weft.benchmark.runner import Finished


def command(
    suite: Annotated[str | None, typer.Argument(metavar="SUITE", help="Its name; without one, all are listed.")] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The folder of the results, one JSON line per training.")
    ] = Path("weft-benchmark"),
    seeds: Annotated[int, typer.Option(min=1, help="Trainings per row, with seeds 0, 1, ...")] = 3,
    rows: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Rows, or groups of rows such as 'paper' (default: all).")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue interrupted trainings; finished ones are never repeated.")
    ] = False,
    epochs: Annotated[int | None, typer.Option(min=1, help="Most epochs of every network, for a quick look.")] = None,
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train every model of a suite with several seeds and print the table.

    What is in DIR already is not trained again. Several processes may share DIR.
    """
    if suite is None:
        _list(json)
        return
    from weft.benchmark.runner import RunOptions, run_suite
    from weft.benchmark.suite import suite as find

    found = find(suite)
    changed = {} if epochs is None else {"epochs": epochs}
    options = RunOptions(tuple(range(seeds)), names(rows), resume, changed, threads or 1)
    try:
        with progress(quiet) as report:
            finished = run_suite(found, out, options, report)
    except KeyboardInterrupt:
        note("stopped. Continue with the same command and --resume.")
        raise typer.Exit(130) from None
    for row, seed in finished.elsewhere:
        note(f"{row}, seed {seed}: another process is at it, so it was left out")
    _show(found.title, finished, json)


def _list(json: bool) -> None:
    from weft.benchmark.suite import REGISTRY
    from weft.benchmark.suite import suite as find

    found = [find(name) for name in REGISTRY]
    if json:
        say_json([{"name": s.name, "title": s.title, "rows": [row.name for row in s.rows]} for s in found])
        return
    from weft.cli.tables import show_table

    show_table("Suites", ["name", "what", "rows"], [[s.name, s.title, str(len(s.rows))] for s in found], words=2)
    for held in found:
        say(f"{held.name}: {', '.join(row.name for row in held.rows)}")
    say("Run one with: weft benchmark NAME --out DIR")


def _show(title: str, finished: Finished, json: bool) -> None:
    from weft.benchmark.tables import gates_grid, grid
    from weft.cli.tables import show_table

    if json:
        told = [{"row": r.row, "seed": r.seed, "test": r.test, "val": r.val} for r in finished.results]
        say_json({"file": str(finished.path), "trained": finished.trained, "results": told})
        return
    if finished.results:
        for part in grid(finished.results).parts():
            show_table(f"{title}: test nodes, mean ± sd over seeds", part.header, part.rows)
    gates = gates_grid(finished.results)
    if gates.rows:
        show_table("What gates take, beside what was planted", gates.header, gates.rows, words=3)
    say(f"{finished.trained} trained now; results: {finished.path}")
