"""`weft evaluate`: how good a model is on labels it has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weft.cli.arguments import Data, Device, Json, Model, Quiet, Seed, Smiles, Threads
from weft.cli.console import note, say_json
from weft.cli.progress import progress
from weft.words import many

if TYPE_CHECKING:
    from weft.jobs.evaluate import Evaluated


def command(
    model: Model,
    file: Data,
    reveal: Annotated[
        list[float] | None,
        typer.Option(help="Share of each datum's known labels to show; the rest is asked. May be given several times."),
    ] = None,
    masks: Annotated[int, typer.Option(help="Random choices of the labels shown, averaged over.")] = 5,
    seed: Seed = 0,
    seen: Annotated[
        bool, typer.Option("--seen", help="Score data the model was fitted on, too: the scores then flatter.")
    ] = False,
    smiles: Smiles = None,
    part: Annotated[str | None, typer.Option(metavar="PART", help="Of a graph's split: test (default) or val.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the result as JSON.")] = None,
    device: Device = "auto",
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Score a model on the labels of a table, or of a graph, per task.

    What is of its training and validation parts is left out.

    With --reveal, the same cells are asked twice: nothing shown, labels shown.
    """
    from weft.jobs.evaluate import evaluate

    with progress(quiet) as report:
        found = evaluate(model, file, reveal or [0.0], masks, seed, seen, smiles, part, out, threads, report, device)
    _notes(found, wants_labels=any(reveal or []))
    if part == "val":
        note("validation nodes chose the model: the scores flatter")
    if json:
        say_json(found.to_json())
    else:
        _show(found)


def _notes(found: Evaluated, *, wants_labels: bool) -> None:
    if found.bad:
        note(f"{found.bad} of {many(found.rows, 'row')} cannot be used")
    if found.seen and not found.seen_scored:
        note(f"{_rows(found)} the model was fitted or chosen on: left out")
    if found.support_labels:
        note(
            f"{many(found.support_labels, 'label is one', 'labels are those')} an added task was learnt from: left out"
        )
    if found.seen and found.seen_scored:
        note(f"{_rows(found)} the model was fitted or chosen on: the scores flatter")
    if wants_labels and found.uses_labels and found.reads_pattern:
        note("this model reads which labels are known, besides what they say")
    if wants_labels and not found.uses_labels:
        note("this model does not use known labels: scored with nothing shown")


def _rows(found: Evaluated) -> str:
    if found.things == "nodes":
        return many(found.seen, "node is one", "nodes are those")
    return many(found.seen, "row is a molecule", f"rows are {found.things}")


def _show(found: Evaluated) -> None:
    from weft.cli.tables import show_calibration, show_evaluation, show_ratios, shown_words

    scores = found.assessment.to_json()
    for ratio, evaluation in scores.items():
        rows = many(found.assessment.n_rows, "node" if found.things == "nodes" else "row")
        alone = found.things == "nodes" and len(scores) == 1 and not float(ratio)
        title = rows if alone else f"{rows}, {shown_words(ratio)}"
        show_evaluation(title, evaluation)
        show_calibration(title, evaluation)
    if any(float(ratio) > 0 for ratio in scores):
        show_ratios("means over tasks; both columns ask the same cells", scores)
