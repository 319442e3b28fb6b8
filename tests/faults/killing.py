"""Real processes of the command line, killed at a point drawn from a seed: a share of their CPU time, or a rename.

Processes are forked from one that has the libraries at hand, so that what is killed is the work and not the start.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.scenes import SCENES, inputs

_PRELOAD = ["tests.faults.preload"]
_TICK = 1 / os.sysconf("SC_CLK_TCK")


def _child(words: Sequence[str], root: str, fault: Fault | None) -> None:
    """Run the command line, disturbed; what it says of trouble goes to the file `told`."""
    os.environ["WEFT_CACHE"] = f"{root}/cache"
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(f"{root}/told", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    if fault is not None:
        _FAULTS[fault[0]](int(fault[1]))
    from tests import tiny
    from weft.benchmark import suite
    from weft.cli.main import main
    from weft.data import parts
    from weft.jobs import predict_parts
    from weft.predictor import REGISTRY

    REGISTRY[tiny.NAME] = "tests.tiny:Tiny"
    suite.REGISTRY["mols"] = "tests.benchmark.mols:SUITE"
    parts.PART_ROWS = 40  # small tables in several parts
    predict_parts.predict_parts.__kwdefaults__["rows"] = 40
    sys.argv = ["weft", *words]
    main()


def _die_at(rename: int) -> None:
    """Die at a rename: of 2k right before the k-th, of 2k + 1 right after it."""
    replace, count = os.replace, iter(range(10**9))

    def dying(*given: Any, **named: Any) -> None:
        at = next(count)
        if at == rename // 2 and rename % 2 == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(*given, **named)
        if at == rename // 2:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = dying  # what Path.replace calls, too


def _fail_at(number: int) -> None:
    """Let a rename fail as on a full disk, without permission or on a broken disk, in turn."""
    replace, count = os.replace, iter(range(10**9))
    code = (errno.ENOSPC, errno.EACCES, errno.EIO)[number % 3]

    def failing(*given: Any, **named: Any) -> None:
        if next(count) == number // 3:
            raise OSError(code, os.strerror(code), str(given[1]))
        replace(*given, **named)

    os.replace = failing


def _limit(size: int) -> None:
    """Let no file grow beyond a size: a write fails in its middle."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _jumping(seed: int) -> None:
    """Let the clock of the day jump back and forth by years."""
    draw, real = random.Random(seed), time.time
    time.time = lambda: real() + draw.uniform(-1e8, 1e8)


_FAULTS = {"rename": _die_at, "fails": _fail_at, "size": _limit, "clock": _jumping}
#: What disturbs a command, and how.
Fault = tuple[str, int]


@dataclass
class Point:
    """Where a command was killed, and how: `at` is a share of its CPU time, or the half number of a rename."""

    scene: str
    how: str
    at: float
    killed: bool = False

    def __str__(self) -> str:
        return f"{self.scene}, {self.how} {self.at:.3g}"


class Killer:
    """Runs commands in a folder, undisturbed and killed.

    Args:
        root: an empty folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(_PRELOAD)
        self.inputs = root / "inputs"
        self.inputs.mkdir()
        inputs(self.inputs, self.finish)
        self.reference: dict[str, tuple[Any, float]] = {}

    def start(self, words: Sequence[str], fault: Fault | None = None) -> Any:
        """Start a command."""
        process = self.context.Process(target=_child, args=(list(words), str(self.root), fault))
        process.start()
        return process

    def run(self, words: Sequence[str], fault: Fault | None = None) -> tuple[int, str]:
        """Run a command; return its exit code and what it said of trouble."""
        process = self.start(words, fault)
        process.join()
        return int(process.exitcode), (self.root / "told").read_text(encoding="utf-8")

    def finish(self, words: Sequence[str]) -> float:
        """Run a command to its end; return its CPU seconds."""
        process, spent = self.start(words), 0.0
        while process.is_alive():
            spent = max(spent, _cpu(process.pid))
            time.sleep(0.005)
        process.join()
        told = (self.root / "told").read_text(encoding="utf-8")
        assert process.exitcode == 0, f"weft {' '.join(words)} ended with {process.exitcode}: {told}"
        return spent

    def undisturbed(self, name: str) -> tuple[Any, float]:
        """Return the result of a command that nothing stops, and its CPU seconds; run once."""
        if name not in self.reference:
            work = self.work(name)
            spent = self.finish(SCENES[name].words(work, self.inputs))
            self.reference[name] = SCENES[name].result(work), spent
        return self.reference[name]

    def work(self, name: str) -> Path:
        """Return a folder made ready for a command."""
        work = self.root / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        SCENES[name].ready(work, self.inputs)
        return work

    def point(self, name: str, seed: int) -> Point:
        """Kill a command at a point, look at what is left, run it again and compare.

        Raises:
            AssertionError: when something half-written is read as whole, or the end is not the undisturbed one.
        """
        scene, (reference, spent) = SCENES[name], self.undisturbed(name)
        draw = random.Random(f"{name} {seed}")
        point = (
            Point(name, "share", draw.uniform(0.02, 0.98)) if seed % 2 else Point(name, "rename", draw.randrange(16))
        )
        work = self.work(name)
        words = scene.words(work, self.inputs)
        process = self.start(words, None if seed % 2 else ("rename", int(point.at)))
        while process.is_alive():
            if seed % 2 and _cpu(process.pid) >= point.at * spent:
                process.kill()
                break
            time.sleep(0.002)
        process.join()
        point.killed = process.exitcode == -signal.SIGKILL
        assert point.killed or process.exitcode == 0, f"{point}: ended with {process.exitcode}"
        scene.whole(work, reference)
        if not scene.done(work, reference):
            self.finish(words)
        found = scene.result(work)
        assert found == reference, f"{point}: another end than undisturbed: {_differing(found, reference)}"
        return point


def _differing(found: Any, reference: Any) -> str:
    if not isinstance(found, dict):
        return "its rows"
    return ", ".join(name for name in {**found, **reference} if found.get(name) != reference.get(name))


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * _TICK
