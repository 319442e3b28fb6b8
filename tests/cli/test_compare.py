"""`weft compare` as a person meets it."""

import json

import pytest

from tests.benchmark import planted
from tests.benchmark.small import small_graph
from weft.data.graph_tables_write import write_graph_tables


@pytest.fixture
def folder(tmp_path, monkeypatch):
    planted.register(monkeypatch)
    return planted.write(tmp_path / "graph")


def test_table_words_and_report(weft, folder, tmp_path):
    """Protects the answer on the screen: a table, the words, and where the report is."""
    done = weft("compare", folder, "--out", tmp_path / "out", "--seeds", "2", "--threads", "1", "-q")
    assert (done.code, done.err) == (0, "")
    assert "95% interval" in done.out
    assert "shared: sharing hurt bad" in done.out
    assert "inline: no difference seen on same" in done.out
    assert (tmp_path / "out" / "report.html").is_file()
    again = weft("compare", folder, "--out", tmp_path / "out", "--seeds", "2", "--threads", "1", "--resume", "--json")
    assert json.loads(again.out)["words"]


def test_one_seed_is_warned_of(weft, folder, tmp_path):
    """Protects from deciding on one seed."""
    done = weft("compare", folder, "--out", tmp_path / "out", "--seeds", "1", "--threads", "1")
    assert "decide with --seeds 3 or more" in done.err


def test_refusals_have_no_traceback(weft, folder, tmp_path):
    """Protects a person with a wrong path, exchange or table."""
    for words, told in (
        (["--exchange", "single"], "are what the others are compared with"),
        (["--tasks", "goood"], "Did you mean good"),
        (["--epochs", "0"], "0 epochs"),
    ):
        done = weft("compare", folder, "--out", tmp_path / "out", *words)
        assert (done.code, told in done.err) == (2, True)
        assert not (tmp_path / "out").exists()
    done = weft("compare", tmp_path / "gone", "--out", tmp_path / "out")
    assert (done.code, "no folder of a graph" in done.err) == (2, True)


def test_real_models_on_a_small_graph(weft, tmp_path):
    """Protects the whole way with the model that people use: an area of 24 authors, two kinds of task on papers."""
    write_graph_tables(small_graph(24), tmp_path / "graph")
    short = ["--epochs", "2", "--no-labels", "--members", "1", "--seeds", "1", "--threads", "1"]
    done = weft("compare", tmp_path / "graph", "--out", tmp_path / "out", *short)
    assert done.code == 0
    found = json.loads((tmp_path / "out" / "compare.json").read_text())
    assert [row["family"] for row in found["differences"]] == ["area", "area", "tags", "tags", "year", "year"]
    assert all(model["parameters"] > 100 for model in found["models"].values())
    assert found["options"]["--epochs"]["value"] == 2
