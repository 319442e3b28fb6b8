"""A model folder with every kind of damage: what is told, and that nothing is changed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from weft.doctor.model_folder import model_folder
from weft.jobs.folder import locked
from weft.publish import READY


def card(folder: Path, **changed) -> None:
    told = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**told, **changed}))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


DAMAGE = {
    "weights flipped": (lambda m: flip(m / "model.safetensors"), "model.safetensors", "torn or changed"),
    "weights cut": (lambda m: cut(m / "model.safetensors"), "model.safetensors", "torn or changed"),
    "weights gone": (
        lambda m: (m / "model.safetensors").unlink(),
        "model.safetensors",
        "without them there is no model",
    ),
    "metrics changed": (lambda m: flip(m / "metrics.json"), "metrics.json", "torn or changed"),
    "split cut": (lambda m: cut(m / "split.parquet"), "split.parquet", "torn or changed"),
    "card cut": (lambda m: cut(m / "model.json"), "model.json", "not valid JSON"),
    "card edited": (lambda m: card(m, settings=["standard"]), "model.json", "changed after it was written"),
    "card lacks": (lambda m: (m / "model.json").write_text('{"schema": 1}'), "model.json", "lacks predictor, settings"),
    "newer": (lambda m: card(m, schema=2, weft="9.1.0"), "model.json", "by weft 9.1.0; this weft"),
    "unknown": (lambda m: card(m, predictor="tinny"), "model.json", "changed after it was written"),
    "no card": (lambda m: (m / "model.json").unlink(), "model.json", "copied in part"),
    "run card cut": (lambda m: cut(m / "run.json"), "run.json", "not valid JSON"),
}


@pytest.mark.parametrize("case", list(DAMAGE))
def test_damage_is_told_where_it_is(model, look, case):
    """Protects a person from a folder that was torn in copying: the file is named, and what mends it."""
    damage, topic, told = DAMAGE[case]
    damage(model)
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    well, wrong, _ = look(model)
    assert not well
    assert told in wrong[topic]
    assert wrong[topic].rstrip().endswith((".", "weft"))
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_a_whole_folder_is_well_and_a_missing_side_file_is_a_note(model, look):
    assert look(model) == (True, {}, {})
    (model / "seen.parquet").unlink()
    (model / "run.json").unlink()
    well, _, notes = look(model)
    assert well
    assert "weft evaluate scores training rows" in notes["seen.parquet"]
    assert "--resume" in notes["run.json"]


def test_other_versions_and_folders_without_hashes_are_notes(model, look):
    """Protects from alarm at a model of another machine or of an older weft."""
    told = json.loads((model / "run.json").read_text())
    told["versions"]["numpy"] = "1.0"
    (model / "run.json").write_text(json.dumps(told))
    old = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(json.dumps({key: old[key] for key in old if key not in ("files", "seal")}))
    well, wrong, notes = look(model)
    assert well
    assert not wrong
    assert "numpy 1.0 (now" in notes["run.json"]
    assert "kept no hashes" in notes["model.json"]


def test_locks_of_the_living_and_the_dead(model, look):
    """Protects from deleting the lock of a fit at work; the look itself must not take it."""
    with locked(model):
        _, _, notes = look(model)
        assert f"process {os.getpid()} is working here" in notes["lock"]
        code = f"from pathlib import Path; from weft.jobs.folder import locked\nwith locked(Path({str(model)!r})): pass"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode != 0
    (model / ".lock").write_text("999999")
    well, _, notes = look(model)
    assert well
    assert "left behind" in notes["lock"]


def test_unfinished_work(model, look, tmp_path):
    """Protects hours of work: the way to go on is told, also where there is no model yet."""
    for folder in (model, tmp_path / "new"):
        (folder / ".work").mkdir(parents=True)
        (folder / ".work" / "resume.json").write_text("{}")
        (folder / ".work" / "train.checkpoint.safetensors").write_text("")
    well, _, notes = look(model)
    assert well
    assert "1 stages or checkpoints" in notes["unfinished"]
    well, wrong, notes = look(tmp_path / "new")
    assert not well
    assert "--resume" in notes["unfinished"]
    assert "has not ended" in wrong["model.json"]


def test_files_on_their_way_are_whole(model, look):
    """Protects from a false alarm when a command died while it moved files into place."""
    (model / READY).mkdir()
    for name in ("model.safetensors", "model.json"):
        shutil.move(model / name, model / READY / name)
    well, wrong, notes = look(model)
    assert well, wrong
    assert "the next command on the folder completes it" in notes["unfinished"]
    assert (model / READY / "model.json").exists()


def test_half_written_files_are_told(model, look):
    (model / ".model.json.x7").write_text('{"a"')
    assert "rm " in look(model)[2]["left behind"]


def test_it_says_when_a_model_does_not_load(model, monkeypatch):
    """Protects from a clean bill for a model that no command can use."""

    def fail(*_):
        raise RuntimeError("shapes")

    monkeypatch.setattr("weft.saved.load", fail)
    assert any(finding.level == "wrong" and "RuntimeError" in finding.what for finding in model_folder(model))
