"""`weft tune`: settings searched by validation, and a model with the best of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weft.cli.arguments import (
    BatchSize,
    Column,
    Config,
    Data,
    Device,
    Engine,
    Exchange,
    Exclude,
    Fanout,
    Features,
    Jobs,
    Json,
    Kinds,
    Quiet,
    Seed,
    Size,
    Smiles,
    Threads,
    names,
)
from weft.cli.console import note, say, say_json
from weft.cli.progress import progress, resumable
from weft.words import many

if TYPE_CHECKING:
    from weft.jobs.tune import Tuned

_SHOWN = 5


def command(
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write.")],
    trials: Annotated[int, typer.Option(help="Settings to try, the preset's own among them.")] = 20,
    space: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What to search, as JSON (default: by the kind of model).")
    ] = None,
    trial_members: Annotated[
        int, typer.Option(min=0, help="Models averaged in a trial; the last fit has its own number. 0: as the fit.")
    ] = 1,
    fit: Annotated[bool, typer.Option("--fit/--no-fit", help="Fit a model with the best settings at the end.")] = True,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted search in DIR.")] = False,
    engine: Engine = "local",
    jobs: Jobs = 1,
    config: Config = None,
    preset: Annotated[str | None, typer.Option(help="default, metalink-paper or inline-paper.")] = None,
    model: Annotated[str | None, typer.Option(help="metalink, inline or few-shot (default: by the data).")] = None,
    encoder: Annotated[str | None, typer.Option(help="As of weft fit (default: the preset's).")] = None,
    setting: Annotated[str | None, typer.Option(help="standard, relational, meta or relational_meta.")] = None,
    exchange: Exchange = None,
    epochs: Annotated[int | None, typer.Option(help="Most epochs of training (default: the preset's).")] = None,
    members: Annotated[int | None, typer.Option(help="Models averaged at last (default: the preset's).")] = None,
    batch_size: BatchSize = None,
    fanout: Fanout = None,
    split: Annotated[str | None, typer.Option(help="As of weft fit.")] = None,
    seed: Seed = 0,
    smiles: Smiles = None,
    column: Column = None,
    features: Features = None,
    size: Size = None,
    tasks: Annotated[list[str] | None, typer.Option(metavar="A,B", help="The task columns (default: found).")] = None,
    exclude: Exclude = None,
    kind: Kinds = None,
    device: Device = "auto",
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Try settings of a model on validation rows, and fit it with the best ones.

    DIR holds trials.csv, tune.json, best.json (for weft fit --config) and model.

    Trials that lag behind at the same epoch are given up. Test labels are used for nothing but the last fit's scores.
    """
    from weft.jobs.config_file import with_config
    from weft.jobs.inputs import check_kinds
    from weft.jobs.options import FitOptions, available_threads
    from weft.jobs.subjects import told_kinds
    from weft.jobs.tune import TuneOptions, tune
    from weft.tuning.space import read_space

    what, of_tasks = told_kinds(kind or [])
    options = FitOptions(
        model=model, preset=preset, encoder=encoder, setting=setting, exchange=exchange, epochs=epochs,
        members=members, batch_size=batch_size, fanout=fanout, split=split, seed=seed, smiles=smiles, column=column,
        features=names(features), size=size, tasks=names(tasks), exclude=names(exclude), kinds=check_kinds(of_tasks),
        data=what, threads=threads or available_threads(), device=device,
    )  # fmt: skip
    options = with_config(options, config)
    searched = None if space is None else read_space(space)
    search = TuneOptions(trials, trial_members or None, searched, engine, jobs or 0, fit)
    with resumable(out), progress(quiet) as report:
        tuned = tune(data, out, options, search, resume, report)
    if json:
        say_json({"folder": str(out), **tuned.content})
    else:
        _show(tuned)


def _show(tuned: Tuned) -> None:
    from weft.cli.fit import show_fitted
    from weft.cli.tables import show_table

    if tuned.again:
        note("this search was finished before: nothing was done again")
    content = tuned.content
    rows: list[dict[str, Any]] = content["trials"]
    ended = sorted((row for row in rows if row["score"] is not None), key=lambda row: -row["score"])
    count = {state: sum(row["state"] == state for row in rows) for state in ("complete", "pruned", "failed")}
    told = ", ".join(f"{n} {state}" for state, n in count.items() if n)
    body = [[str(row["number"]), f"{row['score']:.4f}", _changed(row, rows[0])] for row in ended[:_SHOWN]]
    title = f"{many(len(rows), 'trial')} ({told}): the best by validation"
    show_table(title, ["trial", "score", "settings"], body, words=3)
    best = content["best"]["score"]
    say(f"Validation: {content['default']:.4f} with the preset's settings, {best:.4f} with the best.")
    say("The best of many trials looks better on the rows that chose it than it is: the test part tells.")
    if tuned.fitted is not None:
        show_fitted(tuned.fitted)
    say(f"Settings: {tuned.folder / 'best.json'} (weft fit --config takes it)\nTrials: {tuned.folder / 'trials.csv'}")


def _changed(row: Mapping[str, Any], default: Mapping[str, Any]) -> str:
    """Tell the settings of a trial that are not the preset's."""
    own: Mapping[str, Any] = default["settings"]
    settings: Mapping[str, Any] = row["settings"]
    told = [f"{n} {_text(v)}" for n, v in settings.items() if v != own[n]]
    return ", ".join(told) or "the preset's own"


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
