"""Graphs from end to end in real processes: a killed fit, the same result twice, and DBLP where it is at hand."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import polars as pl
import pytest

from tests import toy
from tests.end_to_end.conftest import Weft
from tests.end_to_end.test_kill import wait_for

#: DBLP with two tasks, where it is at hand.
DBLP = Path(__file__).parents[3] / "shared" / "data" / "hetero" / "dblp"
FIT = ["--threads", "1", "--quiet", "--tasks", "area,late"]


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return toy.write_toy(tmp_path / "graph")


def test_kill_and_resume_give_the_same_weights(weft: Weft, graph: Path, tmp_path: Path) -> None:
    """Resumable, invariant 5, through kill -9 of the real process in mid-training; bit for bit, twice the same."""
    words = ["fit", graph, "--epochs", "16", "--members", "2", *FIT]
    killed = weft.start(*words, "--out", tmp_path / "killed")
    wait_for(tmp_path / "killed" / ".work" / "train 2 of 2.checkpoint.safetensors", killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (tmp_path / "killed" / "model.json").exists()
    weft.run(*words, "--out", tmp_path / "killed", "--resume")
    weft.run(*words, "--out", tmp_path / "whole")
    same = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("killed", "whole")]
    assert same[0] == same[1]
    assert not (tmp_path / "killed" / ".work").exists()
    one, two = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("killed", "whole"))
    assert one == two


@pytest.mark.skipif(not DBLP.is_dir(), reason="DBLP is not at hand")
def test_dblp(weft: Weft, tmp_path: Path) -> None:
    """Protects the whole way on a real graph: two tasks on two types soon beat the class shares (.30 and .13)."""
    weft.run("fit", DBLP, "--out", tmp_path / "m", "--epochs", "12", "--members", "1", "--threads", "1", "--quiet")
    test = json.loads((tmp_path / "m" / "metrics.json").read_text())["test"]["0"]["tasks"]
    assert test["area"]["accuracy"] > 0.5
    assert test["venue"]["accuracy"] > 0.2
    report = (tmp_path / "m" / "report.html").read_text()
    assert "author → writes → paper" in report
    pl.DataFrame({"type": ["paper", "author"], "node": [7, 4057]}).write_csv(tmp_path / "n.csv")
    weft.run("predict", tmp_path / "m", tmp_path / "n.csv", "--out", tmp_path / "p.csv", "--quiet")
    predicted = pl.read_csv(tmp_path / "p.csv")
    assert predicted["status"].to_list() == ["ok", "the graph has no author '4057'"]
    told = json.loads(weft.run("evaluate", tmp_path / "m", DBLP, "--json", "--quiet"))
    assert told["reveal"]["0"]["tasks"] == test
