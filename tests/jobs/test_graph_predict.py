"""Predictions and scores for nodes of a graph: nothing lost, nothing seen, the right graph."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests import tiny, toy
from weft.data.graph_files import read_graph
from weft.data.graph_tables_write import write_graph_tables
from weft.data.hetero import NodeTable
from weft.errors import UserError
from weft.jobs.add_task import add_task
from weft.jobs.evaluate import evaluate
from weft.jobs.fit import fit
from weft.jobs.options import FitOptions
from weft.jobs.predict import PredictOptions, impute, predict


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    tiny.register(monkeypatch)


@pytest.fixture(scope="module")
def _fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("graphs")
    with pytest.MonkeyPatch.context() as patch:
        tiny.register(patch)
        toy.write_toy(folder / "graph")
        fit(folder / "graph", folder / "model", FitOptions(model="tiny", threads=1))
    return folder


@pytest.fixture
def here(_fitted, tmp_path) -> Path:
    """A folder with a graph and a model that a test may change."""
    folder = tmp_path / "here"
    shutil.copytree(_fitted / "graph", folder / "graph")
    shutil.copytree(_fitted / "model", folder / "model")
    card = folder / "model" / "run.json"
    card.write_text(card.read_text().replace(str(_fitted), str(folder)))
    return folder


def told(here, text, **options) -> pl.DataFrame:
    (here / "n.csv").write_text(text)
    predict(here / "model", here / "n.csv", here / "p.csv", PredictOptions(threads=1, **options))
    return pl.read_csv(here / "p.csv")


def test_rows_come_back_where_they_were(here):
    """Nothing lost, invariant 3: unknown nodes, types without a task and repeats stay, with a reason."""
    text = "note,type,node\nx,author,a3\ny,paper,p39\nz,paper,p40\n,tree,a1\nw,author,\nv,author,a3\n"
    out = told(here, text)
    assert out["note"].to_list() == ["x", "y", "z", None, "w", "v"]
    assert out["status"].to_list() == [
        "ok", "ok", "the graph has no paper 'p40'", "the graph has no type 'tree'", "no node id", "ok",
    ]  # fmt: skip
    assert [value is not None for value in out["area_pred"]] == [True, False, False, False, False, True]
    assert [value is not None for value in out["late_pred"]] == [False, True, False, False, False, False]
    assert out.row(0)[3:] == out.row(5)[3:]


def test_known_labels_in_the_table_are_used_but_not_for_themselves(here):
    """No peeking: the prediction beside a known label is that of the same row without it."""
    blind = told(here, "type,node,late\npaper,p1,\n")
    shown = told(here, "type,node,late\npaper,p1,1\n")
    assert shown["late_known"].to_list() == [True]
    assert shown["late_pred"].to_list() == blind["late_pred"].to_list()
    assert shown["topic: nets_pred"][0] > blind["topic: nets_pred"][0]
    ignored = told(here, "type,node,late\npaper,p1,1\n", ignore_known=True)
    assert ignored["topic: nets_pred"].to_list() == blind["topic: nets_pred"].to_list()


def test_without_a_table_every_node_that_has_a_task_is_predicted(here):
    """Protects the default: all nodes of the tasks' types, in order."""
    done = predict(here / "model", None, here / "all.csv", PredictOptions(threads=1))
    out = pl.read_csv(here / "all.csv")
    assert (done.rows, done.bad) == (60, 0)
    assert out["node"].to_list() == [f"a{k}" for k in range(20)] + [f"p{k}" for k in range(40)]
    predict(here / "model", None, here / "papers.csv", PredictOptions(threads=1, node_type="paper"))
    assert len(pl.read_csv(here / "papers.csv")) == 40


def test_blanks_are_filled(here):
    """Protects impute on nodes: known cells as they were, blanks filled where the node has the task."""
    (here / "n.csv").write_text("type,node,late,area\npaper,p1,1,\npaper,p2,,\nauthor,a1,,\n")
    impute(here / "model", here / "n.csv", here / "f.csv", PredictOptions(threads=1))
    out = pl.read_csv(here / "f.csv")
    assert out["late"][0] == 1
    assert 0 < out["late"][1] < 1
    assert out["late"][2] is None
    assert out["area"].to_list()[:2] == [None, None]
    assert out["area"][2] in ("ai", "db", "ir")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("name,type\na1,author\n", {}, "no column 'node'"),
        ("node\na1\n", {}, "add a column 'type', or --type author"),
        ("node\na1\n", {"node_type": "authr"}, "Did you mean author"),
        ("type,node,late\nauthor,a1,1\n", {}, "a label of a task on paper"),
        ("type,node,late\npaper,p1,1\npaper,p2,\npaper,p1,0\n", {}, "row 3, column late: the node of row 1"),
        ("type,node,late\npaper,p1,often\n", {}, "row 1, column late"),
    ],
)
def test_bad_tables_of_nodes(here, text, options, message):
    """Protects from a table that cannot be meant: place and mend, no file."""
    with pytest.raises(UserError, match=message):
        told(here, text, **options)
    assert not (here / "p.csv").exists()


