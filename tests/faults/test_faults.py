"""Full disks, lost permissions, broken disks, jumping clocks, and two processes on one folder."""

from __future__ import annotations

import pytest

from tests.faults.killing import Killer
from tests.faults.scenes import SCENES
from weft.jobs.folder import locked


@pytest.fixture(scope="module")
def killer(tmp_path_factory):
    return Killer(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize("fault", [("size", 200), ("size", 40_000), *(("fails", number) for number in (4, 23))])
def test_a_disk_that_fails_in_the_middle(killer, fault):
    """Protects from a torn folder: exit code 2, a message that names the file; the next run ends as undisturbed."""
    scene, (reference, _) = SCENES["fit tiny"], killer.undisturbed("fit tiny")
    work = killer.work("fit tiny")
    words = scene.words(work, killer.inputs)
    code, told = killer.run(words, fault)
    assert code == 2, told
    assert "Error: " in told
    assert "Traceback" not in told
    scene.whole(work, reference)
    killer.finish(words)
    assert scene.result(work) == reference


def test_a_clock_that_jumps_changes_nothing(killer):
    """Protects from results, order or locks that hang on the time of day."""
    reference, _ = killer.undisturbed("fit tiny")
    work = killer.work("fit tiny")
    assert killer.run(SCENES["fit tiny"].words(work, killer.inputs), ("clock", 1))[0] == 0
    assert SCENES["fit tiny"].result(work) == reference


@pytest.mark.parametrize("command", ["fit", "add-task", "pretrain"])
def test_two_processes_on_one_folder(killer, command):
    """Protects a folder from two writers: the second is refused with who is at work, and nothing of it is changed."""
    scene = "add-task" if command == "add-task" else "fit tiny"
    work = killer.work(scene)
    words = SCENES[scene].words(work, killer.inputs)
    if command == "pretrain":
        words = ["pretrain", str(killer.inputs / "table.csv"), "--out", str(work / "model"), "--size", "grover-tiny"]
        words += ["--steps", "1", "--quiet"]
    with locked(work / "model"):
        before = {path.name: path.read_bytes() for path in (work / "model").iterdir()}
        code, told = killer.run(words)
        assert code == 2, told
        assert "is working here" in told
        assert "Wait for it to end" in told
        assert {path.name: path.read_bytes() for path in (work / "model").iterdir()} == before


def test_two_benchmarks_share_a_folder(killer):
    """Protects from a training that is done twice, or twice in the results."""
    reference, _ = killer.undisturbed("benchmark")
    work = killer.work("benchmark")
    words = SCENES["benchmark"].words(work, killer.inputs)
    both = [killer.start(words), killer.start(words)]
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert SCENES["benchmark"].result(work) == reference
