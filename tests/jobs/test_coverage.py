"""Sets and intervals in the file that `weft predict --coverage` writes."""

import csv
import json

import numpy as np
import polars as pl
import pytest

from weft.errors import UserError
from weft.jobs.coverage import Covered, region_columns
from weft.jobs.predict import PredictOptions, predict
from weft.saved import load
from weft.tasks import Kind, Task
from weft.training.conformal import Region


@pytest.fixture
def new(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("smiles,a\nCCCO,1\nC1CC,\nCCN,\n")
    return path


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_sets_stand_beside_predictions(model, new, tmp_path):
    """Protects the promised columns: two validation rows rule nothing out, and that is told."""
    done = predict(model, new, tmp_path / "out.csv", PredictOptions(coverage=0.9))
    rows = read(tmp_path / "out.csv")
    added = list(rows[0])
    assert [name for name in added if name.endswith(("_set", "_low", "_high"))] == [
        "a_set", "b_set", "size_low", "size_high", "colour_set",
    ]  # fmt: skip
    assert (rows[0]["a_set"], rows[0]["colour_set"], rows[0]["size_high"]) == ("{0,1}", "{blue,red}", "inf")
    assert rows[1]["a_set"] == rows[1]["size_low"] == ""
    assert "fewer than 9 validation labels" in done.notes[-1]
    assert done.covered["coverage"] == 0.9
    assert done.covered["calibration_labels"]["a"] == [1, 1]
    again = predict(model, new, tmp_path / "half.csv", PredictOptions(coverage=0.3))
    assert "size" not in "".join(again.notes)
    assert read(tmp_path / "half.csv")[0]["size_high"] != "inf"


def test_a_coverage_that_cannot_be_is_refused(model, new, tmp_path):
    """Protects from nothing written and no reason: no probability, or no validation labels."""
    with pytest.raises(UserError, match="90 is no coverage"):
        predict(model, new, tmp_path / "out.csv", PredictOptions(coverage=90))
    card = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(json.dumps({**card, "calibration": None, "seal": None}))
    with pytest.raises(UserError, match=r"no validation labels.*validation part"):
        predict(model, new, tmp_path / "out.csv", PredictOptions(coverage=0.9))
    assert not (tmp_path / "out.csv").exists()


def test_the_card_tells_what_calibrates(model):
    """Protects the run card: how many rows and labels, and what was chosen."""
    told = json.loads((model / "run.json").read_text())["calibration"]
    assert (told["rows"], told["labels"]["a"]) == (2, [1, 1])
    assert told["choice"] in ("none", "common", "per task")
    assert load(model).calibrator.rows == 2


def test_words_of_sets():
    """Protects the empty set, names of classes and rows that could not be predicted."""
    sets = Region(holds=np.array([[True, False], [False, False], [True, True]]))
    words = region_columns(Task("t", classes=("safe", "toxic")), sets, np.array([True, True, False]))
    assert [series.to_list() for series in words] == [["{safe}", "{}", None]]
    sides = region_columns(
        Task("r", Kind.REGRESSION), Region(low=np.array([-np.inf, 1.0]), high=np.array([np.inf, 2.0])), np.ones(2, bool)
    )
    assert pl.DataFrame(sides).rows() == [(-np.inf, np.inf), (1.0, 2.0)]
    assert not Covered(0.9, [sets], {"t": [20, 20]}).notes([Task("t")])
