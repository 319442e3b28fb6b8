"""`weft report`: one HTML file about a model and its data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weft.cli.arguments import Json, Model, Quiet, Smiles, Threads
from weft.cli.console import note, say, say_json
from weft.cli.progress import progress


def command(
    model: Model,
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA", help="A table of molecules or the folder of a graph (default: the data of the fit)."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The file to write (default: DIR/report.html).")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Train a model for every task alone, to tell whether sharing helped.")
    ] = False,
    compared: Annotated[
        Path | None, typer.Option(metavar="DIR2", help="The folder of a 'weft compare' (default: looked for in DIR).")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the labels shown and the resamples (default: the fit's).")
    ] = None,
    smiles: Smiles = None,
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write one HTML file, to be opened offline, about a model and its data.

    Scores with intervals, what known labels and sharing are worth, calibration,
    failures, task map, data, split and run card.

    Of other DATA than those of the fit, what the model has not seen is scored.
    """
    from weft.jobs.report import ReportOptions, report

    options = ReportOptions(compare, compared, seed, smiles, threads)
    with progress(quiet) as told:
        done = report(model, data, out, options, told)
    for text in done.notes:
        note(text)
    if json:
        found = {"report": str(done.file), "part": done.part, "rows": done.rows, "data_of_fit": done.ours}
        say_json({**found, "notes": list(done.notes)})
    else:
        say(f"Report: {done.file}")
        say(f"Open {done.file.resolve().as_uri()}")
