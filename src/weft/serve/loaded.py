"""A model folder in memory: the predictor, its graph if it has one, and what its files tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from weft import saved
from weft.data.hetero import HeteroGraph
from weft.files import read_json
from weft.jobs.folder import CARD, METRICS
from weft.jobs.graph_model import graph_for, on_graph
from weft.jobs.inputs import usual_smiles
from weft.jobs.subjects import Subject, subject_of_model
from weft.predictor import Predictor
from weft.training.assess import uses_labels

Kind = Literal["molecules", "graph", "images", "text", "vectors"]


@dataclass(eq=False)
class Loaded:
    """A model to ask.

    Attributes:
        folder: where it was read from; never written to.
        predictor: the model; grows when a task is added.
        graph: the graph its nodes are on, with labels; None for molecules.
        run: the run card.
        metrics: part -> reveal ratio -> scores.
        smiles: the SMILES column of its training table.
        subject: how the images, texts or vectors it reads are made; None for molecules and graphs.
        added: names of the tasks added to this server's memory.
        notes: what a person should know.
    """

    folder: Path
    predictor: Predictor
    graph: HeteroGraph | None
    run: Mapping[str, Any]
    metrics: Mapping[str, Any]
    smiles: str | None
    subject: Subject | None
    added: list[str]
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path, graph: Path | None = None) -> Loaded:
        """Read a model folder.

        Args:
            folder: that `weft fit` wrote.
            graph: for a model of a graph, where the graph is; by default where it was.

        Raises:
            UserError: when it is no model, or its graph is not there.
        """
        predictor = saved.load(folder)
        found, notes = None, tuple[str, ...]()
        if on_graph(predictor):
            found, same = graph_for(folder, graph)
            notes = () if same else ("the graph's files have changed since the fit",)
        run, metrics = (_json(folder / name) for name in (CARD, METRICS))
        return cls(folder, predictor, found, run, metrics, usual_smiles(folder), subject_of_model(folder), [], notes)

    @property
    def title(self) -> str:
        """What the model is called: its folder's name."""
        return self.folder.resolve().name

    @property
    def kind(self) -> Kind:
        """What it reads."""
        if self.graph is not None:
            return "graph"
        return "molecules" if self.subject is None else cast(Kind, self.subject.kind)

    @property
    def reads_labels(self) -> bool:
        """Whether known labels move its predictions."""
        return uses_labels(self.predictor)

    @property
    def can_add_task(self) -> bool:
        """Whether it can take a new task without being trained again."""
        if self.graph is not None or self.subject is not None:
            return False
        return any(setting.new_tasks for setting in self.predictor.settings)


def _json(path: Path) -> dict[str, object]:
    return read_json(path) if path.is_file() else {}
