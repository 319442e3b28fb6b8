"""`weft demo`: see it work, offline, in about a minute."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weft.cli.arguments import Json, Quiet, Seed, Threads
from weft.cli.console import say, say_json
from weft.cli.progress import progress

if TYPE_CHECKING:
    from weft.jobs.fit import Fitted


def command(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where to write.")] = Path("weft-demo"),
    graph: Annotated[bool, typer.Option("--graph", help="Several tasks on one graph, instead of molecules.")] = False,
    seed: Seed = 0,
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train on data that ships with weft, offline, and write a report to open.

    One model is asked for the same cells twice: with nothing known of a
    molecule but its structure (standard), and with half of its known labels
    shown (relational).

    With --graph: customers, their accounts and companies, three tasks on them.
    """
    from weft.jobs.demo import demo
    from weft.jobs.demo_graph import QUICK, demo_graph
    from weft.jobs.options import FitOptions, available_threads

    options = replace(QUICK if graph else FitOptions(), seed=seed, threads=threads or available_threads())
    with progress(quiet) as report:
        fitted = (demo_graph if graph else demo)(out, options, report)
    if json:
        say_json({"folder": str(fitted.folder), "report": str(out / "report.html"), "metrics": fitted.metrics})
        return
    _show(fitted, out, graph)


def _show(fitted: Fitted, out: Path, graph: bool) -> None:
    from weft.cli.tables import show_evaluation, show_side_by_side

    test = fitted.metrics["test"]
    if graph:
        show_evaluation("Test customers", test["0"])
    else:
        show_side_by_side("Test molecules: standard (nothing shown) against relational", test["0.5"])
    say(f"Open {(out / 'report.html').resolve().as_uri()}")
    say("Next:")
    if graph:
        say(f"  weft predict {fitted.folder} --out predicted.csv      # every customer")
        say(f"  weft validate {out / 'graph'}      # the tables to write for a graph of your own")
        return
    say(f"  weft predict {fitted.folder} {out / 'demo.csv.gz'} --out predicted.csv")
    say("  weft validate your.csv && weft fit your.csv --out model")
