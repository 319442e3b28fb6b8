"""The data of a report: those of the fit, found where they were, or others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.errors import UserError
from weft.jobs.inputs import Input, sha256
from weft.jobs.known_rows import read_rows
from weft.jobs.seen import seen
from weft.labels import Bools, Ints, LabelTable
from weft.predictor import Predictor
from weft.words import many

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.hetero import HeteroGraph
    from weft.data.splits import Split
    from weft.training.run import Report

SPLIT = "split.parquet"


@dataclass(frozen=True, eq=False)
class Read:
    """What was read.

    Attributes:
        name: of the data.
        data: `N` data.
        labels: their known labels, on the model's tasks.
        split: that of the fit; of other data, the rows to score are its test part.
        ours: whether the data are those of the fit.
        sha256: of the data.
        learnt: cells that an added task was learnt from, bool `[N, T]`.
        reveals: shares of labels to show, and random choices of each.
        unusable: rows that cannot be used, in words.
        graph: when the data are its nodes.
        thing: what a datum is; '' for a molecule or a node.
        row_names: what each row is called, of other data.
    """

    name: str
    data: Data
    labels: LabelTable
    split: Split
    ours: bool
    sha256: str
    learnt: Bools
    reveals: tuple[tuple[float, ...], int]
    unusable: Sequence[str] = ()
    graph: HeteroGraph | None = None
    thing: str = ""
    row_names: Sequence[str] = ()

    def scored(self) -> tuple[Ints, str, LabelTable]:
        """Return the rows to score, the name of the part, and labels that no task was learnt from."""
        labels = self.labels.where(~self.learnt[self.labels.row, self.labels.col])
        if not self.ours:
            return self.split.test, self.name, labels
        part = "test" if len(self.split.test) else "val"
        return self.split.parts()[part], part, labels


def read_table_data(
    folder: Path,
    given: Path | None,
    predictor: Predictor,
    card: dict[str, Any],
    smiles: str | None,
    threads: int,
    report: Report,
) -> Read:
    """Read a table of molecules, or the images, texts or vectors that the model is of.

    Raises:
        UserError: when it cannot be found or used.
    """
    from weft.data.splits import Split
    from weft.jobs.row_source import unusable
    from weft.jobs.subject_source import row_names
    from weft.jobs.table_source import TableSource

    path = given or _there(folder, card)
    read = read_rows(folder, path, predictor, report, smiles, threads)
    hashed = sha256(path) if isinstance(read, Input) else read.sha256()
    ours = hashed == card["data"]["sha256"]
    bad = unusable(read.table, read.status)
    cells = seen(folder, read.data, predictor.tasks)
    every: Bools = np.asarray(cells.all(1))
    if ours:
        split = Split.load(folder / SPLIT)
    else:
        rows = np.flatnonzero(read.data.ok & ~every)
        split = Split(rows[:0], rows[:0], rows, "other data")
    learnt = cells & ~every[:, None]
    found = Read(path.name, read.data, read.labels, split, ours, hashed, learnt, TableSource.reveals, bad)
    return found if isinstance(read, Input) else replace(found, thing=read.subject.thing, row_names=row_names(read))


def _there(folder: Path, card: dict[str, Any]) -> Path:
    """Return the table of the fit, where it was: by its whole path, or as it was named.

    Raises:
        UserError: when it is at neither place.
    """
    data = card["data"]
    for word in (data.get("path"), data.get("file")):
        if word and Path(str(word)).exists():
            return Path(str(word))
    what = f"what it was fitted to is no longer at {data.get('path') or data.get('file')}"
    raise UserError(what, where=str(folder), mend=f"Say where it is: weft report {folder} TABLE")


def read_graph_data(folder: Path, given: Path | None, predictor: Predictor, report: Report) -> Read:
    """Read a graph.

    Raises:
        UserError: when it cannot be found or used, or nothing of it is left to score.
    """
    from weft.data.graph_known import content_hash, labels_for, only_tasks, unlabelled
    from weft.data.nodes import Nodes
    from weft.data.splits import Split
    from weft.jobs.graph_model import graph_for
    from weft.jobs.graph_source import GraphSource

    report("read", 0, 1, "")
    graph, ours = graph_for(folder, given)
    labels = labels_for(predictor.tasks, graph, given or folder)
    nodes = Nodes.of(unlabelled(graph))
    predictor.check_features(nodes)
    hashed = content_hash(graph, with_split=True)
    if ours:
        split = Split.load(folder / SPLIT)
        graph = only_tasks(graph, predictor.tasks.names)
    else:
        cells = seen(folder, nodes, predictor.tasks)
        rows = np.flatnonzero(~cells.all(1) & (labels.row_counts() > 0))
        split = Split(rows[:0], rows[:0], rows, "other data")
    learnt = np.zeros((len(nodes), len(predictor.tasks)), bool)
    report("read", 1, 1, f"{many(len(graph), 'node')}, {many(len(labels), 'known label')}")
    return Read(graph.name, nodes, labels, split, ours, hashed, learnt, GraphSource.reveals, graph=graph)
