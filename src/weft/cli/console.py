"""Where words go: results to standard output, progress and trouble to standard error."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

#: Columns of a table that goes to a file or another program.
_PIPED = 120


def out() -> Console:
    """Return the console of standard output; NO_COLOR and pipes are honoured."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _PIPED
    return console


def err() -> Console:
    """Return the console of standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def fail(message: str) -> None:
    """Say what went wrong."""
    from rich.text import Text

    err().print(Text("Error: ", style="bold red").append(message, style="not bold default"))


def note(message: str) -> None:
    """Say what a person should know although all went well."""
    from rich.text import Text

    err().print(Text("Note: ", style="bold yellow").append(message, style="not bold default"))


def say(message: str) -> None:
    """Print a line of the result, as it is."""
    out().print(message, markup=False)


def say_json(value: object) -> None:
    """Print a result for machines: nothing else goes to standard output with it."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
