"""`weft tune` from Python: complete, resumable, judged on validation rows alone, and fitted with the best."""

import json
import re

import pytest

from tests.engines.here import Here
from tests.tuning.table import write
from weft.engines.base import REGISTRY
from weft.errors import UserError
from weft.files import read_json
from weft.jobs.config_file import with_config
from weft.jobs.options import FitOptions
from weft.jobs.tune import TuneOptions, tune
from weft.tuning.space import Choice, Span

OPTIONS = FitOptions(encoder="fingerprint", epochs=3, split="column:part", threads=1)
SPACE = {"loop.lr": Span(1e-4, 1e-1, True), "dim": Choice((16, 32)), "graph.layers": Choice((1, 2))}


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.setitem(REGISTRY, "here", "tests.engines.here:Here")
    monkeypatch.setattr(Here, "stop_after", 10**9)


@pytest.fixture
def table(tmp_path):
    return write(tmp_path / "table.csv")


def search(trials=5, fit=False, space=SPACE):
    return TuneOptions(trials, 1, space, "here", fit=fit)


def rows(tuned):
    return [{key: value for key, value in row.items() if key != "cpu_s"} for row in tuned.content["trials"]]


def test_what_is_found_is_what_is_fitted(table, tmp_path):
    """Protects the promise: the best trial's settings are in best.json, in the model, and a fit takes them."""
    tuned = tune(table, tmp_path / "out", OPTIONS, search(fit=True))
    found = tuned.content
    assert len(found["trials"]) == 5
    assert found["default"] == found["trials"][0]["score"]
    scores = [row["score"] for row in found["trials"] if row["score"] is not None]
    assert found["best"]["score"] == max(scores)
    best = found["trials"][found["best"]["number"]]
    assert best["score"] == max(scores)
    assert {**found["trials"][0]["settings"], **found["best"]["changes"]} == best["settings"]
    options = with_config(FitOptions(), tmp_path / "out" / "best.json")
    made = read_json(tmp_path / "out" / "model" / "model.json")["config"]["config"]
    assert made["dim"] == best["settings"]["dim"] == options.build().config.dim
    assert made["loop"]["lr"] == best["settings"]["loop.lr"] == options.build().config.loop.lr
    assert made["members"] == 2  # the preset's, not the trials'
    assert found["test"] == tuned.fitted.metrics["test"]
    assert not (tmp_path / "out" / ".work").exists()
    assert len((tmp_path / "out" / "trials.csv").read_text().splitlines()) == 6
    assert tune(table, tmp_path / "out", OPTIONS, search(fit=True), resume=True).again


def test_a_stopped_search_ends_as_one_that_was_not(table, tmp_path, monkeypatch):
    """Resumable: the same trials with the same scores, and none is done twice."""
    whole = tune(table, tmp_path / "whole", OPTIONS, search())
    monkeypatch.setattr(Here, "stop_after", 3)
    with pytest.raises(UserError, match="stopped"):
        tune(table, tmp_path / "stopped", OPTIONS, search())
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "stopped").glob(".work/trials/*/result.json")}
    assert len(kept) == 3
    with pytest.raises(UserError, match="Add --resume"):
        tune(table, tmp_path / "stopped", OPTIONS, search())
    monkeypatch.setattr(Here, "stop_after", 10**9)
    monkeypatch.setattr("weft.jobs.tune.clear", lambda _: None)
    resumed = tune(table, tmp_path / "stopped", OPTIONS, search(), resume=True)
    assert rows(resumed) == rows(whole)
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    assert resumed.content["best"] == whole.content["best"]


def test_test_labels_choose_nothing(table, tmp_path):
    """No peeking: other test labels give the same trials."""
    before = tune(table, tmp_path / "one", OPTIONS, search(3))
    after = tune(write(tmp_path / "turned.csv", turned=True), tmp_path / "two", OPTIONS, search(3))
    assert rows(before) == rows(after)


def test_the_default_of_tables_is_searched(table, tmp_path):
    """Protects the model most people have: the closed form, whose profile trials share."""
    space = {"learners": Choice((["rf"], ["gp"])), "channel.steps": Choice((20, 40))}
    options = FitOptions(
        split="column:part", threads=1, changes={"learners": ["gp"], "channel.steps": 20, "rung": "weak"}
    )
    tuned = tune(table, tmp_path / "out", options, search(2, space=space))
    assert tuned.content["trials"][0]["settings"] == {"learners": ["gp"], "channel.steps": 20}
    told = json.loads((tmp_path / "out" / "best.json").read_text())
    assert told["changes"]["rung"] == "weak"


def test_refusals(table, tmp_path):
    """Protects a person's time: what cannot be judged or begun is told before any trial."""
    with pytest.raises(UserError, match="no settings to search"):
        tune(table, tmp_path / "out", FitOptions(model="prior"), search())
    text = re.sub(r",\d,\d?,val", ",,,val", table.read_text())
    (tmp_path / "no_val.csv").write_text(text)
    with pytest.raises(UserError, match="no label in the validation part"):
        tune(tmp_path / "no_val.csv", tmp_path / "out", OPTIONS, search())
    with pytest.raises(UserError, match="0 trials"):
        TuneOptions(0)
    bad = {"loop.schedule": Choice(("constant",))}
    wrong = FitOptions(**{**OPTIONS.__dict__, "changes": {"loop.schedule": "never"}})
    with pytest.raises(UserError, match="preset's own settings fail: there is no schedule 'never'"):
        tune(table, tmp_path / "out", wrong, search(2, space=bad))
