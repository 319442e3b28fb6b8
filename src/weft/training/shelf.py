"""Finished stages shared between fits: what was learnt from equal inputs is learnt once.

Many models of a benchmark grow the same trees on the same rows. A stage is found by a hash of everything it is learnt
from: its name, arrays, settings, and the source of the code that learns. So a hit is what the fit would have made.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.files import atomic

_CPU, _WALL = "shelf.cpu_s", "shelf.wall_s"
#: Packages of `weft` whose source decides what a stage makes.
_CODE = ("baselines", "metalink", "training")


@dataclass
class Shelf:
    """A folder of finished stages.

    Attributes:
        folder: made when missing; several processes may share it.
        cpu_s: CPU seconds that other fits spent on what was found here.
        wall_s: seconds by the clock of the same.
    """

    folder: Path
    cpu_s: float = field(default=0.0, init=False)
    wall_s: float = field(default=0.0, init=False)

    def get(
        self, name: str, inputs: object, compute: Callable[[], Mapping[str, NDArray[Any]]]
    ) -> dict[str, NDArray[Any]]:
        """Return a stage's arrays from the folder, or compute and keep them there.

        While another process computes the same stage this one waits for it.

        Args:
            name: of the stage.
            inputs: all that decides it: arrays, numbers, texts, None, and sequences, mappings and sets of those.
            compute: makes the arrays.
        """
        from safetensors.numpy import load_file, save_file

        path = self.folder / f"{name}-{digest((name, inputs))}.safetensors"
        with _alone(path):
            if path.exists():
                found = load_file(path)
                self.cpu_s += float(found.pop(_CPU)[0])
                self.wall_s += float(found.pop(_WALL)[0])
                return found
            cpu, wall, before = time.process_time(), time.monotonic(), (self.cpu_s, self.wall_s)
            arrays = {key: np.asarray(value, order="C") for key, value in compute().items()}
            # what was found on the way (stages within stages) took its time, too
            spent = np.array([time.process_time() - cpu + self.cpu_s - before[0]])
            passed = np.array([time.monotonic() - wall + self.wall_s - before[1]])
            with atomic(path) as temporary:
                save_file({**arrays, _CPU: spent, _WALL: passed}, temporary)
            return arrays


def digest(inputs: object) -> str:
    """Return a hash of inputs and of the source of what learns from them.

    Raises:
        TypeError: for something whose content is not known.
    """
    held = hashlib.blake2b(_code(), digest_size=16)
    for part in _bytes(inputs):
        held.update(len(part).to_bytes(8, "little"))
        held.update(part)
    return held.hexdigest()


def _bytes(value: object) -> Iterator[bytes]:
    if isinstance(value, np.ndarray):
        yield f"{value.dtype}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, str | int | float | bool | None):
        yield repr(value).encode()
    elif isinstance(value, tuple | list):
        yield f"[{len(value)}".encode()
        for part in value:
            yield from _bytes(part)
    elif isinstance(value, Mapping):
        yield from _bytes([[key, value[key]] for key in sorted(value)])
    else:
        raise TypeError(f"no hash of a {type(value).__name__}")


def _code() -> bytes:
    return bytes.fromhex(source(*_CODE))


@lru_cache
def source(*packages: str) -> str:
    """Return a hash of the source of some packages of `weft`: of inputs, where other code learns than is usual."""
    root = Path(__file__).parent.parent
    held = hashlib.blake2b()
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            held.update(path.read_bytes())
    return held.hexdigest()


class _alone:
    """Hold a lock beside a path; waits for whoever holds it. Without file locks (Windows) nobody waits."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_suffix(".lock")

    def __enter__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = self.path.open("a")
        try:
            import fcntl
        except ImportError:
            return
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.file.close()
