"""What the API answers: the body of every response."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from weft.tasks import Kind


class Problem(BaseModel):
    """Every error: what is wrong, where, and the step that mends it (as `UserError`)."""

    what: str
    where: str | None = None
    mend: str | None = None


class TaskInfo(BaseModel):
    """A task of the model.

    `classes` are the names of label values 0, 1, ... (empty for regression); `group` the multi-label task it is one
    label of; `added`: it was added to this server's memory, not fitted.
    """

    name: str
    kind: Kind
    classes: list[str]
    node_type: str | None = None
    group: str | None = None
    added: bool = False


class LimitsInfo(BaseModel):
    """What one request may hold, and how long it may take; `body_bytes` is of a table, `json_bytes` of all else."""

    body_bytes: int
    json_bytes: int
    table_rows: int
    table_columns: int
    items: int
    smiles_length: int
    support: int
    added_tasks: int
    seconds: float
    waiting: int


class ModelInfo(BaseModel):
    """GET /api/model.

    `reads_labels`: known labels move its predictions. `can_cover`: it was calibrated, so sets and intervals can be
    asked for. `node_types`: on a graph, node type -> number of nodes. `metrics`: part -> reveal ratio -> scores, as in
    metrics.json. `features`: names of the numbers of a vector, in order.
    """

    name: str
    title: str
    kind: Literal["molecules", "graph", "images", "text", "vectors"]
    features: list[str]
    tasks: list[TaskInfo]
    settings: list[str]
    reads_labels: bool
    can_add_task: bool
    can_cover: bool
    node_types: dict[str, int]
    metrics: dict[str, Any]
    limits: LimitsInfo
    version: str


class TaskPrediction(BaseModel):
    """The prediction of one task.

    `value`: probability of class 1 (binary), of the likeliest class (multiclass), or the number (regression).
    `label`: name of the likeliest class. `shares`: probability of each class, for a multiclass task. `std`: standard
    deviation of the value. With `coverage` asked: `set` of classes, or `low` and `high` (null: unbounded). `known`: the
    label that was given for this very task; its prediction is then made without it. All null where a task is on
    another node type.
    """

    task: str
    kind: Kind
    value: float | None
    label: str | None = None
    shares: dict[str, float] | None = None
    std: float | None = None
    set: list[str] | None = None
    low: float | None = None
    high: float | None = None
    known: str | float | None = None


class ItemAnswer(BaseModel):
    """One molecule or node: `status` is ok, or why it cannot be predicted (then `tasks` is empty)."""

    status: str
    key: str | None
    tasks: list[TaskPrediction]


class PredictAnswer(BaseModel):
    """POST /api/predict: as many items as asked, in their order."""

    items: list[ItemAnswer]
    coverage: float | None
    reads_labels: bool


class Move(BaseModel):
    """How one output column moves: `label` is the class of a multiclass task."""

    task: str
    label: str | None
    before: float | None
    after: float | None
    difference: float | None


class WhatIfAnswer(BaseModel):
    """POST /api/what-if."""

    key: str
    before: list[TaskPrediction]
    after: list[TaskPrediction]
    moves: list[Move]


class Effect(BaseModel):
    """How much knowing one label moves the prediction that is explained."""

    task: str
    known: str | float
    effect: float


class ExplainAnswer(BaseModel):
    """POST /api/explain: `base` is the prediction with nothing known, `full` with everything known.

    With method `shapley` the effects sum to `full - base`; with `leave-one-out` an effect is `full` less the
    prediction without that label. Strongest first.
    """

    key: str
    task: str
    label: str | None
    method: str
    base: float
    full: float
    effects: list[Effect]


class CandidateInfo(BaseModel):
    """A task worth measuring.

    `gain`: expected reduction of uncertainty over the targets, in nats; `own`: the part that is the task's own
    uncertainty; `about`: target -> what is expected to be learnt of it.
    """

    task: str
    gain: float
    own: float
    about: dict[str, float]


class MeasureNextAnswer(BaseModel):
    """POST /api/measure-next: best first."""

    key: str
    targets: list[str]
    candidates: list[CandidateInfo]


class BadRow(BaseModel):
    """A row that could not be used; rows are numbered from 1."""

    row: int
    reason: str


class AddTaskAnswer(BaseModel):
    """POST /api/add-task: `note` tells that the task lives in this server's memory only."""

    task: TaskInfo
    labels: int
    bad: list[BadRow]
    n_tasks: int
    note: str


class TableReport(BaseModel):
    """The header `X-Weft-Report` of POST /api/table, as JSON: `bad` are the first bad rows of `bad_rows`."""

    rows: int
    bad_rows: int
    bad: list[BadRow]
    known: int
    used: bool


class Health(BaseModel):
    """GET /api/health."""

    status: Literal["ok", "busy"]
    version: str
    uptime_s: float
    waiting: int
    tasks: int


class Card(BaseModel):
    """GET /api/card: what the model is, how it was fitted, how well it does, and its limits."""

    title: str
    name: str
    tasks: list[TaskInfo]
    settings: list[str]
    fit: dict[str, Any]
    metrics: dict[str, Any]
    calibration: dict[str, Any] | None
    notes: list[str]


class NodeInfo(BaseModel):
    """A node of the graph."""

    type: str
    id: str


class NodeList(BaseModel):
    """GET /api/nodes: the first nodes whose id holds the query; `total` fit it."""

    type: str
    total: int
    nodes: list[NodeInfo]


class NodeLabel(BaseModel):
    """A label the graph has of a node; `part` of the split: train, val, test or null."""

    task: str
    value: str | float
    part: str | None


class Gate(BaseModel):
    """What `task` takes from `source` in a layer, on a node type, along a relation: mean weight over nodes."""

    layer: int
    node_type: str
    relation: str
    task: str
    source: str
    weight: float


class Neighbours(BaseModel):
    """The neighbours along one relation: `total` of them, the first ones told."""

    relation: str
    direction: Literal["in", "out"]
    total: int
    nodes: list[NodeInfo]


class NodeAnswer(BaseModel):
    """GET /api/node."""

    type: str
    id: str
    labels: list[NodeLabel]
    tasks: list[TaskPrediction]
    gates: list[Gate]
    neighbours: list[Neighbours]


class TaskMapAnswer(BaseModel):
    """GET /api/task-map: how much knowing the task of a row tells of the task of a column (see `weft.explain.TaskMap`).

    `influence`: 0 nothing to 1 all, null on the diagonal. `moved`: how far the answer is expected to move.
    `direction`: -1 to 1, whether it moves up with the label. `clusters`: tasks that move each other. `order`: places
    of the tasks, so that those stand side by side. `rows`: size of the sample.
    """

    names: list[str]
    influence: list[list[float | None]]
    moved: list[list[float | None]]
    direction: list[list[float | None]]
    clusters: list[list[str]]
    order: list[int]
    rows: int
