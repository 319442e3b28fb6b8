"""Commands and what a page says they print, held against what they did print."""

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"[-+]?\b\d[\d,]*(\.\d+)?(e[-+]?\d+)?\b")


@dataclass(frozen=True)
class Step:
    """One command and the lines that a page shows below it."""

    command: str
    shown: tuple[str, ...] = ()


def steps(text: str) -> list[Step]:
    """Return the commands of a block; where `$ ` begins them, what else stands there is what they print.

    A command goes on over lines that end with a backslash, and to the end of a here-document.
    """
    lines, found = text.splitlines(), list[Step]()
    prompted = any(line.startswith("$ ") for line in lines)
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line.strip() or (not prompted and line.lstrip().startswith("#")):
            continue
        if prompted and not line.startswith("$ "):
            last = found.pop()
            found.append(Step(last.command, (*last.shown, line)))
            continue
        if not prompted and line.startswith(" ") and found:  # a long command goes on, indented
            found.append(Step(f"{found.pop().command} {line.strip()}"))
            continue
        command = line.removeprefix("$ ") if prompted else line
        end = re.search(r"<<\s*'?(\w+)'?", command)
        while at < len(lines) and (command.endswith("\\") or (end and command.splitlines()[-1] != end[1])):
            command += "\n" + lines[at]
            at += 1
        found.append(Step(command))
    return found


def missing(shown: tuple[str, ...], printed: str) -> list[str]:
    """Return the shown lines that were not printed, in this order; numbers and widths of columns may differ.

    `...` stands for anything, as a line of its own for any lines. A file's place is left aside.
    """
    have = [_skeleton(line) for line in printed.splitlines()]
    lost: list[str] = []
    for line in shown:
        wanted = _skeleton(line)
        if wanted in ("", "..."):
            continue
        pattern = re.compile(re.escape(wanted).replace(re.escape("..."), ".*"))
        at = next((k for k, other in enumerate(have) if pattern.fullmatch(other)), None)
        if at is None:
            lost.append(line)
        else:
            have = have[at + 1 :]
    return lost


def _skeleton(line: str) -> str:
    line = re.sub(r"file:///\S*/", "file:///", line)
    line = re.sub(r"─+", "─", _NUMBER.sub("#", line))
    return " ".join(line.split())
