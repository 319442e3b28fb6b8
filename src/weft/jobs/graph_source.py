"""The folder of a graph as the data of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from weft.data.graph_files import read_graph
from weft.data.graph_known import content_hash, only_tasks, unlabelled
from weft.data.hetero import HeteroGraph
from weft.data.nodes import Nodes
from weft.data.splits import Split
from weft.errors import UserError, nearest
from weft.jobs.checks import check_tasks
from weft.jobs.graph_words import describe
from weft.jobs.options import FitOptions
from weft.labels import LabelTable
from weft.tasks import TaskSet
from weft.training.assess import HALF
from weft.words import many

if TYPE_CHECKING:
    from weft.predictor import Predictor
    from weft.report.facts import Facts
    from weft.training.answers import Answers
    from weft.training.assess import Assessment
    from weft.training.run import Report

USUAL = FitOptions().filled("inline", "published")
_DRAWN = "random"
_OF_MOLECULES = (
    *("metalink", "linear", "rf", "lightgbm", "rf-gaussian", "two-stage-lr", "two-stage-lightgbm", "mean-of-four"),
    *("binary-relevance", "classifier-chains", "powerset-knn", "few-shot"),
)


@dataclass(frozen=True)
class GraphSource:
    """A graph read for a fit (implements `Source`).

    Attributes:
        file: its folder.
        graph: what was read.
        data: every node, of a graph without labels: none can be read as a feature.
        hashes: of what was read, without and with its split, before tasks were chosen.
    """

    file: Path
    graph: HeteroGraph
    data: Nodes
    hashes: tuple[str, str]
    #: Few: each is a pass over the whole graph.
    reveals: ClassVar[tuple[tuple[float, ...], int]] = ((0.0, HALF), 2)

    @classmethod
    def read(cls, file: Path, options: FitOptions, report: Report) -> Self:
        """Read the graph and choose its tasks.

        Raises:
            UserError: for a folder that is no graph, or options that are for tables.
        """
        _refuse_for_tables(file, options)
        report("read", 0, 1, file.name)
        graph = read_graph(file, _named(options.split))
        hashes = content_hash(graph), content_hash(graph, with_split=True)
        tasks = choose_tasks(graph.tasks, options.tasks, options.exclude, file)
        if not len(tasks):
            mend = "A task is told in graph.toml, labels.npz or label.dat."
            raise UserError("there is no task to learn", where=str(file), mend=mend)
        if len(tasks) < len(graph.tasks):
            graph = only_tasks(graph, tasks.names)
        check_tasks(graph.labels, file)
        report("read", 1, 1, f"{many(len(graph), 'node')}, {many(len(graph.tasks.families), 'task')}")
        return cls(file, graph, Nodes.of(unlabelled(graph)), hashes)

    @property
    def usual(self) -> FitOptions:
        """The options that nobody chose."""
        return USUAL

    @property
    def labels(self) -> LabelTable:
        """The known labels, on global rows."""
        return self.graph.labels

    def sha256(self) -> str:
        """Return a hash of what was read, split and all."""
        return self.hashes[1]

    def split(self, options: FitOptions) -> Split:
        """Return the graph's own split, a saved one, or draw one where there is none or it was asked for."""
        from weft.data.graph_splits import random_node_split

        if options.split and options.split.startswith("file:"):
            return self._saved(options.split.removeprefix("file:"))
        if options.split == _DRAWN or self.graph.split is None:
            return random_node_split(self.graph, options.seed)
        split = self.graph.split
        for part in ("train", "val"):
            if not len(self.labels.on_rows(split.parts()[part])):
                mend = "Add --split random, or name nodes for it in the files."
                raise UserError(f"no label in the {part} part of the split", where=str(self.file), mend=mend)
        return split

    def _saved(self, path: str) -> Split:
        split = Split.load(path)
        rows = np.concatenate(list(split.parts().values()))
        if rows.size and rows.max() >= len(self.graph):
            mend = "Use it with the graph it was made for."
            raise UserError(f"the split has row {rows.max()}, the graph {len(self.graph)} nodes", where=path, mend=mend)
        return replace(split, method=f"file:{path}")

    def plan(self, split: Split) -> list[str]:
        """Tell types, relations, tasks and split."""
        sizes = ", ".join(f"{len(rows)} {part}" for part, rows in split.parts().items())
        return [*describe(self.graph), f"{split.method} split: {sizes}"]

    def notes(self) -> list[str]:
        """Tell what gives a model nothing to read."""
        empty = [relation.key for relation, edge in self.graph.edges.items() if not edge.shape[1]]
        bare = [kind for kind, table in self.graph.nodes.items() if table.dense is None and table.sparse is None]
        notes = [f"no edge in {', '.join(empty)}"] if empty else []
        if bare:
            notes.append(f"no features on {', '.join(bare)}: known by edges only")
        return notes

    def card(self) -> dict[str, Any]:
        """Return folder, nodes and edges."""
        graph = self.graph
        return {
            "graph": graph.name,
            "file": str(self.file),
            "path": str(self.file.resolve()),
            "content": self.hashes[0],
            "nodes": {kind: table.n for kind, table in graph.nodes.items()},
            "edges": {relation.key: int(edge.shape[1]) for relation, edge in graph.edges.items()},
            "labels": len(graph.labels),
            "schema": graph.schema(),
        }

    def facts(
        self,
        card: dict[str, Any],
        split: Split,
        predictor: Predictor,
        answers: Answers | None,
        assessment: Assessment | None,
    ) -> Facts:
        """Return what the report is made of."""
        from weft.report.facts import Facts

        name = self.graph.name
        return Facts(name, card, predictor, self.data, self.labels, split, answers, assessment, graph=self.graph)


def choose_tasks(tasks: TaskSet, wanted: Sequence[str], exclude: Sequence[str], file: Path) -> TaskSet:
    """Return the tasks that were named, by their own name or their multi-label task's, without the excluded.

    Raises:
        UserError: for a name that is no task.
    """
    members = {**{task.name: [task.name] for task in tasks}}
    for family, at in tasks.families.items():
        members[family] = [tasks[j].name for j in at]
    for name in (*wanted, *exclude):
        if name not in members:
            mend = nearest(name, members)
            raise UserError(f"the graph has no task {name!r}", where=str(file), mend=mend)
    kept = {name for word in wanted for name in members[word]} if wanted else set(tasks.names)
    kept -= {name for word in exclude for name in members[word]}
    return tasks.select(name for name in tasks.names if name in kept)


def _named(split: str | None) -> str | None:
    """Return the name of a further published split, when one was asked for."""
    own = split in (None, USUAL.split, _DRAWN) or str(split).startswith("file:")
    return None if own else split


def _refuse_for_tables(file: Path, options: FitOptions) -> None:
    if options.model in _OF_MOLECULES:
        what = f"--model {options.model} reads molecules, and this is a graph"
        raise UserError(what, where=str(file), mend=f"Use --model {USUAL.model}, or prior, which reads labels only.")
    given = [flag for flag, value in (("--smiles", options.smiles), ("--kind", options.kinds)) if value]
    if given:
        raise UserError(f"{' and '.join(given)} is for tables of molecules", where=str(file), mend="Leave it out.")
