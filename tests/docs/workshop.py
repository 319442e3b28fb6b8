"""Where pages are tried: a folder per page, one process for all of them, and every model fitted only once."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.docs.options import complaint, is_synopsis
from tests.docs.pages import Block, blocks, starts_with
from tests.docs.transcript import Step, missing, steps


@dataclass
class Workshop:
    """Runs pages as a reader does who begins in an empty folder.

    Attributes:
        home: holds a folder per page.
        patch: undone at the end.
        given: page -> makes the files that its text takes for granted.
        names: page -> Python names that its text takes for granted.
    """

    home: Path
    patch: pytest.MonkeyPatch
    given: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)
    done: dict = field(default_factory=dict)

    def run(self, page: str) -> Path:
        """Run a page once, after the one it goes on from, and return its folder as it then is."""
        if page in self.done:
            return self.done[page]
        folder = self.home / page.replace("/", "_")
        before = starts_with(page)
        if before:
            shutil.copytree(self.run(before), folder)
        else:
            folder.mkdir()
        if page in self.given:
            self.given[page](folder)
        names = {"__name__": "page", **self.names.get(page, dict)()}
        with contextlib.chdir(folder):
            printed = ""
            for block in blocks(page):
                printed = self.block(page, block, names, printed)
        self.done[page] = folder
        return folder

    def block(self, page: str, block: Block, names: dict, before: str) -> str:
        """Run one block and return what it printed; `before` is what the last one did."""
        where = f"{page}:{block.line}"
        if block.shell:
            return "".join(self.step(step, block.skips(step.command), where) for step in steps(block.text))
        if block.info == "python" and not block.not_run and not block.text.startswith("--8<--"):
            with capture() as printed:
                exec(compile(block.text, where, "exec"), names)
            return printed.getvalue()
        if block.info == "text" and before:  # what the block above prints
            lost = missing(tuple(block.text.splitlines()), before)
            assert not lost, f"{where}: not printed: {lost}\nbut:\n{before}"
        return ""

    def step(self, step: Step, skip: bool, where: str) -> str:
        """Run one command and hold what it prints against what is shown."""
        told = f"{where}: {step.command}"
        weft = step.command.split()[0] == "weft"
        if weft:
            assert not complaint(step.command), f"{told}: {complaint(step.command)}"
        if skip or (weft and is_synopsis(step.command)):
            return ""
        code, printed = self.weft(step.command) if weft else shell(step.command)
        assert code == 0, f"{told} ended with {code}:\n{printed}"
        lost = missing(step.shown, printed)
        assert not lost, f"{told}: not printed: {lost}\nbut:\n{printed}"
        return printed

    def weft(self, command: str) -> tuple[int, str]:
        """Run `weft ...` in this process."""
        import shlex

        from weft.cli.main import main

        self.patch.setattr(sys, "argv", shlex.split(command, comments=True))
        code = 0
        with capture() as printed:
            try:
                main()
            except SystemExit as stop:
                code = stop.code or 0
        return int(code), printed.getvalue()


@contextlib.contextmanager
def capture():
    """Collect standard output and error as they come."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        yield printed


def shell(command: str) -> tuple[int, str]:
    """Run any other command by bash, with this Python first."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-ec", command], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr
