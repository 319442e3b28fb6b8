import gzip
import json
import os
import shutil
import subprocess

import pytest

GOOD = "smiles,a,b\nCO,1,0\nCCO,0,1\nCCCO,1,1\nCCCCO,0,0\nCCN,1,0\nCCCN,0,1\n"
FIT = ["--model", "tiny", "--split", "random", "--threads", "1"]


def check(done, *told):
    """What every refusal has in common: exit code 2, a message of one 'Error:', no traceback, no result."""
    assert done.code == 2
    assert "Traceback" not in done.err
    assert done.err.count("Error: ") == 1
    assert done.out == ""
    for words in told:
        assert words in done.err


BAD_TABLES = {
    "empty": ("", ["bad.csv", "empty"]),
    "header only": ("smiles,a\n", ["bad.csv", "no row"]),
    "no smiles": ("name,a\nx,1\ny,0\n", ["bad.csv", "SMILES", "--smiles"]),
    "all missing": (GOOD.replace(",b", ",b,gone").replace("\n", ",\n").replace("gone,", "gone"), ["gone", "--exclude"]),
    "one class": ("smiles,a,b\nCO,1,1\nCCO,0,1\nCCCO,1,1\n", ["column b", "one class", "--exclude b"]),
    "label 2": ("smiles,a\nCO,1\nCCO,0\nCCCO,2\n", ["row 3", "column a", "'2'"]),
    "text": ("smiles,a\nCO,1.5\nCCO,0.1\nCCCO,high\nCCN,3.2\n", ["row 3", "column a", "'high'"]),
    "duplicate headers": ("smiles,a,a\nCO,1,0\n", ["bad.csv", "a"]),
    "ragged": ("smiles,a\nCO,1\nCCO,0,0\n", ["row 2"]),
    "no task": ("smiles,name\nCO,x\nCCO,y\n", ["no task column", "--tasks"]),
    "nothing parses": ("smiles,a\nC1CC,1\nC1CCC,0\n", ["bad.csv"]),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_tables(weft, tmp_path, case):
    """Protects a person with a bad table: place and mend, nothing half-made."""
    text, told = BAD_TABLES[case]
    (tmp_path / "bad.csv").write_text(text)
    kind = {"label 2": ["--kind", "a=binary"], "text": ["--kind", "a=regression"]}.get(case, [])
    check(weft("fit", tmp_path / "bad.csv", "--out", tmp_path / "m", *FIT, *kind), *told)
    assert not (tmp_path / "m").exists() or list((tmp_path / "m").iterdir()) == []


def test_unknown_columns(weft, tmp_path):
    """Protects from a misspelt column in any option: the nearest name is told."""
    (tmp_path / "t.csv").write_text(GOOD)
    for option in (["--smiles", "smile"], ["--tasks", "aa"], ["--exclude", "bb"], ["--split", "column:part"]):
        check(weft("fit", tmp_path / "t.csv", "--out", tmp_path / "m", "--model", "tiny", *option), option[1][-2:])


def test_broken_gzip_and_missing_file(weft, tmp_path):
    """Protects from a download that was cut short."""
    whole = gzip.compress(GOOD.encode())
    (tmp_path / "t.csv.gz").write_bytes(whole[: len(whole) // 2])
    check(weft("validate", tmp_path / "t.csv.gz"), "t.csv.gz", "gzip")
    check(weft("validate", tmp_path / "u.csv.gz"), "no such file", "t.csv.gz")


def test_what_is_odd_but_right_is_read(weft, tmp_path):
    """Protects BOM, mixed line ends, salts, single atoms and a nonsense SMILES of 100 000 atoms: rows, not errors."""
    rows = ["smiles,a\r", "[Na+].[Cl-],1", "C,0\r", "C" * 100_000 + ",1", "CCO,0", "CCN,1\r", "CCS,0", ""]
    (tmp_path / "t.csv").write_bytes("﻿".encode() + "\n".join(rows).encode())
    done = weft("validate", tmp_path / "t.csv", "--json")
    found = json.loads(done.out)
    assert (done.code, found["rows"], [bad["row"] for bad in found["bad_rows"]]) == (0, 6, [3])
    done = weft("fit", tmp_path / "t.csv", "--out", tmp_path / "m", *FIT)
    assert done.code == 0
    assert "1 of 6 rows cannot be used" in done.err


def test_unwritable_places(weft, tmp_path, model):
    """Protects from work that cannot be written, for folders and files."""
    (tmp_path / "t.csv").write_text(GOOD)
    (tmp_path / "file").write_text("x")
    check(weft("fit", tmp_path / "t.csv", "--out", tmp_path / "file" / "m", *FIT), "file")
    check(weft("predict", model, tmp_path / "t.csv", "--out", tmp_path / "file" / "p.csv"), "file")
    if os.geteuid() != 0:  # nothing is unwritable to root
        (tmp_path / "closed").mkdir(mode=0o500)
        check(weft("fit", tmp_path / "t.csv", "--out", tmp_path / "closed" / "m", *FIT), "closed", "may write to")


def test_a_disk_that_says_full(weft, tmp_path, model, monkeypatch):
    """Protects from half an output file when the disk fills up, wherever that happens."""

    def full(*_):
        raise OSError(28, "No space left on device")

    (tmp_path / "t.csv").write_text(GOOD)
    monkeypatch.setattr("weft.files.os.fsync", full)
    check(
        weft("predict", model, tmp_path / "t.csv", "--out", tmp_path / "p.csv"), "p.csv", "No space left", "Free some"
    )
    check(weft("fit", tmp_path / "t.csv", "--out", tmp_path / "m", *FIT), "No space left")
    assert not (tmp_path / "p.csv").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    assert not (tmp_path / "m" / "model.json").exists()


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 24 kB; only root can make one."""
    place = tmp_path / "small"
    place.mkdir()
    if (
        not shutil.which("mount")
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24k", "tmpfs", place], capture_output=True).returncode
    ):
        pytest.skip("no right to mount a small file system")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_disk_that_is_full(weft, tmp_path, model, small_disk):
    """Protects the same on a file system that is really full."""
    (tmp_path / "t.csv").write_text("smiles,a\n" + "".join(f"{'C' * (k % 30 + 1)}O,\n" for k in range(2000)))
    check(weft("predict", model, tmp_path / "t.csv", "--out", small_disk / "p.csv"), "No space left", "Free some")
    assert list(small_disk.iterdir()) == []
    (tmp_path / "u.csv").write_text(GOOD)
    check(weft("fit", tmp_path / "u.csv", "--out", small_disk / "m", *FIT), "No space left")
    assert not (small_disk / "m" / "model.json").exists()


def break_nothing(folder):
    shutil.rmtree(folder)


def break_weights(folder):
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[:-8])


def break_weights_away(folder):
    (folder / "model.safetensors").unlink()


def break_card(folder):
    (folder / "model.json").write_text((folder / "model.json").read_text()[:100])


def break_card_content(folder):
    (folder / "model.json").write_text('{"schema": 1}')


def break_version(folder):
    card = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**card, "schema": 99}))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (break_nothing, "weft fit --out"),
        (break_weights, "model.safetensors"),
        (break_weights_away, "model.safetensors"),
        (break_card, "model.json"),
        (break_card_content, "model.json"),
        (break_version, "Upgrade weft"),
    ],
)
def test_damaged_and_newer_models(weft, tmp_path, model, damage, told):
    """Protects from a model folder that was cut short in copying, or is of a newer weft."""
    (tmp_path / "t.csv").write_text(GOOD)
    damage(model)
    for words in (
        ["predict", "--out", tmp_path / "p.csv"],
        ["impute", "--out", tmp_path / "p.csv"],
        ["evaluate"],
        ["add-task"],
    ):
        check(weft(words[0], model, tmp_path / "t.csv", *words[1:]), told)
    assert not (tmp_path / "p.csv").exists()


def test_bad_options(weft, model, table, tmp_path):
    """Protects from misspelt options: code 2 from the parser as well."""
    check(weft("fit", table, "--out", tmp_path / "m", "--model", "lightgmb"), "lightgbm")
    check(weft("fit", table, "--out", tmp_path / "m", "--setting", "relation"), "relational")
    check(weft("fit", table, "--out", tmp_path / "m", "--model", "tiny", "--split", "scafold"), "scaffold")
    check(weft("datasets", "get", "tox22"), "tox21")
    assert weft("fit", table).code == 2
    assert weft("fit", table, "--out", tmp_path / "m", "--sed", "1").code == 2
    assert not (tmp_path / "m").exists()


def test_numbers_out_of_range(weft, model, table, tmp_path):
    """Protects from a traceback deep inside. Seen to catch: --seed -1 and --threads -1 taken as they are."""
    for words in (
        ["fit", table, "--out", tmp_path / "m", "--seed", "-1"],
        ["fit", table, "--out", tmp_path / "m", "--seed", str(2**70)],
        ["evaluate", model, table, "--seed", "-1"],
        ["predict", model, table, "--out", tmp_path / "p.csv", "--threads", "-1"],
        ["validate", table, "--threads", "0"],
    ):
        done = weft(*words)
        assert done.code == 2
        assert words[-2] in done.err
    assert not (tmp_path / "m").exists()


def test_mends_name_options_that_the_command_has(weft, model, table, tmp_path):
    """Protects from advice that cannot be followed. Seen to catch: --kind told by predict, --exclude by add-task."""
    (tmp_path / "two.csv").write_text("smiles,a\nCO,2\n")
    done = weft("predict", model, tmp_path / "two.csv", "--out", tmp_path / "p.csv")
    check(done, "row 1", "column a", "rename")
    assert "--kind" not in done.err
    (tmp_path / "new.csv").write_text("smiles,fresh\nCCO,1\nCCN,1\n")
    done = weft("add-task", model, tmp_path / "new.csv")
    check(done, "column fresh", "--task")
    assert "--exclude" not in done.err


def test_a_column_cannot_be_a_task_and_left_out(weft, tmp_path):
    """Protects from one of two contradicting options being forgotten in silence."""
    (tmp_path / "t.csv").write_text(GOOD)
    check(
        weft("fit", tmp_path / "t.csv", "--out", tmp_path / "m", *FIT, "--tasks", "a", "--exclude", "a"), "'a'", "both"
    )


def test_an_sdf_is_not_written(weft, model, table, tmp_path):
    """Protects the message for an extension in two parts: all of it is named."""
    check(weft("predict", model, table, "--out", tmp_path / "p.sdf.gz"), ".sdf.gz", ".csv")


def test_nothing_to_score_says_why(weft, model, tmp_path):
    """Protects from a wrong reason. Seen to catch: rows that cannot be parsed told as seen in training."""
    (tmp_path / "t.csv").write_text("smiles,a\nbogus,1\nbogus2,0\n")
    check(weft("evaluate", model, tmp_path / "t.csv"), "no row with a label can be used")
