"""`weft tune` on every engine: each trial is done once, and what it finds is what one process finds."""

from tests.tuning.table import write
from weft.jobs.options import FitOptions
from weft.jobs.tune import TuneOptions, tune
from weft.tuning.space import Choice


def test_trials_are_those_of_one_process(name, tmp_path, monkeypatch):
    """Protects a search on a cluster: a killed worker costs no trial, and changes no score."""
    (tmp_path / "marks").mkdir()
    monkeypatch.setenv("WEFT_FRAIL", str(tmp_path / "marks"))
    monkeypatch.setattr("weft.tuning.search.TARGET", "tests.engines.work:frail_trial")
    options = FitOptions(encoder="fingerprint", epochs=2, split="column:part", threads=1)
    space = {"dim": Choice((16, 32))}
    search = TuneOptions(3, 1, space, name, jobs=2, fit=False)
    tuned = tune(write(tmp_path / "table.csv"), tmp_path / "out", options, search)
    assert (tmp_path / "marks" / "killed").exists()
    rows = tuned.content["trials"]
    assert [row["state"] for row in rows] == ["complete"] * 3
    of = {row["settings"]["dim"]: set() for row in rows}
    for row in rows:
        of[row["settings"]["dim"]].add(row["score"])
    assert all(len(scores) == 1 for scores in of.values())  # the same settings, wherever they were tried
    assert tuned.content["best"]["score"] == max(row["score"] for row in rows)
