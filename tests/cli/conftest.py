"""Running the command line in this process, with the tiny model at hand."""

import sys
from dataclasses import dataclass

import pytest

from tests import tiny
from tests.jobs.conftest import fitted as fitted
from tests.jobs.conftest import model as model
from tests.jobs.conftest import table as table
from weft.cli.main import main


@dataclass
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def weft(monkeypatch, capsys):
    """Call `weft` with arguments; a traceback would fail the test by itself."""
    tiny.register(monkeypatch)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words) -> Result:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["weft", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        return Result(code, *capsys.readouterr())

    return run
