"""`weft report`: the page of a fitted model, made again, on other data, and with models alone."""

import json
import re

import numpy as np
import pytest

from tests import toy
from tests.jobs.conftest import OPTIONS
from weft.errors import UserError
from weft.files import read_json
from weft.jobs.options import FitOptions, revived
from weft.jobs.report import ReportOptions, report
from weft.report.made import command, renewed


def text(done):
    return done.file.read_text(encoding="utf-8")


def test_a_fit_and_weft_report_write_the_same_page(fitted, tmp_path):
    """Protects from two reports that drift apart: seen to catch other masks, another split and other rows."""
    done = report(fitted, out=tmp_path / "r.html")
    assert (done.part, done.rows, done.ours) == ("test", 4, True)
    assert text(done) == (fitted / "report.html").read_text(encoding="utf-8")


def test_other_data_are_scored_without_what_was_seen(fitted, tmp_path):
    """Protects from flattering scores on a table that holds training molecules."""
    lines = ["smiles,a,b", "CO,0,1", "CCCCCCCCCCCCCCN,1,0", "CCCCCCCCCCCCCCS,0,1", "C1CC,1,1"]
    (tmp_path / "other.csv").write_text("\n".join(lines) + "\n")
    done = report(fitted, tmp_path / "other.csv", tmp_path / "r.html")
    assert (done.part, done.rows, done.ours) == ("other.csv", 2, False)
    assert any("not the data of the fit" in note for note in done.notes)
    assert "1 row of the table cannot be used" in text(done)
    with pytest.raises(UserError, match="on the data of the fit only"):
        report(fitted, tmp_path / "other.csv", tmp_path / "r.html", ReportOptions(compare=True))


def test_data_that_moved_are_asked_for(model, tmp_path):
    """Protects a copied model: the message says how to name the table, and nothing is written."""
    card = read_json(model / "run.json")
    card["data"] |= {"path": "/nowhere/a.csv", "file": "a.csv"}
    (model / "run.json").write_text(json.dumps(card))
    with pytest.raises(UserError, match=r"no longer at /nowhere/a\.csv.*weft report"):
        report(model, out=tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


def test_models_alone_are_trained_on_their_own_labels_once(model, monkeypatch):
    """Protects 'did sharing help?': nothing of another task reaches a model alone, and they are not trained twice."""
    from tests.tiny import Tiny

    given = []
    inner = Tiny.fit
    monkeypatch.setattr(
        Tiny, "fit", lambda self, d, labels, s, r: (given.append((labels, s)), inner(self, d, labels, s, r))
    )
    first = text(report(model, options=ReportOptions(compare=True)))
    assert [labels.tasks.names for labels, _ in given] == [["a"], ["b"], ["size"], ["colour"]]
    assert not any(np.isin(labels.row, split.test).any() for labels, split in given)
    assert "models of one task each" in first
    monkeypatch.setattr(Tiny, "fit", None)
    assert text(report(model)) == first


def test_the_options_of_a_run_card_come_back():
    """Protects --compare from training with other options than the model's."""
    account = OPTIONS.account(FitOptions().filled("metalink", "scaffold"))
    assert revived(json.loads(json.dumps(account)), 1) == OPTIONS
    told = command({"data": {"file": "my table.csv"}, "options": account})
    assert "'my table.csv' --out DIR" in told
    assert "--tasks a,b,size,colour" in told
    assert "--kind colour=multiclass" in told


def test_added_tasks_come_into_an_old_page(fitted):
    """Protects the report after add-task: the page is changed at one place, and again when another task comes."""
    page = (fitted / "report.html").read_text(encoding="utf-8")
    note = {"tasks": ["<p53>"], "labels": [7], "file": "/x/p53.csv", "when": "today"}
    once = renewed(page, {"added_tasks": [note]}, {"0": {"tasks": {"<p53>": {"n": 3, "roc_auc": 0.75}}}})
    assert "&lt;p53&gt;" in once
    assert "ROC-AUC 0.750 (n = 3)" in once
    twice = renewed(once, {"added_tasks": [note, {**note, "tasks": ["other"]}]}, None)
    assert twice.count("&lt;p53&gt;") == 1
    assert renewed(twice, {}, None) == page
    assert renewed("<html></html>", {"added_tasks": [note]}, None) == "<html></html>"


def test_a_graph_is_found_where_it_was(tmp_path, monkeypatch):
    """Protects graphs: report without naming data, a comparison that lies there, and one of other data."""
    from weft.jobs.fit import fit

    folder = toy.write_toy(tmp_path / "g")
    options = FitOptions(epochs=1, members=1, threads=1)
    model = fit(folder, tmp_path / "m", options).folder
    assert text(report(model)).count("<section") >= 8
    sha = read_json(model / "run.json")["data"]["sha256"]
    row = {"family": "late", "model": "shared", "metric": "pr_auc", "of": "shared", "difference": 0.1, "low": 0.05,
           "high": 0.2, "verdict": "sharing helped late"}  # fmt: skip
    found = {"data": {"sha256": sha}, "differences": [row], "level": 0.95, "seeds": [0, 1], "made": "then"}
    (model / "compare").mkdir()
    (model / "compare" / "compare.json").write_text(json.dumps(found))
    assert "Sharing helped late" in text(report(model))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "compare.json").write_text(json.dumps({**found, "data": {"sha256": "0"}}))
    with pytest.raises(UserError, match="of other data"):
        report(model, options=ReportOptions(compared=tmp_path / "c"))


def test_training_is_drawn_where_epochs_were_kept():
    """Protects the curves of training: losses and scores of every task, told in words as well."""
    from weft.report.curves import _training

    rows = [{"epoch": k, "loss a": 1 / (k + 1), "a": 0.5 + k / 10} for k in range(4)]
    drawn = _training([rows, rows])
    assert re.search(r'aria-label="[^"]*loss a from 1 to 0.25; a from 0.5 to 0.8', drawn)
    assert "Of 2 members the first is drawn" in drawn
