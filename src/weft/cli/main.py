"""The `weft` command: each subcommand is one file that parses, calls and prints."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Annotated

import typer

import weft
from weft.cli.console import fail
from weft.errors import WeftError

app = typer.Typer(
    name="weft",
    help="Relational multi-task learning on graphs: known labels help to predict unknown ones.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

#: The commands, in the order of the help page: module of `weft.cli` -> name.
COMMANDS = {
    "demo": "demo",
    "validate": "validate",
    "fit": "fit",
    "tune": "tune",
    "predict": "predict",
    "impute": "impute",
    "evaluate": "evaluate",
    "explain": "explain",
    "report": "report",
    "add_task": "add-task",
    "compare": "compare",
    "pretrain": "pretrain",
    "serve": "serve",
    "benchmark": "benchmark",
    "pack": "pack",
    "doctor": "doctor",
}
for _module, _name in COMMANDS.items():
    app.command(_name)(importlib.import_module(f"weft.cli.{_module}").command)
app.add_typer(importlib.import_module("weft.cli.datasets").app, name="datasets")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"weft {weft.__version__}")
        raise typer.Exit


@app.callback()
def _root(  # pyright: ignore[reportUnusedFunction] - typer calls it
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Relational multi-task learning on graphs: known labels help to predict unknown ones."""


def main() -> None:
    """Run the command line; what a person can mend ends with a message and exit code 2, no traceback."""
    # Threads that wait asleep: on a machine with other work, spinning ones make small operations ten times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app()
    except WeftError as error:
        fail(str(error))
        sys.exit(2)
    except BrokenPipeError:  # the reader of our output went away, as in `weft ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        fail(f"{error.filename or 'disk'}: {error.strerror}")
        sys.exit(2)
    except MemoryError:
        fail("not enough memory. Use fewer rows or a machine with more.")
        sys.exit(2)
