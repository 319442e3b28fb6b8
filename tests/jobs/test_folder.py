import json
import subprocess
import sys

import pytest

from weft.errors import UserError
from weft.jobs.folder import Start, check_target, clear, locked, prepare

SAME = {"model": "tiny", "seed": 0}


def test_a_folder_of_other_things_is_refused(tmp_path):
    """Protects a person's files from being mixed with a model's."""
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(UserError, match="no weft model"):
        check_target(tmp_path)
    with pytest.raises(UserError, match="a file, not a folder"):
        check_target(tmp_path / "thesis.tex")


@pytest.mark.parametrize("name", ["model.json", ".work"])
def test_a_folder_of_ours_and_a_new_one_are_taken(tmp_path, name):
    """Protects fitting again, and continuing, in the folder of an earlier fit."""
    (tmp_path / name).mkdir() if name == ".work" else (tmp_path / name).write_text("{}")
    (tmp_path / "notes.txt").write_text("x")
    check_target(tmp_path)
    check_target(tmp_path / "new")


def test_unfinished_work_is_neither_mixed_nor_lost(tmp_path):
    """Protects unfinished work from a fit that did not ask for it: seen to catch a prepare that wipes it."""
    assert prepare(tmp_path, SAME, resume=False) is Start.FRESH
    (tmp_path / ".work" / "stage").write_text("hours of work")
    with pytest.raises(UserError, match=r"unfinished fit.*--resume"):
        prepare(tmp_path, SAME, resume=False)
    assert prepare(tmp_path, SAME, resume=True) is Start.CONTINUED
    assert (tmp_path / ".work" / "stage").exists()


def test_resume_names_what_differs(tmp_path):
    """Protects a run from continuing on other options or data."""
    prepare(tmp_path, SAME, resume=False)
    with pytest.raises(UserError, match="seed was 0, now 1"):
        prepare(tmp_path, {**SAME, "seed": 1}, resume=True)


def test_resume_of_a_finished_fit_does_nothing_or_refuses(tmp_path):
    """Protects scripts that always say --resume."""
    (tmp_path / "model.json").write_text("{}")
    (tmp_path / "run.json").write_text(json.dumps({"identity": SAME}))
    assert prepare(tmp_path, SAME, resume=True) is Start.FINISHED
    with pytest.raises(UserError, match="model was 'tiny', now 'rf'"):
        prepare(tmp_path, {**SAME, "model": "rf"}, resume=True)


def test_clear_leaves_no_trace(tmp_path):
    """Protects a finished folder from looking unfinished."""
    prepare(tmp_path, SAME, resume=False)
    clear(tmp_path)
    assert not (tmp_path / ".work").exists()


def test_a_second_process_is_refused_and_a_dead_one_is_not_in_the_way(tmp_path):
    """Protects two fits from writing one folder; a lock file left by kill -9 must not block."""
    code = f"from pathlib import Path; from weft.jobs.folder import locked\nwith locked(Path({str(tmp_path)!r})): pass"
    with locked(tmp_path):
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "is working here" in other.stderr
    (tmp_path / ".lock").write_text("999999")
    with locked(tmp_path):
        assert (tmp_path / ".lock").exists()
    assert not (tmp_path / ".lock").exists()
