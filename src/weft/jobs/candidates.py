"""What there is to score: data, labels, and which of them the model has seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from weft.errors import UserError
from weft.jobs.known_rows import read_rows, things_of
from weft.jobs.seen import seen
from weft.labels import Bools, Ints, LabelTable
from weft.predictor import Predictor
from weft.words import many

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.training.run import Report

#: Parts of a graph's split that can be scored; training nodes can be with `--seen` only.
PARTS = ("test", "val")


@dataclass(frozen=True)
class Candidates:
    """Data with labels.

    Attributes:
        name: of what they are from, for tables.
        data: `N` data.
        labels: their known labels of the model's tasks.
        cells: what the model was fitted or chosen on, or learnt a new task from, bool `[N, T]`.
        rows: the data to score when nothing seen is to be scored.
        nothing: why no label is left to score, when none is, and the mend.
    """

    name: str
    data: Data
    labels: LabelTable
    cells: Bools
    rows: Ints
    nothing: tuple[str, str] = ("all labels were seen in training", "Give data the model has not seen, or add --seen.")

    @property
    def seen(self) -> Bools:
        """Whether a datum can be used and was seen for every task, `[N]`."""
        return self.data.ok & self.cells.all(1)

    def chosen(self, with_seen: bool) -> tuple[Ints, LabelTable]:
        """Return the rows to score, and the labels to score them on."""
        if with_seen:
            return np.flatnonzero(self.data.ok), self.labels
        return self.rows, self.labels.where(~self.cells[self.labels.row, self.labels.col])


def from_table(
    folder: Path, file: Path, predictor: Predictor, smiles: str | None, threads: int, report: Report
) -> Candidates:
    """Read the molecules of a table, or the images, texts or vectors that the model is of."""
    read = read_rows(folder, file, predictor, report, smiles, threads)
    data, labels = read.data, read.labels
    cells = seen(folder, data, predictor.tasks)
    found = Candidates(file.name, data, labels, cells, np.flatnonzero(data.ok & ~cells.all(1)))
    if not len(labels):
        nothing = ("no label of the model's tasks", "Check the column names.")
    elif not len(labels.on_rows(np.flatnonzero(data.ok))):
        nothing = ("no row with a label can be used", "'weft validate' tells what is wrong with the rows.")
    else:
        nothing = (
            "all labels were seen in training",
            f"Give {things_of(folder)} the model has not seen, or add --seen.",
        )
    return Candidates(found.name, data, labels, cells, found.rows, nothing)


def from_graph(folder: Path, path: Path, predictor: Predictor, part: str, report: Report) -> Candidates:
    """Read the labelled nodes of a graph.

    Of the graph the model was fitted to, the rows are those of the part of its split; of another one, all
    labelled nodes that are not known to the model by name.

    Raises:
        UserError: for an unknown part, or the validation part of another graph.
    """
    from weft.data.graph_known import labels_for, unlabelled
    from weft.data.nodes import Nodes
    from weft.data.splits import Split
    from weft.jobs.graph_model import graph_for

    if part not in PARTS:
        raise UserError(f"there is no part {part!r} to score", where="--part", mend="Use test or val.")
    report("read", 0, 1, path.name)
    graph, same = graph_for(folder, path)
    labels = labels_for(predictor.tasks, graph, path)
    labelled = np.unique(labels.row)
    nodes = Nodes(unlabelled(graph), labelled)
    predictor.check_features(nodes)
    cells = seen(folder, nodes, predictor.tasks)
    report("read", 1, 1, f"{many(len(labelled), 'labelled node')} of {graph.name}")
    if same:
        rows = np.flatnonzero(np.isin(labelled, Split.load(folder / "split.parquet").parts()[part]))
    elif part == "val":
        mend = "Leave out --part, or give the graph the model was fitted to."
        raise UserError("the validation nodes of another graph are not known", where=str(path), mend=mend)
    else:
        rows = np.flatnonzero(~cells.all(1))
    if part == "val":
        cells = np.zeros_like(cells)
    nothing = ("no label of the model's tasks", "Check the names of the tasks.")
    if len(labels):
        nothing = (f"no label in the {part} part", "Add --seen to score nodes the model was fitted on.")
    return Candidates(graph.name, nodes, labels.take(labelled), cells, rows, nothing)
