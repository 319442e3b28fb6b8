"""A table filled in by the model, in parts, so that other requests are answered between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from starlette.concurrency import run_in_threadpool

from weft.data.cache import uncached
from weft.data.molecules import Molecules
from weft.data.tables import encode_table
from weft.jobs.answering import blank, predict_around
from weft.jobs.coverage import Covered, calibrator_of, cover
from weft.jobs.node_input import NodeInput
from weft.jobs.output import add_predictions, fill_blanks
from weft.labels import LabelTable, Shown
from weft.predictor import Predictions
from weft.serve.answers import BadRow, TableReport
from weft.serve.state import State
from weft.serve.table_read import Read, TableOptions, read_upload
from weft.serve.worker import BusyError, SlowError

if TYPE_CHECKING:
    from weft.data.base import Data

#: Rows that are predicted before others get their turn.
_PART = 128
#: Bad rows told in the report's header; all are told in the column `status`.
_TOLD, _REASON = 20, 100


@dataclass(frozen=True)
class Filled:
    """The filled table as CSV, and what is to be told of it."""

    data: bytes
    report: TableReport


async def fill_table(state: State, path: Path, options: TableOptions) -> Filled:
    """Predict a table.

    Raises:
        UserError: for a table that cannot be read, or is too large.
        BusyError: when the queue is full, or a task was added meanwhile.
        SlowError: when it takes longer than a request may.
    """
    until = time.monotonic() + state.limits.seconds
    if options.coverage is not None:
        calibrator_of(state.loaded.predictor, options.coverage, Path(state.loaded.title))
    read = await run_in_threadpool(read_upload, state.loaded, state.limits, path, options, until)
    tasks, whole = read.labels.tasks, len(read.table)
    size = whole if isinstance(read, NodeInput) else _PART  # nodes of one table know each other's labels
    parts: list[Predictions] = []
    for start in range(0, whole, size):
        rows = np.arange(start, min(start + size, whole))
        left = until - time.monotonic()
        if left <= 0:
            raise SlowError(f"{start} of {whole} rows were predicted in {state.limits.seconds:g} s")
        if state.loaded.predictor.tasks != tasks:
            raise BusyError("a task was added meanwhile")
        parts.append(await state.worker.ask(_job(state, read, rows, options), left))
    return await run_in_threadpool(_write, state, read, _joined(parts), options)


def _job(state: State, read: Read, rows: np.ndarray, options: TableOptions) -> Callable[[], Predictions]:
    """Return what predicts some rows on the model's thread."""

    def run() -> Predictions:
        predictor = state.loaded.predictor
        labels = read.labels.take(rows)
        with uncached():
            encoded = predictor.encode(_rows(read, rows))
        used = state.loaded.reads_labels and len(labels) > 0
        if not used:
            found = predictor.answer(encoded, Shown.nothing(labels.tasks, labels.n_rows))
        elif options.mode == "predict":
            found = predict_around(predictor, encoded, labels)
        else:
            found = predictor.answer(encoded, Shown(labels))
        return blank(found, read.foreign) if isinstance(read, NodeInput) else found

    return run


def _rows(read: Read, rows: np.ndarray) -> Data:
    """Return the data of some rows; molecules anew, so that only these are featurised."""
    if isinstance(read, NodeInput):
        return read.data
    part = read.data.take(rows)
    return Molecules.from_smiles(part.smiles, workers=0) if isinstance(part, Molecules) else part


def _joined(parts: list[Predictions]) -> Predictions:
    mean, std, ok = (np.concatenate([getattr(part, name) for part in parts]) for name in ("mean", "std", "ok"))
    return Predictions(parts[0].tasks, mean, std, ok)


def _write(state: State, read: Read, found: Predictions, options: TableOptions) -> Filled:
    used = state.loaded.reads_labels and len(read.labels) > 0
    status = read.status
    told = (read.table.frame, found, read.labels, status, options.prefix)
    if options.mode == "fill":
        frame = fill_blanks(*told)
    else:
        frame = add_predictions(*told, _covered(state, found, read.labels, used, options))
    bad = [BadRow(row=read.table.number(at), reason=why[:_REASON]) for at, why in enumerate(status) if why != "ok"]
    report = TableReport(rows=len(status), bad_rows=len(bad), bad=bad[:_TOLD], known=len(read.labels), used=used)
    return Filled(encode_table(frame, Path("filled.csv")), report)


def _covered(state: State, found: Predictions, labels: LabelTable, used: bool, options: TableOptions) -> Covered | None:
    calibrator = state.loaded.predictor.calibrator
    if options.coverage is None or calibrator is None:
        return None
    return cover(calibrator, found, labels, used, options.coverage)
