"""A big table, part by part: the rows of the way at once, whatever happened in between."""

import functools
import os
import signal
import subprocess
import sys

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.jobs.conftest import PARTS
from weft.data.parts import PART_ROWS
from weft.errors import UserError
from weft.jobs.fit import fit
from weft.jobs.options import FitOptions
from weft.jobs.part_workers import run_parts
from weft.jobs.predict import PredictOptions, impute, predict
from weft.jobs.predict_parts import predict_parts
from weft.saved import load

ROWS = 47


@pytest.fixture
def new(tmp_path):
    """47 molecules; one cannot be read, one is blank, some have labels."""
    smiles = ["C" * (k % 11 + 1) + ("N" if k % 3 else "") for k in range(ROWS)]
    smiles[13], smiles[30] = "C1CC", None
    known = [k % 2 if k % 5 == 0 else None for k in range(ROWS)]
    frame = pl.DataFrame({"id": [f"{k:03d}" for k in range(ROWS)], "smiles": smiles, "a": known})
    frame.write_csv(tmp_path / "new.csv")
    frame.write_parquet(tmp_path / "new.parquet", row_group_size=20)
    return tmp_path / "new.csv"


def in_parts(model, file, out, fill=False, engine=None, rows=10, **options):
    engine = engine or functools.partial(run_parts, workers=0)
    given = PredictOptions(threads=1, **options)
    return predict_parts(load(model), model, file, out, given, lambda *_: None, fill=fill, engine=engine, rows=rows)


def dies_after(count):
    def engine(jobs, done):
        run_parts(jobs[:count], done, 0)
        raise KeyboardInterrupt

    return engine


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.csv.gz"])
def test_text_is_the_same_as_at_once(model, new, tmp_path, name):
    """Protects header, order, numbers and blanks: byte for byte what the way at once writes."""
    done = in_parts(model, new, tmp_path / name)
    once = predict(model, new, tmp_path / f"once-{name}")
    assert unpacked(tmp_path / name) == unpacked(tmp_path / f"once-{name}")
    assert (done.rows, done.bad, done.known, done.used) == (once.rows, once.bad, once.known, once.used)
    assert (done.first_bad, done.parts) == (once.first_bad, 5)
    assert [path.name for path in tmp_path.glob("*.parts")] == []


def unpacked(path):
    import gzip

    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.mark.parametrize("fill", [False, True])
def test_parquet_is_the_same_as_at_once(model, new, tmp_path, fill):
    """Protects types, order and values of Parquet, in one file and in a folder, predicted and filled in."""
    source = new.with_suffix(".parquet")
    (impute if fill else predict)(model, source, tmp_path / "once.parquet")
    in_parts(model, source, tmp_path / "out.parquet", fill)
    in_parts(model, source, tmp_path / "folder", fill)
    once = pl.read_parquet(tmp_path / "once.parquet")
    assert_frame_equal(pl.read_parquet(tmp_path / "out.parquet"), once)
    assert_frame_equal(pl.read_parquet(tmp_path / "folder" / "*.parquet"), once)
    bad = pl.read_csv(tmp_path / "folder" / "_bad_rows.csv")
    assert bad["row"].to_list() == [14, 31]
    assert bad["reason"].to_list() == [once["status"][13], "empty SMILES"]


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "folder"])
@pytest.mark.parametrize("count", [0, 2, 5])
def test_a_stopped_run_goes_on(model, new, tmp_path, name, count):
    """Protects finished parts: only the others are made again, and the output is that of an undisturbed run."""
    in_parts(model, new, tmp_path / "whole" / name)
    out = tmp_path / "stopped" / name
    with pytest.raises(KeyboardInterrupt):
        in_parts(model, new, out, engine=dies_after(count))
    assert not out.is_file()
    made = []

    def engine(jobs, done):
        made.extend(job.at for job in jobs)
        run_parts(jobs, done, 0)

    done = in_parts(model, new, out, engine=engine, resume=True)
    assert made == list(range(count, 5))
    assert done.rows == ROWS
    assert contents(out) == contents(tmp_path / "whole" / name)


def contents(path):
    files = [path] if path.is_file() else sorted(path.glob("part-*"))
    return [file.read_bytes() for file in files]


def test_what_is_unfinished_is_not_taken_for_something_else(model, new, tmp_path):
    """Protects from parts of another model, input or question, and from a start over by mistake."""
    out = tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        in_parts(model, new, out, engine=dies_after(2))
    with pytest.raises(UserError, match=r"an unfinished prediction is here.*--resume"):
        in_parts(model, new, out)
    with pytest.raises(UserError, match="cannot resume, the prediction here began otherwise: prefix was '', now 'x_'"):
        in_parts(model, new, out, prefix="x_", resume=True)
    text = new.read_text()
    new.write_text(text.replace("000,C", "000,CC"))
    with pytest.raises(UserError, match="began otherwise: input was"):
        in_parts(model, new, out, resume=True)
    new.write_text(text)
    card = model / "model.json"
    card.write_text(card.read_text() + " ")
    with pytest.raises(UserError, match="began otherwise: model was"):
        in_parts(model, new, out, resume=True)


