"""`weft explain` on real files: what it writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import toy
from tests.cli.conftest import weft as weft
from tests.jobs.conftest import write_table
from weft.jobs.fit import fit
from weft.jobs.options import FitOptions

TASKS = ("a", "b", "size", "colour")


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    return write_table(tmp_path_factory.mktemp("table") / "assays.csv")


def fitted(table: Path, name: str) -> Path:
    setting = "relational" if name == "rf" else None
    options = FitOptions(
        model=name, setting=setting, split="column:part", tasks=TASKS, kinds={"colour": "multiclass"}, threads=1
    )
    return fit(table, table.parent / name, options).folder


@pytest.fixture(scope="module")
def model(table) -> Path:
    return fitted(table, "naive-bayes")


@pytest.fixture(scope="module")
def forest(table) -> Path:
    return fitted(table, "rf")


def test_every_question_is_answered_into_one_folder(weft, forest, table, tmp_path):
    """Protects the whole command: JSON, page and drawings, rows numbered as in the table, --json the same."""
    out = tmp_path / "why"
    done = weft(
        "explain", forest, table, "--row", 2, "--id", "CCCCO", "--what-if", "a=1", "--what-if", "b=", "--measure-next",
        "--budget", 2, "--task-map", "--atoms", "--out", out, "--json", "--quiet",
    )  # fmt: skip
    assert done.code == 0, done.err
    found = json.loads(done.out)
    written = json.loads((out / "explain.json").read_text())
    assert found.items() >= written.items()
    assert [row["row"] for row in written["rows"]] == [2, 4]
    first = written["rows"][0]
    assert first["attributions"]["row"] == 2
    assert first["measure_next"] == []  # nothing is left to measure
    assert {one["task"] for one in written["rows"][1]["measure_next"]} == {"b"}
    assert first["what_if"]["changes"] == {"a": "1", "b": None}
    assert {step["row"] for step in written["plan"]} == {4}
    assert written["task_map"]["names"] == list(TASKS)
    page = (out / "explain.html").read_text()
    assert "What if: a = 1, b forgotten" in page
    assert all((out / name).is_file() for name in found["files"])
    assert sum(name.endswith(".svg") for name in found["files"]) == 8
    assert weft("explain", forest, table, "--row", 2, "--out", out, "--quiet").code == 0  # its own folder, again


def test_a_small_table_is_explained_whole(weft, model, table, tmp_path):
    """Protects the default: every row, its labels' effects, tasks as asked."""
    done = weft("explain", model, table, "--tasks", "b,size", "--out", tmp_path / "why", "--quiet")
    assert done.code == 0
    assert "12 rows explained" in done.out
    rows = json.loads((tmp_path / "why" / "explain.json").read_text())["rows"]
    assert {column["task"] for row in rows for column in row["attributions"]["columns"]} == {"b", "size"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--row", "99"], "--row: there is no row 99. Rows are 1 to 12."),
        (["--id", "ClCCl"], "--id: no row holds 'ClCCl'"),
        (["--what-if", "a"], "--what-if: 'a' is not of the form TASK=VALUE"),
        (["--what-if", "a=7"], "task a: label '7' does not fit a binary task"),
        (["--what-if", "aa=1"], "there is no task 'aa'. Did you mean a"),
        (["--tasks", "zzz"], "there is no task 'zzz'"),
        (["--method", "magic"], "there is no method 'magic'"),
        (["--atoms"], "reads no atoms"),
        (["--gates"], "reads molecules, no graph"),
        (["--support"], "--support: support labels are told of one task at a time"),
        (["--support", "--tasks", "a"], "has no support"),
        (["--measure-next", "--targets", "q"], "there is no task 'q'"),
    ],
)
def test_wrong_words_are_refused(weft, model, table, tmp_path, words, told):
    """Protects a person from a traceback, and from a folder half made."""
    done = weft("explain", model, table, "--out", tmp_path / "why", "--quiet", *words)
    assert done.code == 2
    assert told in " ".join(done.err.split())
    assert not (tmp_path / "why").exists()


def test_foreign_folders_and_bad_rows_are_left_alone(weft, model, tmp_path):
    """Protects other people's files, and tells which row cannot be read."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    rows = tmp_path / "rows.csv"
    rows.write_text("smiles,a\nC1CC,1\nCCO,1\n")
    done = weft("explain", model, rows, "--out", tmp_path / "mine")
    assert done.code == 2
    assert "the folder is not empty" in done.err
    done = weft("explain", model, rows, "--row", 1, "--out", tmp_path / "why")
    assert done.code == 2
    assert "row 1: the row cannot be used" in done.err
    assert weft("explain", model, rows, "--out", tmp_path / "why", "--quiet").code == 0


def test_gates_of_a_graph(weft, tmp_path):
    """Protects models of graphs: a node by its name, the gates in JSON and as pictures."""
    graph = toy.write_toy(tmp_path / "graph")
    options = FitOptions(model="inline", epochs=1, members=1, threads=1)
    folder = fit(graph, tmp_path / "model", options).folder
    words = ["--type", "paper", "--id", "p3", "--gates", "--measure-next", "--out", tmp_path / "why", "--quiet"]
    done = weft("explain", folder, *words)
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "why" / "explain.json").read_text())
    assert found["rows"][0]["key"] == "paper/p3"
    assert found["gates"]
    assert "Which task takes what from which" in (tmp_path / "why" / "explain.html").read_text()
