"""`weft datasets`: public data sets by name."""

from __future__ import annotations

import dataclasses
import shutil
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
    from weft.data.graph_catalogue import GRAPHS, locate_graph
    from weft.data.subject_catalogue import SUBJECTS, locate_subject

    graphs = [(entry, locate_graph(entry)) for entry in GRAPHS]
    found = [(entry, locate(entry)) for entry in entries()]
    others = [(entry, locate_subject(entry)) for entry in SUBJECTS]
    if json:
        say_json(
            [
                {**dataclasses.asdict(e), "address": e.address, "here": None if path is None else str(path)}
                for e, path in found
            ]
            + [{**dataclasses.asdict(e), "here": None if path is None else str(path)} for e, path in (*graphs, *others)]
        )
        return
    from weft.cli.tables import show_table

    rows = [[e.name, e.title, e.kind, "yes" if path else "", str(e.n_tasks), str(e.rows)] for e, path in found]
    show_table("Data sets of MoleculeNet", ["name", "what", "kind", "here", "tasks", "rows"], rows, words=4)
    rows = [[e.name, e.title, "yes" if p else "", str(e.n_tasks), str(e.nodes), str(e.edges)] for e, p in graphs]
    show_table("Graphs", ["name", "what", "here", "tasks", "nodes", "edges"], rows, words=4)
    rows = [[e.name, e.title, e.kind, "yes" if p else "", str(e.n_tasks), str(e.rows)] for e, p in others]
    show_table("Images, texts, vectors", ["name", "what", "kind", "here", "tasks or classes", "rows"], rows, words=4)
    say("Get one with: weft datasets get NAME   (WEFT_DATA first, then the cache; MoleculeNet's then by download)")


@app.command("get")
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name that 'weft datasets list' shows.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Copy the file (or a graph's folder) there.")
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Print the path of a data set's file (downloaded and checked when it is not here), or of a graph's folder."""
    from weft.data.catalogue import entry, find, version
    from weft.data.graph_catalogue import graph_entry
    from weft.data.subject_catalogue import subject_entry

    with progress(quiet) as report:
        path = find(name, lambda done, total: report("download", done, total or done, name))
    if out is not None:
        path = _copy(path, out)
    graph = graph_entry(name)
    if json and graph is not None:
        say_json({"name": graph.name, "path": str(path)})
    elif json:
        known = subject_entry(name) or entry(name)
        say_json({"name": known.name, "path": str(path), "version": version(known, path)})
    else:
        say(str(path))


def _copy(path: Path, out: Path) -> Path:
    from weft.files import atomic, disk_errors

    if path.is_dir():
        with disk_errors(out):
            return Path(shutil.copytree(path, out, copy_function=shutil.copyfile))
    with atomic(out) as temporary:
        temporary.write_bytes(path.read_bytes())
    return out
