"""Starting the other processes of a group."""

import os
import subprocess
import sys

import pytest

from weft.errors import UserError
from weft.group import Group, expected
from weft.jobs import launch
from weft.jobs.launch import several


class Child:
    ended = False

    def terminate(self):
        self.ended = True

    def wait(self):
        return 0

    def poll(self):
        return None


@pytest.fixture
def started(monkeypatch):
    """Take note of what would be started."""
    found = []

    def start(command, env, **_):
        found.append((command, env, Child()))
        return found[-1][2]

    monkeypatch.setattr(launch.subprocess, "Popen", start)
    monkeypatch.setattr(sys, "argv", ["weft", "fit", "t.csv", "--devices", "3"])
    for name in launch._PLACE:
        monkeypatch.delenv(name, raising=False)
    return found


def test_the_command_runs_once_more_per_device(started):
    """The same words, each with its number; this process is the first, and only for as long as it works."""
    with several(3):
        assert expected() == Group(0, 3)
        assert [env["RANK"] for _, env, _ in started] == ["1", "2"]
        assert len({env["MASTER_PORT"] for _, env, _ in started} | {os.environ["MASTER_PORT"]}) == 1
    assert all(command[-4:] == ["fit", "t.csv", "--devices", "3"] for command, _, _ in started)
    assert expected().alone
    assert all(child.ended for *_, child in started)


def test_an_error_ends_the_others(started):
    """Nothing is left running behind a message."""
    with pytest.raises(UserError), several(2):
        raise UserError("no")
    assert started[0][2].ended
    assert "WORLD_SIZE" not in os.environ


def test_one_device_starts_nothing(started):
    with several(1):
        assert expected().alone
    assert not started


def test_a_launcher_has_started_them_already(started, monkeypatch):
    """As torchrun does; another number than its own is refused."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    with several(1):
        assert expected() == Group(1, 2)
    with pytest.raises(UserError, match="2 processes were started"), several(3):
        pass
    assert not started


WAITS = """
import sys, time
from weft.jobs import launch
launch._GRACE = 0.2
sys.argv = ["weft", "--no-such-option"]
with launch.several(2):
    time.sleep(120)
"""


def test_a_process_that_fails_before_it_is_met_ends_the_command():
    """Protects from waiting for hours, deep in a library, for a process that is gone."""
    free = {name: value for name, value in os.environ.items() if name not in launch._PLACE}
    done = subprocess.run([sys.executable, "-c", WAITS], capture_output=True, text=True, timeout=100, env=free)
    assert done.returncode == 2
    assert "another of the 2 processes ended with code 2" in done.stderr
    assert "--resume" in done.stderr
