"""`weft serve`: the page and the API of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weft.cli.arguments import Graph, Model, Threads
from weft.cli.console import note, say


def command(
    model: Model,
    host: Annotated[str, typer.Option(help="Address to listen on; the default is reached from this machine only.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="WEFT_TOKEN",
            show_envvar=False,
            help="What clients must know, also as WEFT_TOKEN (default: none on this machine, one is made elsewhere).",
        ),
    ] = None,
    no_token: Annotated[bool, typer.Option("--no-token", help="Let everybody in who can reach --host.")] = False,
    graph: Graph = None,
    megabytes: Annotated[float, typer.Option(min=0.1, help="Most that one request may send.")] = 20,
    rows: Annotated[int, typer.Option(min=1, help="Most rows of an uploaded table.")] = 20_000,
    columns: Annotated[int, typer.Option(min=1, help="Most columns of an uploaded table.")] = 2_000,
    seconds: Annotated[float, typer.Option(min=1, help="Longest that one request may take.")] = 60,
    waiting: Annotated[int, typer.Option(min=1, help="Requests that may wait; further ones are turned away.")] = 256,
    threads: Threads = None,
) -> None:
    """Serve a model: a page to ask it on, and an HTTP API (described at /docs).

    Nothing is written to DIR. Stop it with Ctrl-C.
    """
    from weft.jobs.options import available_threads
    from weft.serve.run import ServeOptions, check_extra

    check_extra()
    from weft.serve.limits import MEGABYTE, Limits
    from weft.serve.run import serve

    limits = Limits(int(megabytes * MEGABYTE), rows, columns, seconds, waiting)
    options = ServeOptions(host, port, token, no_token, _absolute(graph), threads or available_threads(), limits)
    if no_token and not token:
        note("everybody who can reach this address may ask, upload tables and add tasks.")
    serve(model, options, lambda address: say(f"{model.resolve().name}: {address}"))


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.resolve()
