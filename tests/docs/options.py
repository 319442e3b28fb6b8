"""Commands held against the options of the command line, without running them."""

import re
import shlex

import click
import typer

from weft.cli.main import app

#: Words that stand for something of the reader's own: then only the names of options can be checked.
_PLACEHOLDER = re.compile(r"[\[\]|]|\.\.\.|\b(?!HGB)[A-Z]{1,}[A-Z0-9_]*\b(?![.=-])")


def complaint(command: str) -> str:
    """Return what is wrong with `weft ...`, or ''.

    A command with placeholders (`FILE`, `[--seed N]`) must name known options only; any other must be complete.
    """
    if is_synopsis(command):
        return _unknown_options(command)
    words = shlex.split(command, comments=True)[1:]
    return _parse(words)


def is_synopsis(command: str) -> bool:
    """Whether a command has placeholders, and is not meant to be typed as it stands."""
    return bool(_PLACEHOLDER.search(command.split("#")[0]))


def _parse(words: list[str]) -> str:
    if not words:
        return ""
    command, rest, path = _find(words)
    if command is None:
        return f"there is no command {' '.join(path)!r}"
    try:
        command.make_parser(click.Context(command, info_name="weft")).parse_args(list(rest))
    except Exception as error:  # whatever the parser in use calls it
        return str(getattr(error, "message", error)) or type(error).__name__
    return ""


def _unknown_options(text: str) -> str:
    words = re.sub(r"[\[\]()|,]", " ", text.split("#")[0]).split()[1:]
    if not words or words[0] == "...":
        return ""
    command, rest, path = _find(words)
    if command is None:
        return f"there is no command {' '.join(path)!r}"
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    wrong = [word for word in re.findall(r"(?<![\w-])--?[a-z][\w-]*", " ".join(rest)) if word not in {*known, "--help"}]
    return f"no such option: {', '.join(wrong)}" if wrong else ""


def _find(words: list[str]) -> tuple[click.Command | None, list[str], list[str]]:
    """Return the command that words name, the words behind its name, and its name."""
    here, path = typer.main.get_command(app), list[str]()
    rest = list(words)
    while hasattr(here, "commands") and rest and not rest[0].startswith("-"):
        path.append(rest.pop(0))
        if path[-1] not in here.commands:
            return None, rest, path
        here = here.commands[path[-1]]
    return here, rest, path
