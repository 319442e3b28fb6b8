"""`weft benchmark`: suites of models on the same data, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weft.cli.arguments import Device, Engine, Json, Quiet, Threads, names
from weft.cli.console import note, say, say_json
from weft.cli.progress import progress
from weft.errors import UserError

if TYPE_CHECKING:
    from weft.benchmark.runner import Finished, RunOptions
    from weft.benchmark.suite import AnySuite

_SHOW = "Options of show"


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[show] [SUITE]",
            help="A suite to run, or to show: printed and drawn; without one, all are listed.",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The folder of the results, one JSON line per training.")
    ] = Path("weft-benchmark"),
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Seeds 0, 1, ... per row; of molecules also the scaffold splits.")
    ] = None,
    splits: Annotated[
        str | None, typer.Option(metavar="0-2,5", help="Which seeds, or splits, instead of the first ones.")
    ] = None,
    rows: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Rows, or groups of rows such as 'paper' (default: all).")
    ] = None,
    data: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Data sets of a suite that has several (default: all here).")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=0, help="Trainings at a time, each in a process of its own; 0: in this one.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue interrupted trainings; finished ones are never repeated.")
    ] = False,
    shelf: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Models share stages learnt from equal inputs, kept there (default: none)."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Most epochs of every network, for a quick look.")] = None,
    weights: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Pretrained weights for the GROVER rows (default: none).")
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="ROW", rich_help_panel=_SHOW, help="Compare with this row (default: the suite's own)."),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", rich_help_panel=_SHOW, help="Also write the tables as Markdown.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(metavar="DIR", rich_help_panel=_SHOW, help="Where pictures go (default: --out).")
    ] = None,
    engine: Engine = "local",
    device: Device = "auto",
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train every model of a suite with several seeds and print the table.

    What is in DIR already is not trained again. Several processes may share DIR.
    """
    name, show = _asked(words or [])
    if name is None:
        _list(json)
        return
    from weft.benchmark.suite import suite as find

    found = find(name)
    numbers = _numbers(splits) if splits else tuple(range(seeds)) if seeds else None
    if show:
        from weft.cli.benchmark_show import ShowOptions, show_suite

        chosen = ShowOptions(numbers, names(rows), names(data), tuple(against or ()), markdown, pictures or out)
        show_suite(found, out, chosen, json)
        return
    from weft.benchmark.runner import RunOptions

    given = {"epochs": epochs, "encoder_weights": None if weights is None else str(weights)}
    changed = {option: value for option, value in given.items() if value is not None}
    processes = found.processes if jobs is None else jobs
    numbers = numbers or tuple(range(found.rounds))
    options = RunOptions(
        numbers, names(rows), names(data), resume, changed, threads or 1, processes, shelf, device, engine
    )
    _run(found, out, options, quiet, json)


def _asked(words: list[str]) -> tuple[str | None, bool]:
    """Return the suite that is named, and whether it is only to be shown.

    Raises:
        UserError: for more words than that.
    """
    show = words[:1] == ["show"]
    rest = words[show:]
    if len(rest) > 1 or (show and not rest):
        raise UserError("one suite is to be named", mend="Write: weft benchmark SUITE, or weft benchmark show SUITE.")
    return (rest[0] if rest else None), show


def _numbers(text: str) -> tuple[int, ...]:
    """Read numbers and ranges.

    Raises:
        UserError: for anything else.

    Example:
        >>> _numbers("0-2,5")
        (0, 1, 2, 5)
    """
    found: list[int] = []
    for word in text.split(","):
        first, dash, last = word.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise UserError(f"{word!r} is no number or range", where="--splits", mend="Write --splits 0-2,5.")
        found += range(int(first), int(last if dash else first) + 1)
    return tuple(dict.fromkeys(found))


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
    say("Run one with: weft benchmark NAME --out DIR, and see it with: weft benchmark show NAME --out DIR")


def _run(suite: AnySuite[Any], out: Path, options: RunOptions, quiet: bool, json: bool) -> None:
    from weft.benchmark.runner import run_suite
    from weft.cli.benchmark_show import show_finished

    try:
        with progress(quiet) as report:
            finished = run_suite(suite, out, options, report)
    except KeyboardInterrupt:
        note("stopped. Continue with the same command and --resume.")
        raise typer.Exit(130) from None
    show_finished(suite, finished, json)
    for row, data, seed in finished.elsewhere:
        note(f"{row}{f', {data}' if data else ''}, {seed}: another process is at it, so it was left out")
    if finished.absent:
        names = ", ".join(finished.absent)
        note(f"left out, as they are not on this machine: {names}; --data NAME says where one comes from")
    _refuse(finished)


def _refuse(finished: Finished[Any]) -> None:
    """Tell what could not be trained, after everything else was.

    Raises:
        UserError: when there is something.
    """
    if finished.failed:
        told = "\n".join(f"  {row}, {data}, {seed}: {why}" for (row, data, seed), why in finished.failed)
        what = f"{len(finished.failed)} trainings failed:\n{told}\n "
        raise UserError(what, mend="Mend the cause and run the same command again: what is finished stays.")
