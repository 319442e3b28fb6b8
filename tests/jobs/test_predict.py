import csv
import json

import numpy as np
import polars as pl
import pytest

from weft.errors import UserError
from weft.jobs.output import add_predictions
from weft.jobs.predict import PredictOptions, impute, predict
from weft.labels import LabelTable
from weft.predictor import Predictions
from weft.tasks import Kind, Task, TaskSet

HEADER = "note,smiles,b,a\n"
ROWS = ['"says ""hi"", twice",CCCO,1,\n', "007,C1CC,,1\n", " padded ,c1ccccc1,,1\n", "1.50,,0,\n"]


@pytest.fixture
def new(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text(HEADER + "".join(ROWS))
    return path


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_input_cells_stay_as_they_are(model, new, tmp_path):
    """Protects ids, quotes, blanks and decimals of the input, and its order of rows and columns."""
    predict(model, new, tmp_path / "out.csv")
    before, after = read(new), read(tmp_path / "out.csv")
    assert [{k: row[k] for k in before[0]} for row in after] == before
    assert list(after[0])[:4] == ["note", "smiles", "b", "a"]


def test_the_promised_columns(model, new, tmp_path):
    """Protects the stable surface of the predictions file."""
    predict(model, new, tmp_path / "out.csv")
    rows = read(tmp_path / "out.csv")
    added = list(rows[0])[4:]
    per_task = ["a_pred", "a_std", "a_known", "b_pred", "b_std", "b_known", "size_pred", "size_std", "size_known"]
    classes = ["colour_pred", "colour_p_blue", "colour_p_red", "colour_std", "colour_known"]
    assert added == [*per_task, *classes, "status"]
    assert [row["a_known"] for row in rows] == ["false", "true", "true", "false"]
    assert rows[0]["colour_pred"] == "red"


def test_a_bad_row_has_blanks_and_a_reason(model, new, tmp_path):
    """Protects 'nothing lost': a bad row shifts nothing and is not dropped."""
    done = predict(model, new, tmp_path / "out.csv")
    rows = read(tmp_path / "out.csv")
    assert [row["status"] == "ok" for row in rows] == [True, False, True, False]
    assert rows[3]["status"] == "empty SMILES"
    assert rows[1]["a_pred"] == rows[1]["colour_pred"] == ""
    assert rows[0]["a_pred"] != ""
    assert (done.rows, done.bad, done.known, done.first_bad[0]) == (4, 2, 4, 2)


def test_a_prediction_does_not_see_its_own_label(model, new, tmp_path):
    """Protects against peeking in the output: seen to catch predictions made with all known labels shown."""
    predict(model, new, tmp_path / "one.csv")
    new.write_text(new.read_text().replace("c1ccccc1,,1", "c1ccccc1,,0"))
    predict(model, new, tmp_path / "two.csv")
    one, two = read(tmp_path / "one.csv")[2], read(tmp_path / "two.csv")[2]
    assert one["a_pred"] == two["a_pred"]
    assert one["b_pred"] != two["b_pred"]


def test_a_row_does_not_depend_on_the_others(model, new, tmp_path):
    """Protects batch invariance through the whole command."""
    predict(model, new, tmp_path / "all.csv")
    new.write_text(HEADER + ROWS[2])
    predict(model, new, tmp_path / "alone.csv")
    assert read(tmp_path / "alone.csv")[0] == read(tmp_path / "all.csv")[2]


def test_known_labels_can_be_ignored(model, new, tmp_path):
    """Protects --ignore-known: the standard setting on a table with labels."""
    done = predict(model, new, tmp_path / "out.csv", PredictOptions(ignore_known=True))
    rows = read(tmp_path / "out.csv")
    assert not done.used
    assert rows[0]["a_pred"] == rows[2]["a_pred"]
    assert rows[2]["a_known"] == "true"


def test_impute_fills_blanks_only(model, new, tmp_path):
    """Protects known cells of an imputed table: seen to catch a fill of every cell."""
    impute(model, new, tmp_path / "out.csv")
    rows = read(tmp_path / "out.csv")
    assert [rows[0]["b"], rows[2]["a"]] == ["1", "1"]
    assert 0 < float(rows[0]["a"]) < 1
    assert rows[0]["colour"] == "red"
    assert (rows[0]["a_known"], rows[0]["b_known"]) == ("false", "true")
    assert [rows[1]["b"], rows[3]["a"]] == ["", ""]


def test_parquet_in_and_out(model, tmp_path):
    """Protects numeric columns of Parquet: same type for predict, room for probabilities for impute."""
    pl.DataFrame({"smiles": ["CCO", "CCCO"], "a": [1, None], "when": ["x", "y"]}).write_parquet(tmp_path / "in.parquet")
    predict(model, tmp_path / "in.parquet", tmp_path / "out.parquet")
    impute(model, tmp_path / "in.parquet", tmp_path / "full.parquet")
    out, full = pl.read_parquet(tmp_path / "out.parquet"), pl.read_parquet(tmp_path / "full.parquet")
    assert out["a"].to_list() == [1, None]
    assert out["a_pred"].dtype == pl.Float64
    assert full["a"][0] == 1.0
    assert 0 < full["a"][1] < 1


def test_a_taken_column_name_is_refused_and_prefix_helps(model, new, tmp_path):
    """Protects a person's column from being overwritten by ours."""
    new.write_text(new.read_text().replace("note,", "a_pred,"))
    with pytest.raises(UserError, match=r"already has a column named a_pred.*--prefix"):
        predict(model, new, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    predict(model, new, tmp_path / "out.csv", PredictOptions(prefix="weft_"))
    assert "weft_a_pred" in read(tmp_path / "out.csv")[0]


def test_the_usual_smiles_column_goes_first(model, tmp_path):
    """Protects a table with two SMILES columns: the one named as in training is taken."""
    path = tmp_path / "two.csv"
    path.write_text("canonical_smiles,smiles,a\nC1CC,CCO,\nC1CC,CCCO,\n")
    assert predict(model, path, tmp_path / "out.csv").bad == 0
    assert predict(model, path, tmp_path / "out.csv", PredictOptions(smiles="canonical_smiles")).bad == 2


def test_a_model_without_labels_says_so(model, new, tmp_path):
    """Protects a person from believing that labels were used when the model takes none."""
    card = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(json.dumps({**card, "settings": ["standard"], "seal": None}))
    done = predict(model, new, tmp_path / "out.csv")
    assert (done.known, done.used) == (4, False)
    values = [float(row["a_pred"]) for row in read(tmp_path / "out.csv") if row["a_pred"]]
    assert np.ptp(values) == 0


def test_added_columns_that_would_be_named_alike_are_refused():
    """Protects from a traceback when a class of one task and another task's name make the same column."""
    tasks = TaskSet((Task("a", Kind.MULTICLASS, ("x", "std")), Task("a_p")))
    found = Predictions(tasks, np.ones((1, 3)), np.ones((1, 3)), np.ones(1, bool))
    with pytest.raises(UserError, match="two added columns would be named 'a_p_std'"):
        add_predictions(pl.DataFrame({"smiles": ["C"]}), found, LabelTable.empty(tasks, 1), ["ok"])
