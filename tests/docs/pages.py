"""What stands in a page: fenced blocks with the comments before them, and commands named in running text.

A page says two things in HTML comments, which no reader sees:

* `<!-- not run: REASON -->` before a block: not executed; its commands are held against the options there are.
  `<!-- not run (weft compare): REASON -->` leaves out the commands that begin so, and runs the others.
* `<!-- starts with: PAGE -->`: the page begins in the folder in which PAGE ended, and not in an empty one.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+)(?P<info>[^\n`]*)$")
_COMMENT = re.compile(r"<!--\s*(.*?)\s*-->", re.S)
#: What a line of a shell block may begin with.
PROGRAMS = ("weft", "cat", "cd", "cp", "git", "head", "tail", "ls", "make", "mkdir", "mkdocs", "pip", "python")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        info: its language, '' where none is told.
        text: what is between the fences.
        line: of the opening fence, from 1.
        not_run: the reason for not executing it, or ''.
        only: how the commands begin that this is about; all by default.
    """

    info: str
    text: str
    line: int
    not_run: str = ""
    only: tuple[str, ...] = ()

    def skips(self, command: str) -> bool:
        """Whether a command of it is not executed."""
        return bool(self.not_run) and (not self.only or command.startswith(self.only))

    @property
    def shell(self) -> bool:
        """Whether it holds commands: by its language, or without one by a line that begins as a command does."""
        if self.info in ("console", "bash", "sh", "shell"):
            return True
        begins = re.compile(rf"^(\$ )?({'|'.join(PROGRAMS)})( |$)")
        return self.info == "" and any(begins.match(line) for line in self.text.splitlines())


def all_pages() -> list[str]:
    """Return every page, as a path from the repository's root."""
    return ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md"))]


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    found: list[Block] = []
    comment, opened = "", None
    lines = (ROOT / page).read_text().splitlines()
    inside: list[str] = []
    for at, line in enumerate(lines, 1):
        fence = _FENCE.match(line)
        if opened is not None:
            if fence and fence["info"] == "" and fence["fence"] == opened["fence"]:
                indent = len(opened["indent"])
                text = "\n".join(part[indent:] for part in inside)
                found.append(Block(opened["info"].strip().split(" ")[0], text, at - len(inside) - 1, *_reason(comment)))
                opened, comment, inside = None, "", []
            else:
                inside.append(line)
        elif fence:
            opened = fence
        elif line.strip():
            comment = " ".join(_COMMENT.findall(line)) if line.strip().startswith("<!--") else ""
    return found


def _reason(comment: str) -> tuple[str, tuple[str, ...]]:
    found = re.fullmatch(r"not run(?: \((?P<only>[^)]*)\))?: (?P<why>.+)", comment)
    if not found:
        return "", ()
    return found["why"], tuple(word.strip() for word in (found["only"] or "").split(",") if word.strip())


def starts_with(page: str) -> str:
    """Return the page whose folder this one goes on in, or ''."""
    found = re.search(r"<!--\s*starts with: (\S+)\s*-->", (ROOT / page).read_text())
    return f"docs/{found[1]}" if found else ""


def commands_in_text(page: str) -> list[str]:
    """Return what stands as `weft ...` in running text, tables and indented blocks."""
    text = re.sub(r"^( *)(```+).*?^\1\2$", "", (ROOT / page).read_text(), flags=re.S | re.M)
    spans = re.findall(r"`((?:weft|weft [^`]+))`", text.replace("\n", " "))
    indented = re.findall(r"^ {4}(weft .*)$", text, flags=re.M)
    return [*spans, *indented]
