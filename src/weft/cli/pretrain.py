"""`weft pretrain`: GROVER's weights from molecules without labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from weft.cli.arguments import Deterministic, Device, Json, Quiet, Seed, Smiles, Threads
from weft.cli.console import note, say, say_json
from weft.cli.progress import progress, resumable
from weft.words import many


def command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES...", help="Molecules: .smi files (a SMILES a line), or tables with a SMILES column."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write.")],
    size: Annotated[str, typer.Option(help="grover-tiny, grover-small, grover-48m or grover-100m.")] = "grover-small",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the molecules.")] = 10,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps in all, instead of --epochs.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Molecules per step.")] = 32,
    lr: Annotated[float, typer.Option(help="Highest learning rate.")] = 4e-4,
    validation: Annotated[float, typer.Option(help="Share of the molecules held out; 0 holds none out.")] = 0.1,
    exclude: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Molecules that must not be seen; may be given several times."),
    ] = None,
    min_count: Annotated[int, typer.Option(min=1, help="A context seen less often is no class of its own.")] = 3,
    vocabulary: Annotated[int, typer.Option(min=1, help="Most contexts of atoms, and of bonds.")] = 4000,
    smiles: Smiles = None,
    seed: Seed = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted pretraining in DIR.")] = False,
    device: Device = "auto",
    precision: Annotated[str, typer.Option(help="Of products: 32 or bf16.")] = "32",
    deterministic: Deterministic = False,
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Pretrain the graph transformer GROVER on molecules without labels.

    It learns to tell the surroundings of atoms and bonds, and the functional groups of molecules.

    DIR is for weft fit --encoder grover --encoder-weights DIR.
    """
    from weft.jobs.options import available_threads
    from weft.jobs.pretrain import pretrain
    from weft.jobs.pretrain_options import PretrainOptions

    options = PretrainOptions(
        size=size, epochs=epochs, steps=steps, batch=batch, lr=lr, validation=validation, min_count=min_count,
        vocabulary=vocabulary, smiles=smiles, exclude=tuple(exclude or ()), seed=seed,
        threads=threads or available_threads(), device=device, precision=precision, deterministic=deterministic,
    )  # fmt: skip
    with resumable(out), progress(quiet) as report:
        made = pretrain(files, out, options, resume, report)
    if made.again:
        note("this pretraining was finished before: nothing was done again")
    _tell_rows(made.card["data"])
    if json:
        say_json({"folder": str(made.folder), "data": made.card["data"], "scores": made.card["scores"]})
    else:
        _show(made.card["scores"])
        say(f"Weights: {made.folder}")


def _tell_rows(data: Mapping[str, Any]) -> None:
    if data["bad_rows"]:
        note(f"{data['bad_rows']} of {many(data['rows'], 'row')} cannot be used; the first are:")
        for told in data["first_bad_rows"]:
            note(f"  {told}")
    if data["excluded_rows"]:
        note(f"{many(data['excluded_rows'], 'row is', 'rows are')} of excluded molecules")


def _show(scores: Mapping[str, Any]) -> None:
    before, after, blind = scores["before"], scores["after"], scores["blind"] or {}
    for name, key, digits in (
        ("loss", "held_out_loss", 3),
        ("motif loss", "held_out_motif", 3),
        ("atom contexts told", "held_out_atom_accuracy", 3),
        ("bond contexts told", "held_out_bond_accuracy", 3),
    ):
        if key in after:
            without = blind.get(key.removeprefix("held_out_"))
            told = "" if without is None else f" (without looking {without:.{digits}f})"
            say(f"held out, {name}: {before[key]:.{digits}f} before, {after[key]:.{digits}f} after{told}")
