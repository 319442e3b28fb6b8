"""What a fit needs to know of its surroundings: seed, progress, and a folder to resume from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from weft.files import atomic

if TYPE_CHECKING:
    from weft.training.shelf import Shelf

Report = Callable[[str, int, int, str], None]


def silent(stage: str, done: int, total: int, note: str) -> None:
    """Report nothing."""


def unwatched(stage: str, epoch: int, score: float) -> None:
    """Watch nothing."""


def within(report: Report, stage: str, done: int, total: int, note: str) -> Report:
    """Return what reports the stages of one of `total` trainings as notes on the whole, which has `done` behind it."""
    report(stage, done, total, note)

    def inner(name: str, done_inside: int, total_inside: int, told: str) -> None:
        report(stage, done, total, f"{note}: {name} {done_inside}/{total_inside} {told}".rstrip())

    return inner


@dataclass(frozen=True)
class Run:
    """The surroundings of one fit.

    Attributes:
        seed: seeds everything random in the fit.
        folder: where finished stages and checkpoints are kept for `--resume`; None keeps nothing.
        report: called as `report(stage, done, total, note)` while work proceeds.
        threads: how many threads a stage may use.
        shelf: finished stages of other fits, found by what they are learnt from; None learns everything anew.
        device: where networks are trained, `cpu` or `cuda` (see `weft.devices`).
        watch: called as `watch(stage, epoch, score)` after every validation of a network, larger being better; what it
            raises ends the fit.
    """

    seed: int = 0
    folder: Path | None = None
    report: Report = silent
    threads: int = 2
    shelf: Shelf | None = None
    device: str = "cpu"
    watch: Callable[[str, int, float], None] = unwatched

    def stage(self, name: str, compute: Callable[[], Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
        """Return the arrays of a finished stage from the folder, or compute and keep them there.

        Args:
            name: file name of the stage, unique within the run.
            compute: makes the stage's arrays; must depend on the run's inputs and seed only.
        """
        from safetensors.numpy import load_file, save_file

        path = None if self.folder is None else self.folder / f"{name}.safetensors"
        if path is not None and path.exists():
            return load_file(path)
        # C order always: sums over another memory layout differ in the last bit from those of a loaded model
        arrays = {key: np.asarray(value, order="C") for key, value in compute().items()}
        if path is None:
            return arrays
        with atomic(path) as temporary:
            save_file(arrays, temporary)
        return arrays

    def shared_stage(
        self, name: str, kind: str, inputs: Callable[[], object], compute: Callable[[], Mapping[str, NDArray[Any]]]
    ) -> dict[str, NDArray[Any]]:
        """Return the arrays of a finished stage from the folder or the shelf, or compute and keep them there.

        Args:
            name: file name of the stage, unique within the run.
            kind: what learns, the same in every run that has such a stage.
            inputs: gives all that decides the stage besides `kind` and the seed (see `Shelf.get`); asked only where
                there is a shelf.
            compute: makes the stage's arrays.
        """
        shelf = self.shelf
        if shelf is None:
            return self.stage(name, compute)
        return self.stage(name, lambda: shelf.get(kind, (self.seed, inputs()), compute))
