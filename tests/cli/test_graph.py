"""The command line on graphs: the whole way of a user, and what each bad input says."""

import json
import shutil

import numpy as np
import pytest

from tests import toy
from tests.cli.test_errors import check

FIT = ["--model", "tiny", "--threads", "1"]


@pytest.fixture
def graph(tmp_path):
    return toy.write_toy(tmp_path / "graph")


@pytest.mark.parametrize("layout", ["tables", "npz", "hgb"])
def test_from_a_graph_to_predictions(weft, tmp_path, layout):
    """Protects the whole way of a user, command by command, for every layout."""
    folder, model = toy.write_toy(tmp_path / "g", layout), tmp_path / "m"
    done = weft("validate", folder)
    assert done.code == 0
    assert "60 nodes, 99 edges" in done.out
    done = weft("fit", folder, "--out", model, *FIT)
    assert done.code == 0, done.err
    assert "2 types of node: author 20 (3 numbers)" in done.err
    assert "split: " in done.err
    assert "macro_f1   accuracy   roc_auc" in done.out
    assert ("topic (2 labels)" in done.out) == (layout != "hgb")
    assert weft("predict", model, "--out", tmp_path / "p.csv").code == 0
    (tmp_path / "n.csv").write_text("node\n1\n" if layout == "npz" else "node\na1\n")
    assert weft("predict", model, tmp_path / "n.csv", "--type", "author", "--out", tmp_path / "q.csv").code == 0
    assert (tmp_path / "q.csv").read_text().rstrip().endswith(",ok") == (layout != "hgb")
    done = weft("evaluate", model, folder)
    assert done.code == 0
    assert "nodes are those the model was fitted or chosen on: left out" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["validate", "{graph}"],
        ["fit", "{graph}", "--out", "{tmp}/m", *FIT],
        ["predict", "{tmp}/model", "--out", "{tmp}/p.csv"],
        ["evaluate", "{tmp}/model", "{graph}", "--part", "val"],
    ],
)
def test_json_is_all_there_is_on_standard_output(weft, graph, tmp_path, words):
    """Protects scripts that read --json: nothing else is printed there."""
    assert weft("fit", graph, "--out", tmp_path / "model", *FIT).code == 0
    done = weft(*(word.format(graph=graph, tmp=tmp_path) for word in words), "--json")
    assert done.code == 0
    assert json.loads(done.out)


def test_options_of_molecules_are_told_or_refused(weft, graph, tmp_path):
    """Protects from options that are swallowed, in both directions."""
    done = weft("fit", graph, "--out", tmp_path / "m", *FIT, "--encoder", "gine", "--no-gates")
    assert done.code == 0
    assert "--encoder is not used by --model tiny" in done.err
    assert "--gates is not used by --model tiny" in done.err
    check(weft("fit", graph, "--out", tmp_path / "n", *FIT, "--smiles", "s"), "--smiles", "tables")
    check(weft("fit", graph, "--out", tmp_path / "n", "--batch-size", "0"), "--batch-size")
    (tmp_path / "t.csv").write_text("smiles,a\nCO,1\nCCO,0\n")
    check(weft("fit", tmp_path / "t.csv", "--out", tmp_path / "n", "--model", "inline"), "reads graphs")
    assert not (tmp_path / "n").exists()


def test_misspelt_names_of_the_graph_model(weft, graph, tmp_path):
    """Protects from a misspelt exchange found out late: the nearest is told before anything is read."""
    check(weft("fit", graph, "--out", tmp_path / "m", "--exchange", "inlin"), "inline")
    check(weft("fit", graph, "--out", tmp_path / "m", "--preset", "inline-papr"), "inline-paper")
    check(weft("fit", graph, "--out", tmp_path / "m", "--balance", "uncertanty"), "balanc")
    assert not (tmp_path / "m").exists()


def test_a_folder_that_is_not_there(weft, graph, tmp_path):
    """Protects a misspelt folder from being told as a table of an unknown kind."""
    check(weft("fit", tmp_path / "grap", "--out", tmp_path / "m"), "no such file or folder", "graph")
    check(weft("validate", tmp_path / "grap"), "no such file or folder", "graph")
    check(weft("fit", tmp_path, "--out", tmp_path / "m"), "no graph is in this folder", "graph.toml")


def npz(name, change):
    """Return what changes one array file of the npz layout."""

    def damage(folder):
        with np.load(folder / f"{name}.npz") as held:
            arrays = {key: held[key] for key in held.files}
        change(arrays)
        np.savez(folder / f"{name}.npz", **arrays)

    return "npz", damage


def text(name, old, new, layout="tables"):
    """Return what changes one text file."""

    def damage(folder):
        before = (folder / name).read_text()
        assert old in before
        (folder / name).write_text(before.replace(old, new, 1))

    return layout, damage


def put(key, value):
    return lambda arrays: arrays.__setitem__(key, value)


def at(key, place, value):
    return lambda arrays: arrays[key].__setitem__(place, value)


