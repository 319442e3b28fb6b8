"""The rows that a fitted model is asked about, whatever it is of, graphs aside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from weft.errors import UserError
from weft.jobs.inputs import Input, read_for_model, usual_smiles
from weft.jobs.subjects import THINGS, subject_of_model
from weft.predictor import Predictor

if TYPE_CHECKING:
    from weft.jobs.node_input import NodeInput
    from weft.jobs.subject_input import SubjectInput
    from weft.tasks import TaskSet
    from weft.training.run import Report

    #: Rows read for a fitted model, whatever it is of.
    Rows = Input | SubjectInput | NodeInput


def read_rows(
    folder: Path,
    file: Path,
    predictor: Predictor,
    report: Report,
    smiles: str | None,
    threads: int,
    tasks: TaskSet | None = None,
) -> Input | SubjectInput:
    """Read a table of molecules, or the images, texts or vectors that the model in `folder` is of.

    Args:
        folder: the model.
        file: the table, array or folder.
        predictor: the model loaded.
        report: told of progress.
        smiles: the SMILES column.
        threads: processes that featurise, or threads that decode.
        tasks: the tasks whose labels are read; by default all of the model.

    Raises:
        UserError: for a file that cannot be used, or that the model does not read.
    """
    subject, own = subject_of_model(folder), tasks or predictor.tasks
    if subject is None:
        return read_for_model(file, own, report, smiles, usual_smiles(folder), threads)
    if smiles is not None:
        raise UserError(f"this model reads {subject.kind}, no molecules", where="--smiles", mend="Leave it out.")
    from weft.jobs import subject_input

    read = subject_input.read_for_model(file, subject, own, report, threads)
    predictor.check_features(read.data)
    return read


def things_of(folder: Path) -> str:
    """Return what the data of a model are, graphs aside: molecules, images, texts or rows."""
    subject = subject_of_model(folder)
    return f"{THINGS['molecules'] if subject is None else subject.thing}s"
