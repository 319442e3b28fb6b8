"""`weft datasets`: public data sets by name."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from weft.cli.arguments import Json, Quiet
from weft.cli.console import say, say_json
from weft.cli.progress import progress

app = typer.Typer(help="List public data sets, or get one by name.", no_args_is_help=True)


@app.command("list")
def show(json: Json = False) -> None:
    """List the data sets: what they are, where they come from, and which are on this machine."""
    from weft.data.catalogue import entries, locate

    found = [(entry, locate(entry)) for entry in entries()]
    if json:
        say_json(
            [
                {**dataclasses.asdict(e), "address": e.address, "here": None if path is None else str(path)}
                for e, path in found
            ]
        )
        return
    from weft.cli.tables import show_table

    rows = [[e.name, e.title, e.kind, "yes" if path else "", str(e.n_tasks), str(e.rows)] for e, path in found]
    show_table("Data sets of MoleculeNet", ["name", "what", "kind", "here", "tasks", "rows"], rows, words=4)
    say("Get one with: weft datasets get NAME   (WEFT_DATA first, then the cache, then a download)")


@app.command("get")
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name that 'weft datasets list' shows.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Copy the file there.")] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Print the path of a data set's file, downloaded and checked when it is not on this machine."""
    from weft.data.catalogue import entry, find, version

    with progress(quiet) as report:
        path = find(name, lambda done, total: report("download", done, total or done, name))
    if out is not None:
        path = _copy(path, out)
    if json:
        say_json({"name": entry(name).name, "path": str(path), "version": version(entry(name), path)})
    else:
        say(str(path))


def _copy(path: Path, out: Path) -> Path:
    from weft.files import atomic

    with atomic(out) as temporary:
        temporary.write_bytes(path.read_bytes())
    return out
