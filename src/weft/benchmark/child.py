"""A training of a suite by itself, wherever an engine puts it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weft.benchmark.attempt import attempt, with_changes
from weft.benchmark.results import Key, Results
from weft.benchmark.row import Job
from weft.benchmark.suite import AnySuite, select_rows
from weft.devices import find_device
from weft.training.run import silent

#: What engines call.
TARGET = "weft.benchmark.child:train_row"


@dataclass(frozen=True)
class Spec:
    """What is to be known of a training.

    Attributes:
        suite: `module:variable` of the suite.
        out: folder of the results.
        row: name.
        data: name of the data set.
        seed: of the training.
        changed: options given to every row that takes them.
        threads: to compute with.
        resume: continue what an interrupted training left.
        shelf: folder of stages that trainings share.
        device: where networks are trained and asked.
    """

    suite: str
    out: Path
    row: str
    data: str
    seed: int
    changed: Mapping[str, Any]
    threads: int
    resume: bool
    shelf: Path | None = None
    device: str = "cpu"

    @property
    def key(self) -> Key:
        """Row, data set and seed."""
        return self.row, self.data, self.seed


def train_row(spec: Spec) -> str:
    """Train and return the word of the outcome; the process is there for this alone."""
    module, _, variable = spec.suite.partition(":")
    suite: AnySuite[Any] = getattr(importlib.import_module(module), variable)
    row = with_changes(select_rows(suite, [spec.row])[0], spec.changed)
    results = Results(spec.out, suite.name, suite.kind)
    job, measure = Job(row, spec.seed, spec.data), suite.measure(spec.threads, own=True)
    device = str(find_device(spec.device))
    return attempt(results, job, measure, silent, spec.threads, spec.resume, spec.shelf, device).value
