"""`weft doctor`: what is wrong with an installation, a model folder or data, and what mends it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weft.cli.arguments import Json
from weft.cli.console import out, say, say_json
from weft.words import many

if TYPE_CHECKING:
    from weft.doctor.examine import Examined
    from weft.doctor.finding import Finding

_MARKS = {"fine": ("ok", "green"), "note": ("note", "yellow"), "wrong": ("wrong", "bold red")}


def command(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", help="A model folder, a graph's folder or a table (default: the installation)."),
    ] = None,
    json: Json = False,
) -> None:
    """Tell what is wrong with this installation, a model folder or data, and what mends it.

    Nothing is changed. The exit code is 0 when nothing is wrong, else 2.
    """
    from weft.doctor.examine import examine

    found = examine(path)
    if json:
        say_json(found.to_json())
    else:
        _show(found)
    if not found.well:
        raise typer.Exit(2)


def _show(found: Examined) -> None:
    for finding in found.findings:
        _line(finding)
    bad = sum(finding.level == "wrong" for finding in found.findings)
    notes = sum(finding.level == "note" for finding in found.findings)
    told = f"; {many(notes, 'note')}" if notes else ""
    say(f"{many(bad, 'thing is', 'things are')} wrong{told}" if bad else f"Nothing is wrong{told}")


def _line(finding: Finding) -> None:
    from rich.text import Text

    word, style = _MARKS[finding.level]
    out().print(Text(f"{word:>5}  ", style=style).append(f"{finding.topic}: {finding.what}", style="default not bold"))
    if finding.mend:
        out().print(Text(f"       → {finding.mend}"))