def test_a_part_that_was_damaged_is_made_again(model, new, tmp_path):
    """Protects from a half-written part that would be read as whole."""
    in_parts(model, new, tmp_path / "whole.csv")
    out = tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        in_parts(model, new, out, engine=dies_after(3))
    part = next((tmp_path / "out.csv.parts" / ".work").glob("part-000001-*"))
    part.write_bytes(part.read_bytes()[:-5])
    done = in_parts(model, new, out, resume=True)
    assert done.notes == ("2 of 5 parts were done before",)
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_finished_folder_is_known_again(model, new, tmp_path):
    """Protects hours of work from a second --resume, and from files that were changed since."""
    first = in_parts(model, new, tmp_path / "folder")
    again = in_parts(model, new, tmp_path / "folder", resume=True, engine=dies_after(0))
    assert (again.rows, again.bad, again.known) == (first.rows, first.bad, first.known)
    shorter = new.with_name("shorter.csv")
    shorter.write_text("".join(new.read_text().splitlines(keepends=True)[:12]))
    in_parts(model, shorter, tmp_path / "other")
    in_parts(model, new, tmp_path / "other")
    in_parts(model, shorter, tmp_path / "other")
    assert pl.read_parquet(tmp_path / "other" / "*.parquet").height == 11
    assert not (tmp_path / "other" / "_bad_rows.csv").exists()
    part = tmp_path / "folder" / "part-000002.parquet"
    part.write_bytes(part.read_bytes() + b"x")
    with pytest.raises(UserError, match="not what was written"):
        in_parts(model, new, tmp_path / "folder", resume=True)


def test_what_cannot_be_done_leaves_nothing(model, new, tmp_path):
    """Protects from errors after hours, and from leftovers: bad cells and taken names are told before any work."""
    out, text = tmp_path / "out.csv", new.read_text()
    new.write_text(text.replace("042,CCCCCCCCCC,", "042,CCCCCCCCCC,7"))
    assert text != new.read_text()
    with pytest.raises(UserError, match=r"row 43, column a: label '7'"):
        in_parts(model, new, out, engine=dies_after(0))
    new.write_text(text.replace("id,smiles", "status,smiles"))
    with pytest.raises(UserError, match="already has a column named status"):
        in_parts(model, new, out)
    assert {path.name for path in tmp_path.iterdir()} == {"new.csv", "new.parquet", "model"}
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="the folder is not empty"):
        in_parts(model, new, tmp_path / "other")


def test_big_tables_and_folders_go_part_by_part(model, new, tmp_path, monkeypatch):
    """Protects the choice of the way: a person need not know of it."""
    monkeypatch.setattr("weft.jobs.part_engine.run_parts", lambda jobs, done, workers: run_parts(jobs, done, 0))
    options = PredictOptions(threads=1)
    assert predict(model, new, tmp_path / "out.csv", options).parts == 0
    assert predict(model, new, tmp_path / "folder", options).parts == 1
    monkeypatch.setattr("weft.data.parts.PART_ROWS", 40)
    assert predict(model, new, tmp_path / "big.csv", options).parts == 1
    source = tmp_path / "source"
    source.mkdir()
    new.with_suffix(".parquet").rename(source / "b.parquet")
    pl.read_parquet(source / "b.parquet").head(3).write_parquet(source / "a.parquet")
    done = predict(model, source, tmp_path / "all.csv", options)
    assert (done.rows, done.first_bad, done.first_bad_file) == (ROWS + 3, (14, done.first_bad[1]), source / "b.parquet")
    with pytest.raises(UserError, match="in the folder of the input"):
        predict(model, source, source / "out", options)


@pytest.fixture(scope="module")
def linear(tmp_path_factory):
    folder = tmp_path_factory.mktemp("linear")
    rows = [f"{'C' * (k + 1)}{'O' if k % 3 else 'N'},{k % 2},{k}.5,{part}" for k, part in enumerate(PARTS)]
    (folder / "assays.csv").write_text("\n".join(["smiles,a,size,part", *rows]) + "\n")
    options = FitOptions(model="linear", split="column:part", tasks=("a", "size"), threads=1)
    return fit(folder / "assays.csv", folder / "model", options).folder


def test_processes_that_die_cost_time_and_no_row(linear, tmp_path):
    """Protects rows from a worker that is killed: its part is made again; and all of it from kill -9 and --resume.

    Seen to catch: a part lost with its process.
    """
    source = tmp_path / "in"
    source.mkdir()
    for at in range(12):
        frame = pl.DataFrame({"smiles": ["C" * (k % 13 + 1) + "O" * (at % 2) for k in range(150)]})
        frame.write_parquet(source / f"{at:02d}.parquet")
    options = PredictOptions(threads=1)
    whole = in_parts(linear, source, tmp_path / "whole", rows=PART_ROWS)
    shot = []

    def shoot(stage, done, total, _):
        if stage == "predict" and done and not shot:
            told = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "weft.data.parallel"], capture_output=True)
            shot.extend(int(pid) for pid in told.stdout.split())
            os.kill(shot[0], signal.SIGKILL)

    predict_parts(load(linear), linear, source, tmp_path / "shot", options, shoot)
    assert shot
    assert contents(tmp_path / "shot") == contents(tmp_path / "whole")
    words = [sys.executable, "-m", "weft", "predict", linear, source, "--out", tmp_path / "killed", "--threads", "1"]
    killed = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    while len(list((tmp_path / "killed" / ".work").glob("done-*.json"))) < 3:
        assert killed.poll() is None
    killed.kill()
    killed.wait()
    assert not (tmp_path / "killed" / "_manifest.json").exists()
    told = subprocess.run([*words, "--resume", "--json", "--quiet"], capture_output=True, text=True, check=True)
    assert '"rows": 1800' in told.stdout
    assert "of 12 parts were done before" in told.stderr
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert whole.parts == 12
