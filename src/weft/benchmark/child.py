"""A training of a suite in a process of its own; the server of processes imports this, and with it what is slow."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import lightgbm  # noqa: F401  # pyright: ignore[reportUnusedImport] - imported once, before the processes part
import sklearn.ensemble  # noqa: F401  # pyright: ignore[reportUnusedImport]
import torch

from weft.benchmark.attempt import attempt, with_changes
from weft.benchmark.results import Results
from weft.benchmark.row import Job
from weft.benchmark.suite import AnySuite, select_rows
from weft.errors import UserError
from weft.training.run import silent


@dataclass(frozen=True)
class Spec:
    """What a process is told of its training.

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


def main(spec: Spec, answers: Connection) -> None:
    """Train, and send the outcome's word, or `failed: ` and why."""
    try:
        torch.set_num_threads(spec.threads)
        answers.send(_train(spec))
    except UserError as error:
        answers.send(f"failed: {error}")
    except KeyboardInterrupt:  # the person stopped the command, which says so
        pass
    except Exception:
        answers.send(f"failed: {traceback.format_exc()}")


def _train(spec: Spec) -> str:
    module, _, variable = spec.suite.partition(":")
    suite: AnySuite[Any] = getattr(importlib.import_module(module), variable)
    row = with_changes(select_rows(suite, [spec.row])[0], spec.changed)
    results = Results(spec.out, suite.name, suite.kind)
    job, measure = Job(row, spec.seed, spec.data), suite.measure(spec.threads, own=True)
    return attempt(results, job, measure, silent, spec.threads, spec.resume, spec.shelf, spec.device).value
