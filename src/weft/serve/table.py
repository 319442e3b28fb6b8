"""A table filled in by the model, in parts, so that other requests are answered between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from starlette.concurrency import run_in_threadpool

from weft.data.cache import uncached
from weft.data.columns import plan_columns
from weft.data.molecules import Molecules
from weft.data.reading import read_known
from weft.data.tables import encode_table
from weft.errors import UserError
from weft.jobs.answering import blank, predict_around
from weft.jobs.coverage import Covered, calibrator_of, cover
from weft.jobs.inputs import Input
from weft.jobs.node_input import NodeInput, read_nodes
from weft.jobs.output import add_predictions, fill_blanks
from weft.labels import LabelTable, Shown
from weft.predictor import Predictions
from weft.serve.answers import BadRow, TableReport
from weft.serve.schema import MAX_SMILES
from weft.serve.state import State
from weft.serve.upload import read_limited
from weft.serve.worker import BusyError, SlowError

#: Rows that are predicted before others get their turn.
_PART = 128
#: Bad rows told in the report's header; all are told in the column `status`.
_TOLD, _REASON = 20, 100


@dataclass(frozen=True)
class TableOptions:
    """How to fill a table.

    Attributes:
        mode: `fill` blanks of task columns (as `weft impute`), or add columns of predictions (as `weft predict`).
        smiles: the SMILES column; by default that of the training table, or the one that looks like it.
        node_type: the type of every node of the table.
        coverage: with `predict`, add sets and intervals.
        prefix: put before the names of added columns.
    """

    mode: Literal["fill", "predict"] = "fill"
    smiles: str | None = None
    node_type: str | None = None
    coverage: float | None = None
    prefix: str = ""


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
    read = await run_in_threadpool(_read, state, path, options)
    tasks, whole = read.labels.tasks, len(read.table)
    size = _PART if isinstance(read, Input) else whole  # nodes of one table know each other's labels
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


def _read(state: State, path: Path, options: TableOptions) -> Input | NodeInput:
    loaded = state.loaded
    if loaded.subject is not None:
        mend = "Use 'weft predict MODEL FILE --out FILE', or ask with POST /api/predict."
        raise UserError(f"a server of {loaded.subject.kind} takes no table", mend=mend)
    if options.coverage is not None:
        calibrator_of(loaded.predictor, options.coverage, Path(loaded.title))
    table = read_limited(path, state.limits)
    if loaded.graph is not None:
        return read_nodes(path, loaded.graph, loaded.predictor.tasks, options.node_type)
    smiles = options.smiles
    if smiles is None and loaded.smiles in table.frame.columns:
        smiles = loaded.smiles
    column = plan_columns(table, smiles=smiles, tasks=[]).smiles
    labels = read_known(table, loaded.predictor.tasks)
    texts = table.frame[column].cast(pl.String).to_list()
    for at, text in enumerate(texts):
        if text is not None and len(text) > MAX_SMILES:
            texts[at] = None
            table.problems[table.number(at)] = f"SMILES longer than {MAX_SMILES} characters"
    return Input(table, column, Molecules.from_smiles(texts, workers=0), labels)


def _job(state: State, read: Input | NodeInput, rows: np.ndarray, options: TableOptions) -> Callable[[], Predictions]:
    """Return what predicts some rows on the model's thread."""

    def run() -> Predictions:
        predictor = state.loaded.predictor
        labels = read.labels.take(rows)
        with uncached():
            # molecules anew, so that only these rows are featurised
            texts = read.data.take(rows).smiles if isinstance(read, Input) else []
            data = Molecules.from_smiles(texts, workers=0) if isinstance(read, Input) else read.data
            encoded = predictor.encode(data)
        used = state.loaded.reads_labels and len(labels) > 0
        if not used:
            found = predictor.answer(encoded, Shown.nothing(labels.tasks, labels.n_rows))
        elif options.mode == "predict":
            found = predict_around(predictor, encoded, labels)
        else:
            found = predictor.answer(encoded, Shown(labels))
        return found if isinstance(read, Input) else blank(found, read.foreign)

    return run


def _joined(parts: list[Predictions]) -> Predictions:
    mean, std, ok = (np.concatenate([getattr(part, name) for part in parts]) for name in ("mean", "std", "ok"))
    return Predictions(parts[0].tasks, mean, std, ok)


def _write(state: State, read: Input | NodeInput, found: Predictions, options: TableOptions) -> Filled:
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


def check_options(options: TableOptions, graph: bool) -> None:
    """Refuse options that say nothing of this model.

    Raises:
        UserError: naming the option.
    """
    if not graph and options.node_type is not None:
        raise UserError("this model reads molecules, no graph", where="type", mend="Leave type out.")
    if graph and options.smiles is not None:
        raise UserError("this model reads nodes of a graph", where="smiles", mend="Leave smiles out.")
