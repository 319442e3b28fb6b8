"""Predict a table with a fitted model, or fill in its blanks; rows and columns stay as they are."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from weft import saved
from weft.errors import UserError
from weft.group import Group, apart, expected, together
from weft.jobs.answering import answers, blank
from weft.jobs.checks import check_output
from weft.jobs.coverage import Covered, calibrator_of, cover
from weft.jobs.inputs import Input
from weft.jobs.known_rows import read_rows
from weft.jobs.options import available_threads
from weft.jobs.output import add_predictions, fill_blanks
from weft.jobs.predicted import Predicted
from weft.labels import Bools
from weft.predictor import Predictions, Predictor
from weft.training.assess import uses_labels
from weft.training.run import Report, silent
from weft.words import many

if TYPE_CHECKING:
    from weft.jobs.node_input import NodeInput
    from weft.jobs.subject_input import SubjectInput


@dataclass(frozen=True)
class PredictOptions:
    """How to predict.

    Attributes:
        smiles: the SMILES column; None takes the training table's name for it, or guesses.
        ignore_known: predict from structure alone (the standard setting).
        prefix: put before the name of every added column.
        threads: threads to compute with.
        graph: the graph to predict on, for a model of one; None takes the one it was fitted to.
        node_type: the type of the nodes in the table.
        coverage: add sets and intervals that hold the truth with this probability; None adds none.
        device: where networks are asked: `auto`, `cpu` or `cuda`.
        resume: go on with a run over a big table that was stopped.
        engine: where parts of a table are predicted, a name of `weft.engines.base.REGISTRY`; any but `local` takes a
            table of molecules part by part, however small it is.
        jobs: parts at a time; 0 for `threads` of them, or for as many as an engine has room for.
    """

    smiles: str | None = None
    ignore_known: bool = False
    prefix: str = ""
    threads: int = dataclasses.field(default_factory=available_threads)
    graph: Path | None = None
    node_type: str | None = None
    coverage: float | None = None
    device: str = "auto"
    resume: bool = False
    engine: str = "local"
    jobs: int = 0


def predict(
    folder: Path, file: Path | None, out: Path, options: PredictOptions | None = None, report: Report = silent
) -> Predicted:
    """Write `file` to `out` with the predictions of the model in `folder` as added columns.

    Every label the input has is shown to the model, except to the prediction of that very cell: `TASK_pred`
    of a known cell is made with it, and a fifth of the tasks, hidden. A model of a graph reads a table of nodes;
    without a table it predicts every node that has a task.

    A big table of molecules is predicted part by part (`weft.jobs.predict_parts`), to the same rows: one with more than
    `PART_ROWS`, a folder of Parquet files, or any when `out` is a folder.

    Raises:
        UserError: for a model, file or output that cannot be used; nothing is written then.
    """
    return _run(folder, file, out, options or PredictOptions(), report, fill=False)


def impute(
    folder: Path, file: Path | None, out: Path, options: PredictOptions | None = None, report: Report = silent
) -> Predicted:
    """Write `file` to `out` with the blanks of its task columns filled in; known cells are untouched.

    Raises:
        UserError: as `predict`.
    """
    return _run(folder, file, out, options or PredictOptions(), report, fill=True)


def _run(
    folder: Path, file: Path | None, out: Path, options: PredictOptions, report: Report, *, fill: bool
) -> Predicted:
    check_output(out, file, folder=True)
    predictor = saved.load(folder, options.device)
    coverage = None if fill else options.coverage
    calibrator = None if coverage is None else calibrator_of(predictor, coverage, folder)
    if _in_parts(predictor, folder, file, out, options) and file is not None:
        from weft.jobs.predict_parts import predict_parts

        return predict_parts(predictor, folder, file, out, options, report, fill=fill)
    check_output(out, file)
    read, notes = _read(predictor, folder, file, options, report)
    used = uses_labels(predictor) and not options.ignore_known and len(read.labels) > 0
    report("predict", 0, 1, "")
    predictions = _predict(predictor, read, used, around=not fill)
    report("predict", 1, 1, f"{len(predictor.tasks)} tasks")
    covered = None
    if calibrator is not None and coverage is not None:
        covered = cover(calibrator, predictions, read.labels, used, coverage)
        notes = (*notes, *covered.notes(predictor.tasks))
    done = _write(read, predictions, out, options, used, covered, fill=fill)
    return dataclasses.replace(done, notes=notes, covered=None if covered is None else covered.to_json())


def _in_parts(predictor: Predictor, folder: Path, file: Path | None, out: Path, options: PredictOptions) -> bool:
    """Whether a table is of molecules, and so big, or to be written so, that it is predicted part by part.

    Raises:
        UserError: when an engine is asked for what does not go by parts.
    """
    from weft.data.parts import PART_ROWS, more_rows_than
    from weft.jobs.graph_model import on_graph
    from weft.jobs.part_folder import PartFolder, is_folder
    from weft.jobs.subjects import subject_of_model

    elsewhere = options.engine != "local"
    if file is None or on_graph(predictor) or subject_of_model(folder) is not None or not expected().alone:
        if elsewhere:
            what = "only tables of molecules are predicted by parts, each by one process"
            raise UserError(what, where="--engine", mend="Leave it out.")
        return False
    begun = PartFolder(out).work.is_dir()
    return elsewhere or begun or is_folder(out) or file.is_dir() or more_rows_than(file, PART_ROWS)


def _read(
    predictor: Predictor, folder: Path, file: Path | None, options: PredictOptions, report: Report
) -> tuple[Input | SubjectInput | NodeInput, tuple[str, ...]]:
    """Read what the model is of: molecules, images, nodes, ...; and tell what is worth a note."""
    from weft.jobs.graph_model import graph_for, on_graph

    if on_graph(predictor):
        from weft.jobs.node_input import read_nodes

        report("read", 0, 1, "")
        graph, same = graph_for(folder, options.graph)
        nodes = read_nodes(file, graph, predictor.tasks, options.node_type)
        predictor.check_features(nodes.data)
        report("read", 1, 1, f"{many(len(nodes.table), 'node')} of {graph.name}")
        changed = options.graph is None and not same
        return nodes, ("the graph's files have changed since the fit",) if changed else ()
    if options.graph is not None or options.node_type is not None:
        raise UserError("this model reads no graph", where=str(folder), mend="Leave out --graph and --type.")
    if file is None:
        raise UserError("there is no table to predict", where=str(folder), mend="Name a file after the model.")
    rows = read_rows(folder, file, predictor, report, options.smiles, options.threads)
    return rows, () if isinstance(rows, Input) else tuple(rows.notes())


def _predict(predictor: Predictor, read: Input | SubjectInput | NodeInput, used: bool, around: bool) -> Predictions:
    """Predict every row; the processes of a group have a part of the rows each, and all have all predictions."""
    if expected().alone:
        found = answers(predictor, read.data, read.labels, used, around)
    else:
        with together() as group:
            n = len(read.data)
            rows = np.arange(n)[group.share(n)]
            with apart():  # a row is predicted by itself
                part = answers(predictor, read.data.take(rows), read.labels.take(rows), used, around)
            found = _joined(part, n, group)
    foreign: Bools | None = getattr(read, "foreign", None)
    return found if foreign is None else blank(found, foreign)


def _joined(part: Predictions, n: int, group: Group) -> Predictions:
    """Return the predictions of all processes, row by row in the order of the input."""
    import torch

    numbers = np.concatenate([part.mean, part.std, part.ok[:, None]], 1).astype(np.float64)
    mean, std, ok = np.split(group.joined(torch.from_numpy(numbers), n).numpy(), [part.mean.shape[1], -1], axis=1)
    return Predictions(part.tasks, mean, std, ok[:, 0] > 0)


def _write(
    read: Input | SubjectInput | NodeInput,
    predictions: Predictions,
    out: Path,
    options: PredictOptions,
    used: bool,
    covered: Covered | None,
    *,
    fill: bool,
) -> Predicted:
    from weft.data.tables import write_table

    status = read.status
    told = (read.table.frame, predictions, read.labels, status, options.prefix)
    if expected().first:
        write_table(fill_blanks(*told) if fill else add_predictions(*told, covered), out)
    bad = [at for at, word in enumerate(status) if word != "ok"]
    first = (read.table.number(bad[0]), status[bad[0]]) if bad else None
    return Predicted(out, len(status), len(bad), len(read.labels), used, first)