BAD = {
    "relation of no type": (*npz("edges", put("author__likes__book", np.zeros((2, 1), int))), ["book"]),
    "id out of range": (*npz("edges", at("paper__cites__paper", (1, 0), 40)), ["paper__cites__paper", "40"]),
    "negative id": (*npz("edges", at("paper__cites__paper", (0, 0), -1)), ["paper__cites__paper", "-1"]),
    "infinite feature": (*npz("features", at("author__dense", (2, 1), np.inf)), ["author", "infinite"]),
    "labels of another length": (*npz("labels", put("author__area", np.zeros(7, int))), ["area"]),
    "a task on no type": (*npz("labels", put("book__genre", np.zeros(7, int))), ["book"]),
    "parts that contradict": (*npz("splits", put("author__ALL__test", np.ones(20, bool))), ["author"]),
    "no arrays": ("npz", lambda folder: (folder / "edges.npz").write_bytes(b"PK nothing"), ["edges.npz"]),
    "dangling id": (*text("author__writes__paper.csv", "a0,", "a99,"), ["a99"]),
    "duplicate id": (*text("author.csv", "\na1,", "\na0,"), ["author.csv", "a0"]),
    "text as feature": (*text("author.csv", "\na3,", "\na3,x"), ["author.csv"]),
    "no such file": ("tables", lambda folder: (folder / "paper.csv").unlink(), ["paper.csv"]),
    "no such task type": (*text("graph.toml", 'node = "paper"', 'node = "papers"'), ["papers"]),
    "broken toml": (*text("graph.toml", "[nodes", "[nodes["), ["graph.toml"]),
    "misspelt key": (*text("graph.toml", "source_key", "sorce_key"), ["sorce_key"]),
    "unknown node": (*text("link.dat", "\t0\t1.0", "\t0\t1.0\n999\t20\t0\t1.0", "hgb"), ["link.dat", "999"]),
    "empty folder": ("tables", lambda folder: [path.unlink() for path in folder.iterdir()], ["graph.toml"]),
    "one class": (*npz("labels", put("author__area", np.zeros(20, int))), ["area", "--exclude area"]),
    "no label": (*npz("labels", put("author__area", np.full(20, -1))), ["area"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_graphs(weft, tmp_path, case):
    """Protects a person with a bad graph: place and mend, exit code 2, nothing half-made; validate says it too."""
    layout, damage, words = BAD[case]
    folder = toy.write_toy(tmp_path / "g", layout)
    damage(folder)
    check(weft("fit", folder, "--out", tmp_path / "m", *FIT), *words)
    assert not (tmp_path / "m").exists() or list((tmp_path / "m").iterdir()) == []
    done = weft("validate", folder)
    assert "Traceback" not in done.err
    assert words[0] in done.out + done.err
    assert done.code == 2


ODD = {
    "an empty relation": npz("edges", put("paper__cites__paper", np.zeros((2, 0), int))),
    "a type without features": ("npz", lambda folder: (folder / "features.npz").unlink()),
    "unknown features": npz("features", at("author__dense", (slice(None), 0), np.nan)),
    "the same edge twice": text("author__writes__paper.csv", "\na1,", "\na0,p0\na1,"),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_but_right_is_fitted(weft, tmp_path, case):
    """Protects graphs with little in them: no message, no features, no number. They are told, not refused."""
    layout, damage = ODD[case]
    folder = toy.write_toy(tmp_path / "g", layout)
    damage(folder)
    done = weft("validate", folder)
    assert done.code == 0
    assert "will refuse" not in done.err
    assert weft("fit", folder, "--out", tmp_path / "m", *FIT).code == 0


def test_problems_are_listed_with_their_rows(weft, graph):
    """Protects a person who mends a table from hunting: row numbers, all of them at once."""
    edges = graph / "author__writes__paper.csv"
    edges.write_text(edges.read_text().replace("a2,", "zz,"))
    done = weft("validate", graph)
    assert "'zz'" in done.out
    assert "rows " in done.out
    found = json.loads(weft("validate", graph, "--json").out)
    assert done.code == 2
    assert found["problems"][0]["count"] == 2
    assert found["fit_error"]


def test_unwritable_places(weft, graph, tmp_path):
    """Protects from work that cannot be written."""
    (tmp_path / "file").write_text("x")
    check(weft("fit", graph, "--out", tmp_path / "file" / "m", *FIT), "file")
    check(weft("fit", graph, "--out", graph, *FIT), "not empty")
    assert weft("fit", graph, "--out", tmp_path / "m", *FIT).code == 0
    check(weft("predict", tmp_path / "m", "--out", tmp_path / "p.sdf"), ".csv")
    shutil.rmtree(graph)
    check(weft("predict", tmp_path / "m", "--out", tmp_path / "p.csv"), "--graph")
    assert not (tmp_path / "p.csv").exists()


def test_the_demo_of_graphs(weft, tmp_path, monkeypatch):
    """Protects what the demo prints and leaves: tables to look at, scores, a report to open."""
    from weft.jobs import demo_graph as job
    from weft.jobs.options import FitOptions

    inner = job.demo_graph
    monkeypatch.setattr(job, "_CUSTOMERS", 1500)
    monkeypatch.setattr(job, "demo_graph", lambda out, _, report: inner(out, FitOptions(model="tiny"), report))
    done = weft("demo", "--graph", "--out", tmp_path / "d")
    assert done.code == 0, done.err
    assert "interest" in done.out
    assert (tmp_path / "d" / "report.html").as_uri() in done.out
    assert (tmp_path / "d" / "graph" / "graph.toml").is_file()
    assert weft("demo", "--graph", "--out", tmp_path / "d").code == 0
