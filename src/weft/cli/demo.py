"""`weft demo`: see it work, offline, in about a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weft.cli.arguments import Json, Quiet, Seed, Threads
from weft.cli.console import say, say_json
from weft.cli.progress import progress


def command(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where to write.")] = Path("weft-demo"),
    seed: Seed = 0,
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train on data that ships with weft, offline, and write a report to open.

    One model is asked for the same cells twice: with nothing known of a
    molecule but its structure (standard), and with half of its known labels
    shown (relational).
    """
    from weft.jobs.demo import demo
    from weft.jobs.options import FitOptions, available_threads

    with progress(quiet) as report:
        fitted = demo(out, FitOptions(seed=seed, threads=threads or available_threads()), report)
    if json:
        say_json({"folder": str(fitted.folder), "report": str(out / "report.html"), "metrics": fitted.metrics})
        return
    from weft.cli.tables import show_side_by_side

    show_side_by_side("Test molecules: standard (nothing shown) against relational", fitted.metrics["test"]["0.5"])
    say(f"Open {(out / 'report.html').resolve().as_uri()}")
    say("Next:")
    say(f"  weft predict {fitted.folder} {out / 'demo.csv.gz'} --out predicted.csv")
    say("  weft validate your.csv && weft fit your.csv --out model")