def test_the_graph_may_be_elsewhere_but_must_be_of_the_same_form(here):
    """Protects from a model on a graph it was not made for."""
    shutil.move(here / "graph", here / "moved")
    with pytest.raises(UserError, match=r"no longer at.*--graph"):
        told(here, "type,node\nauthor,a1\n")
    assert len(told(here, "type,node\nauthor,a1\n", graph=here / "moved")) == 1
    graph = read_graph(here / "moved")
    wide = NodeTable(20, np.zeros((20, 7), np.float32), None, graph.nodes["author"].keys)
    write_graph_tables(replace(graph, nodes={**graph.nodes, "author": wide}), here / "wide")
    with pytest.raises(UserError, match="author has 7 dense and 0 sparse features, not 3 and 0"):
        told(here, "type,node\nauthor,a1\n", graph=here / "wide")


def test_a_changed_graph_is_told(here):
    """Protects from predicting on files that are no longer those of the fit in silence."""
    assert predict(here / "model", None, here / "p.csv", PredictOptions(threads=1)).notes == ()
    edges = here / "graph" / "author__writes__paper.csv"
    edges.write_text(edges.read_text().replace("a1,p1\n", "a1,p2\n"))
    done = predict(here / "model", None, here / "p.csv", PredictOptions(threads=1))
    assert "have changed" in done.notes[0]


def test_the_graph_of_the_fit_is_scored_on_its_test_part(here):
    """Protects against scoring what was learnt: the numbers are those of the fit."""
    found = evaluate(here / "model", here / "graph", threads=1)
    assert (found.assessment.n_rows, found.seen) == (15, 45)
    import json

    metrics = json.loads((here / "model" / "metrics.json").read_text())
    assert found.to_json()["reveal"]["0"]["tasks"] == metrics["test"]["0"]["tasks"]
    val = evaluate(here / "model", here / "graph", part="val", threads=1)
    assert val.to_json()["reveal"]["0"]["tasks"] == metrics["val"]["0"]["tasks"]
    everything = evaluate(here / "model", here / "graph", with_seen=True, threads=1)
    assert everything.assessment.n_rows == 60


def test_what_else_stands_in_the_folder_does_not_matter(here):
    """Protects a person who works in the graph's folder: a model or predictions there change no graph."""
    (here / "graph" / "predicted.csv").write_text("node\n")
    assert predict(here / "model", None, here / "graph" / "p.csv", PredictOptions(threads=1)).notes == ()
    assert evaluate(here / "model", here / "graph", part="val", threads=1).assessment.n_rows == 15


def test_another_graph_is_scored_without_the_nodes_that_were_seen(here):
    """Protects against a graph that was edited, whose split says something else: known nodes stay out."""
    graph = read_graph(here / "graph")
    parts = graph.split
    write_graph_tables(replace(graph, split=replace(parts, train=parts.test, test=parts.train)), here / "turned")
    edges = here / "turned" / "author__writes__paper.csv"
    edges.write_text(edges.read_text().replace("a1,p1\n", "a1,p2\n"))
    found = evaluate(here / "model", here / "turned", threads=1)
    assert (found.assessment.n_rows, found.seen) == (15, 45)
    with pytest.raises(UserError, match="validation nodes of another graph"):
        evaluate(here / "model", here / "turned", part="val", threads=1)


def test_classes_are_matched_by_name(here):
    """Protects scores on a graph whose classes stand in another order."""
    toml = (here / "graph" / "graph.toml").read_text()
    changed = toml.replace('["ai", "db", "ir"]', '["ir", "db", "ai"]')
    assert changed != toml
    (here / "graph" / "graph.toml").write_text(changed)
    before = evaluate(here / "model", here / "graph", threads=1).to_json()["reveal"]["0"]["tasks"]["area"]
    (here / "graph" / "graph.toml").write_text(toml)
    assert before == evaluate(here / "model", here / "graph", threads=1).to_json()["reveal"]["0"]["tasks"]["area"]


def test_what_a_model_of_a_graph_cannot_do(here):
    """Protects from errors that tell of molecules where there are none."""
    (here / "t.csv").write_text("smiles,a\nCO,1\n")
    with pytest.raises(UserError, match="cannot take a new task"):
        add_task(here / "model", here / "t.csv")
    with pytest.raises(UserError, match="this is a file"):
        evaluate(here / "model", here / "t.csv")
    with pytest.raises(UserError, match="no part 'train'"):
        evaluate(here / "model", here / "graph", part="train")
    with pytest.raises(UserError, match="no column 'node'"):
        predict(here / "model", here / "t.csv", here / "p.csv")


def test_a_model_of_molecules_takes_no_graph(here, model):
    """Protects from options of graphs that would be swallowed."""
    for job in (
        lambda: predict(model, None, here / "p.csv"),
        lambda: predict(model, here / "t.csv", here / "p.csv", PredictOptions(graph=here / "graph")),
        lambda: evaluate(model, here / "graph"),
        lambda: evaluate(model, here / "graph", part="val"),
    ):
        with pytest.raises(UserError):
            job()
