"""What `weft predict` and `weft impute` have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from weft.cli.console import note, say, say_json
from weft.cli.progress import progress
from weft.words import many

if TYPE_CHECKING:
    from weft.jobs.predict import Predicted


def run_and_tell(
    job: Callable[..., Predicted],
    model: Path,
    file: Path | None,
    out: Path,
    smiles: str | None,
    ignore_known: bool,
    prefix: str,
    threads: int | None,
    graph: Path | None,
    node_type: str | None,
    quiet: bool,
    json: bool,
    coverage: float | None = None,
    device: str = "auto",
    devices: int = 1,
    resume: bool = False,
    engine: str = "local",
    jobs: int | None = None,
) -> None:
    """Run a predicting job and tell what was written."""
    from weft.jobs.launch import several
    from weft.jobs.options import available_threads
    from weft.jobs.predict import PredictOptions

    options = PredictOptions(
        smiles, ignore_known, prefix, threads or available_threads(), graph, node_type, coverage, device, resume,
        engine, jobs or 0,
    )  # fmt: skip
    try:
        with several(devices), progress(quiet) as report:
            done = job(model, file, out, options, report)
    except KeyboardInterrupt:
        note("stopped. What was done of a big table is kept: continue with the same command and --resume.")
        raise
    for text in done.notes:
        note(text)
    if done.first_bad is not None:
        row, reason = done.first_bad
        place = "" if done.first_bad_file is None else f" of {done.first_bad_file}"
        note(f"{done.bad} of {many(done.rows, 'row')} could not be predicted; the first is row {row}{place}: {reason}")
    if done.known and not done.used and not ignore_known:
        note("this model does not use known labels: they were left aside")
    if json:
        told = {"out": str(done.out), "rows": done.rows, "bad_rows": done.bad}
        told |= {"sets": done.covered} if done.covered is not None else {}
        say_json({**told, "known_labels": done.known, "known_labels_used": done.used})
    else:
        used = f", {many(done.known, 'known label')} used" if done.used else ""
        say(f"{done.out}: {many(done.rows, 'row')}{used}")
