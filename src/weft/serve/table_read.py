"""An uploaded table as rows that the model reads: molecules, texts, vectors, images in a ZIP file, or nodes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl

from weft.data.columns import plan_columns
from weft.data.molecules import Molecules
from weft.data.reading import read_known
from weft.data.tables import Table
from weft.errors import UserError
from weft.jobs import subject_read
from weft.jobs.inputs import Input
from weft.jobs.node_input import NodeInput, read_nodes
from weft.jobs.subject_input import SubjectInput, for_model
from weft.serve.limits import Limits
from weft.serve.loaded import Loaded
from weft.serve.schema import MAX_SMILES
from weft.serve.upload import read_limited

if TYPE_CHECKING:
    from weft.tasks import TaskSet

Read = Input | SubjectInput | NodeInput


@dataclass(frozen=True)
class TableOptions:
    """How to fill a table.

    Attributes:
        mode: `fill` blanks of task columns (as `weft impute`), or add columns of predictions (as `weft predict`).
        smiles: the SMILES column; by default that of the training table, or the one that looks like it.
        column: the column of texts or of names of image files; by default that of the training table.
        node_type: the type of every node of the table.
        coverage: with `predict`, add sets and intervals.
        prefix: put before the names of added columns.
    """

    mode: Literal["fill", "predict"] = "fill"
    smiles: str | None = None
    column: str | None = None
    node_type: str | None = None
    coverage: float | None = None
    prefix: str = ""


def check_options(options: TableOptions, loaded: Loaded) -> None:
    """Refuse options that say nothing of this model.

    Raises:
        UserError: naming the option.
    """
    kind = loaded.kind
    own = {"molecules": "smiles", "graph": "type", "text": "column", "images": "column"}.get(kind)
    for name, value in (("smiles", options.smiles), ("type", options.node_type), ("column", options.column)):
        if value is not None and name != own:
            told = "nodes of a graph" if kind == "graph" else kind
            raise UserError(f"this model reads {told}", where=name, mend=f"Leave {name} out.")


def read_upload(loaded: Loaded, limits: Limits, path: Path, options: TableOptions, until: float) -> Read:
    """Read an upload.

    Args:
        loaded: the model.
        limits: of the server.
        path: the file, in the server's folder.
        options: which columns are what.
        until: when reading is given up (`time.monotonic`).

    Raises:
        UserError: when it cannot be read, is too large, or has not what the model reads.
        SlowError: when reading takes too long.
    """
    tasks, subject = loaded.predictor.tasks, loaded.subject
    if subject is not None and subject.kind == "images":
        from weft.serve.zipped import read_zipped

        return for_model(read_zipped(path, subject, limits, until, options.column), tasks)
    table = read_limited(path, limits)
    if loaded.graph is not None:
        return read_nodes(path, loaded.graph, tasks, options.node_type)
    if subject is None:
        return _molecules(table, tasks, options.smiles, loaded.smiles)
    if options.column is not None:
        subject = replace(subject, column=options.column)
    make = subject_read.vectors_of if subject.kind == "vectors" else subject_read.texts_of
    return for_model(make(table, subject), tasks)


def _molecules(table: Table, tasks: TaskSet, smiles: str | None, usual: str | None) -> Input:
    if smiles is None and usual in table.frame.columns:
        smiles = usual
    column = plan_columns(table, smiles=smiles, tasks=[]).smiles
    labels = read_known(table, tasks)
    texts = table.frame[column].cast(pl.String).to_list()
    for at, text in enumerate(texts):
        if text is not None and len(text) > MAX_SMILES:
            texts[at] = None
            table.problems[table.number(at)] = f"SMILES longer than {MAX_SMILES} characters"
    return Input(table, column, Molecules.from_smiles(texts, workers=0), labels)
