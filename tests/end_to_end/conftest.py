"""The real command line in real processes, on real tables."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from weft.data.synthetic import DEMO

#: Real sets, where they are at hand; else the tests run on the table that weft ships.
REAL = Path(__file__).parents[3] / "shared" / "data" / "molecules"


@dataclass(frozen=True)
class Weft:
    """Runs `weft` as a person does."""

    environment: Mapping[str, str]

    def start(self, *words: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "weft", *map(str, words)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=dict(self.environment), text=True, stdout=pipe, stderr=pipe)

    def run(self, *words: object) -> str:
        process = self.start(*words)
        out, err = process.communicate()
        assert process.returncode == 0, err
        return out


@pytest.fixture(scope="session")
def weft(cache_of_tests: None) -> Weft:
    return Weft({**os.environ, "NO_COLOR": "1"})


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 240 molecules and 4 tasks of a real table."""
    source = REAL / "tox21.csv.gz"
    frame = pl.read_csv(source if source.exists() else DEMO, infer_schema_length=None)
    binary = [name for name in frame.columns[1:] if set(frame[name].drop_nulls().unique()) <= {0, 1}]
    path = tmp_path_factory.mktemp("tables") / "small.csv"
    frame.head(240).select(frame.columns[0], *binary[:4]).write_csv(path)
    return path


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SIDER, or the table that weft ships."""
    source = REAL / "sider.csv.gz"
    return source if source.exists() else DEMO
