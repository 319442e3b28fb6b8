"""`weft pack`: a graph of any size made ready to be trained on from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weft.cli.arguments import Json, Quiet
from weft.cli.console import say, say_json
from weft.cli.progress import progress
from weft.words import many


def command(
    graph: Annotated[Path, typer.Argument(metavar="GRAPH", help="The folder of a graph.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write; new or empty.")],
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Pack a large graph, so that it opens at once and trains in bounded memory.

    Edges are sorted once, on disk. The packed folder takes the place of the
    graph in 'weft fit', which then works by mini-batches.
    """
    from weft.jobs.pack import pack

    with progress(quiet) as report:
        found = pack(graph, out, report)
    edges = sum(int(pairs.shape[1]) for pairs in found.edges.values())
    if json:
        say_json({"out": str(out), "nodes": len(found), "edges": edges, "labels": len(found.labels)})
    else:
        say(f"{out}: {many(len(found), 'node')}, {many(edges, 'edge')}, {many(len(found.labels), 'label')}")
