"""`weft predict` and `impute` on every engine: every row once, the same numbers, when a worker is killed in mid-run."""

import functools

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from weft.engines.base import engine
from weft.errors import UserError
from weft.jobs.fit import fit
from weft.jobs.options import FitOptions
from weft.jobs.part_engine import run_on
from weft.jobs.predict import PredictOptions, impute, predict
from weft.jobs.predict_parts import predict_parts
from weft.saved import load

ROWS = 45


def smiles(k):
    return "C" * (k % 11 + 1) + ("N" if k % 3 else "O")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Naive Bayes on labels: it reads what is known, and any process can load it."""
    folder = tmp_path_factory.mktemp("model")
    part = ["train"] * 30 + ["val"] * 10
    frame = pl.DataFrame(
        {
            "smiles": ["C" * (k + 1) + "O" for k in range(40)],
            "a": [k % 2 for k in range(40)],
            "b": [k // 2 % 2 for k in range(40)],
            "part": part,
        }
    )
    frame.write_csv(folder / "assays.csv")
    options = FitOptions(model="naive-bayes", split="column:part", threads=1)
    return fit(folder / "assays.csv", folder / "model", options).folder


@pytest.fixture
def new(tmp_path, monkeypatch):
    """Two Parquet files of a partitioned table, with some labels, a bad row and a blank."""
    (tmp_path / "marks").mkdir()
    monkeypatch.setenv("WEFT_FRAIL", str(tmp_path / "marks"))
    monkeypatch.setattr("weft.jobs.part_engine.TARGET", "tests.engines.work:frail_part")
    rows = [None if k == 30 else "C1CC" if k == 13 else smiles(k) for k in range(ROWS)]
    frame = pl.DataFrame({"id": range(ROWS), "smiles": rows, "a": [k % 2 if k % 4 == 0 else None for k in range(ROWS)]})
    (tmp_path / "new").mkdir()
    frame[:25].write_parquet(tmp_path / "new" / "one.parquet")
    frame[25:].write_parquet(tmp_path / "new" / "two.parquet")
    frame.write_parquet(tmp_path / "whole.parquet")
    return tmp_path / "new"


@pytest.mark.parametrize("fill", [False, True])
def test_rows_are_those_of_one_process(name, model, new, tmp_path, fill):
    """Nothing lost: a killed worker costs time; rows, order and numbers are those of the way at once."""
    runs = functools.partial(run_on, engine(name, 2))
    given = PredictOptions(threads=1)
    out = tmp_path / "out"
    done = predict_parts(load(model), model, new, out, given, lambda *_: None, fill=fill, engine=runs, rows=10)
    assert (tmp_path / "marks" / "killed").exists()
    once = (impute if fill else predict)(model, tmp_path / "whole.parquet", tmp_path / "once.parquet")
    assert (done.rows, done.bad, done.known, done.used) == (once.rows, once.bad, once.known, once.used)
    assert_frame_equal(pl.read_parquet(out / "*.parquet"), pl.read_parquet(tmp_path / "once.parquet"))
    assert done.parts == 5


def test_from_the_options(on_ray, model, new, tmp_path):
    """Protects `--engine ray`: a small table, too, goes to the workers."""
    table = tmp_path / "whole.parquet"
    told = PredictOptions(threads=1, engine="ray")
    done = predict(model, table, tmp_path / "out.csv", told)
    predict(model, table, tmp_path / "once.csv")
    assert (done.rows, done.parts) == (ROWS, 1)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "once.csv").read_bytes()


def test_what_does_not_go_by_parts_is_refused(model, new, tmp_path):
    """Protects from an option without effect, and from an engine that is not there."""
    for file, options, told in (
        (None, PredictOptions(engine="ray"), "only tables of molecules"),
        (tmp_path / "whole.parquet", PredictOptions(engine="rai"), "Did you mean ray"),
    ):
        with pytest.raises(UserError, match=told):
            predict(model, file, tmp_path / "out.csv", options)
    assert not list(tmp_path.glob("out*"))


def test_a_part_whose_worker_is_always_lost_is_told(model, new, tmp_path, monkeypatch):
    """Protects from an endless run: the part is named, and what was done is kept for --resume."""
    monkeypatch.setattr("weft.jobs.part_engine.TARGET", "tests.engines.work:lost_part")
    runs = functools.partial(run_on, engine("local", 2))
    given = PredictOptions(threads=1)
    with pytest.raises(UserError, match="every worker that predicted this part was lost"):
        predict_parts(load(model), model, new, tmp_path / "out", given, lambda *_: None, engine=runs, rows=10)
    assert len(list((tmp_path / "out" / ".work").glob("done-*.json"))) == 4
