"""`weft fit`: from a table to a model folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weft.cli.arguments import (
    Balance,
    BatchSize,
    Column,
    Config,
    Data,
    Deterministic,
    Device,
    Devices,
    Exchange,
    Exclude,
    Fanout,
    Features,
    Gates,
    Json,
    Kinds,
    KnownLabels,
    Pattern,
    Quiet,
    Seed,
    Size,
    Smiles,
    Threads,
    names,
)
from weft.cli.console import err, note, say, say_json
from weft.cli.progress import progress, resumable

if TYPE_CHECKING:
    from weft.jobs.fit import Fitted


def command(
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The model folder to write.")],
    preset: Annotated[str | None, typer.Option(help="default, metalink-paper or inline-paper.")] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="metalink (default for a table), mean-of-four, two-stage-lr, two-stage-lightgbm, rf-gaussian, rf, "
            "lightgbm, linear, label-gaussian, label-knn, naive-bayes, molecule-mean, classifier-chains, "
            "binary-relevance, powerset-knn, few-shot or prior; inline (default for a graph)."
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="metalink, dmpnn, mpnn, attentivefp, mgcn, gine, fingerprint, fusion, grover, grover-48m or "
            "grover-100m; of images resnet-small (default), conv4 or resnet12; of texts words; of vectors mlp "
            "(default: the preset's)."
        ),
    ] = None,
    encoder_weights: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Weights that --encoder grover starts from: what 'weft pretrain' wrote, or a released checkpoint.",
        ),
    ] = None,
    setting: Annotated[str | None, typer.Option(help="standard, relational, meta or relational_meta.")] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="Of molecules: scaffold (default), random, column:NAME (of train, val, test). Of a graph: its own "
            "(default), random, or the name of a further one. Of other data: published (default), random, column:NAME. "
            "Of any: file:PATH (a split.parquet)."
        ),
    ] = None,
    seed: Seed = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted fit in DIR.")] = False,
    smiles: Smiles = None,
    column: Column = None,
    features: Features = None,
    size: Size = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="The task columns; may be given several times (default: found)."),
    ] = None,
    exclude: Exclude = None,
    kind: Kinds = None,
    epochs: Annotated[int | None, typer.Option(help="Most epochs of training (default: the preset's).")] = None,
    members: Annotated[int | None, typer.Option(help="Models averaged (default: the preset's).")] = None,
    imbalance: Annotated[str | None, typer.Option(help="Loss of a network: none, balanced or focal.")] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="Of a network's training: 32 (default), bf16 in products, or 64: double in everything."),
    ] = None,
    pattern: Pattern = None,
    config: Config = None,
    exchange: Exchange = None,
    balance: Balance = None,
    labels: KnownLabels = None,
    gates: Gates = None,
    batch_size: BatchSize = None,
    fanout: Fanout = None,
    device: Device = "auto",
    devices: Devices = 1,
    deterministic: Deterministic = False,
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Fit a model to molecules, images, texts, vectors, or a graph with labelled nodes.

    What is found in the data is shown: task columns, or types and relations.

    DIR holds the model, metrics.json, the split, a run card and report.html.

    Test labels are used for nothing but the scores.
    """
    from weft.jobs.config_file import with_config
    from weft.jobs.fit import fit
    from weft.jobs.inputs import check_kinds
    from weft.jobs.launch import several
    from weft.jobs.options import FitOptions, available_threads
    from weft.jobs.subjects import told_kinds

    what, of_tasks = told_kinds(kind or [])
    options = FitOptions(
        model=model, preset=preset, encoder=encoder, encoder_weights=encoder_weights, setting=setting,
        epochs=epochs, split=split, seed=seed,
        smiles=smiles, tasks=names(tasks), exclude=names(exclude), kinds=check_kinds(of_tasks),
        data=what, column=column, features=names(features), size=size,
        members=members, imbalance=imbalance, precision=precision, pattern=pattern, exchange=exchange, balance=balance,
        known_labels=labels, gates=gates, batch_size=batch_size, fanout=fanout,
        threads=threads or available_threads(), device=device, deterministic=deterministic,
    )  # fmt: skip
    options = with_config(options, config)
    with resumable(out), several(devices), progress(quiet) as report:
        fitted = fit(data, out, options, resume, report, lambda lines: None if quiet else _show_plan(lines))
    for text in fitted.notes:
        note(text)
    if json:
        say_json({"folder": str(fitted.folder), "notes": list(fitted.notes), "metrics": fitted.metrics})
    else:
        show_fitted(fitted)


def _show_plan(lines: Sequence[str]) -> None:
    for line in lines:
        err().print(f"  {line}", markup=False)


def show_fitted(fitted: Fitted) -> None:
    """Tell the scores of a fitted model."""
    from weft.cli.tables import show_evaluation, show_ratios, shown_words

    if fitted.again:
        note("this fit was finished before: nothing was done again")
    part = "test" if "test" in fitted.metrics else "val"
    scores = fitted.metrics.get(part, {})
    if scores:
        split = f"{part} part, {fitted.split} split"
        ratio = "0.5" if "0.5" in scores else "0"
        for shown in dict.fromkeys(("0",) if fitted.of_graph else ("0", ratio)):
            show_evaluation(f"{split}, {shown_words(shown)}" if len(scores) > 1 else split, scores[shown])
        if len(scores) > 1:
            show_ratios(f"{split}: means over tasks; both columns ask the same cells", scores)
    say(f"Model: {fitted.folder}\nReport: {fitted.folder / 'report.html'}")
