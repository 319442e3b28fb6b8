"""What `weft validate` tells of a graph, as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from weft.data.graph_problems import Problem


@dataclass(frozen=True)
class TypeReport:
    """One type of node.

    Attributes:
        name: the type.
        nodes: how many.
        isolated: how many of them have no edge at all.
        dense: number of dense features.
        sparse: number of sparse features.
        unknown: share of dense cells that are unknown; None without dense features.
        zero_rows: nodes all of whose features are 0 or unknown; 0 when the type has no features.
    """

    name: str
    nodes: int
    isolated: int
    dense: int
    sparse: int
    unknown: float | None
    zero_rows: int


@dataclass(frozen=True)
class Degrees:
    """Edges per node of one side of a relation, over all nodes of its type; zeros when there is none."""

    mean: float
    median: float
    most: int
    without: int


@dataclass(frozen=True)
class RelationReport:
    """One relation.

    Attributes:
        name: of the relation.
        source: node type that messages come from.
        target: node type that they go to.
        edges: how many, each counted once.
        duplicates: how many more there were of the same.
        self_loops: edges from a node to itself.
        out_degree: edges per source node.
        in_degree: edges per target node.
    """

    name: str
    source: str
    target: str
    edges: int
    duplicates: int
    self_loops: int
    out_degree: Degrees
    in_degree: Degrees


@dataclass(frozen=True)
class GraphTask:
    """One task.

    Attributes:
        name: of the task.
        kind: binary, multiclass or regression.
        node_type: that carries the label.
        group: the multi-label task it belongs to, or None.
        labels: number of known labels.
        parts: train, val, test, none -> number of labels there; empty without a split.
        classes: class -> labels in each part (`all` without a split); empty for regression.
        mean: mean of a regression task with labels.
        sd: its standard deviation (with two labels or more).
        notes: what to know before training.
    """

    name: str
    kind: str
    node_type: str
    group: str | None
    labels: int
    parts: dict[str, int]
    classes: dict[str, dict[str, int]]
    mean: float | None
    sd: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class GraphReport:
    """What is in a graph's folder and what is wrong with it.

    Attributes:
        path: the folder.
        layout: tables, npz or hgb.
        name: of the graph.
        types: the types of node.
        relations: the relations.
        tasks: the tasks.
        split: train, val, test -> number of nodes; empty when no split is given, and one is drawn.
        problems: what `weft fit` would refuse, all that were found.
        notes: what to know besides.
    """

    path: str
    layout: str
    name: str
    types: tuple[TypeReport, ...]
    relations: tuple[RelationReport, ...]
    tasks: tuple[GraphTask, ...]
    split: dict[str, int]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    @property
    def fit_error(self) -> str | None:
        """Why `weft fit` would refuse the graph, or None: a problem, or nothing to learn."""
        if self.problems:
            first = self.problems[0]
            row = f", row {first.rows[0]}" if first.rows else ""
            return f"{first.where}{row}: {first.what}"
        if not self.tasks:
            return "there is no task"
        if not any(task.labels for task in self.tasks):
            return "no label is known in any task"
        return None

    def to_json(self) -> dict[str, object]:
        """Return everything as JSON-ready values."""
        told: dict[str, object] = asdict(self)
        told["fit_error"] = self.fit_error
        return told
