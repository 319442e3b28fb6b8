import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from safetensors.numpy import load_file

ROOT = Path(__file__).parents[2]
CODE = "from tests import tiny; from weft.predictor import REGISTRY; REGISTRY['tiny'] = 'tests.tiny:Tiny'\n"
CODE += "from weft.cli.main import main; main()"


def start(tmp_path, table, *words, sleeps=""):
    command = [sys.executable, "-c", CODE, "fit", table, "--out", tmp_path / "m", "--model", "tiny", "--threads", "1"]
    env = {**os.environ, "WEFT_CACHE": str(tmp_path / "cache"), "TINY_SLEEPS": sleeps}
    return subprocess.Popen(
        [*map(str, command), "--split", "column:part", *words], cwd=ROOT, env=env, text=True, stderr=subprocess.PIPE
    )


def wait_for(path):
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"{path} did not appear")


def test_killed_refused_and_resumed(table, tmp_path):
    """Protects a run from kill -9, from a second run beside it, and from being taken for finished.

    Seen to catch: a lock that outlives its process, and `model.json` written early.
    """
    first = start(tmp_path, table, sleeps="300")
    wait_for(tmp_path / "m" / ".work" / "means.safetensors")
    second = start(tmp_path, table, "--resume")
    assert "is working here" in second.communicate()[1]
    assert second.returncode == 2
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert not (tmp_path / "m" / "model.json").exists()
    kept = load_file(tmp_path / "m" / ".work" / "means.safetensors")["mean"]
    plain = start(tmp_path, table)
    assert "--resume" in plain.communicate()[1]
    assert plain.returncode == 2
    again = start(tmp_path, table, "--resume")
    assert again.communicate()
    assert again.returncode == 0
    assert (load_file(tmp_path / "m" / "model.safetensors")["means"] == kept).all()
    assert not (tmp_path / "m" / ".work").exists()


def test_interrupt_tells_how_to_continue(table, tmp_path):
    """Protects a person who presses Ctrl-C: no traceback, and the way on."""
    run = start(tmp_path, table, sleeps="300")
    wait_for(tmp_path / "m" / ".work" / "means.safetensors")
    run.send_signal(signal.SIGINT)
    told = run.communicate()[1]
    assert "--resume" in told
    assert "Traceback" not in told
    assert run.returncode == 130
