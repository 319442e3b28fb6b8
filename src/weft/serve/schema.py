"""What the API takes: the body of every request, with its limits. Answers are in `weft.serve.answers`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from weft.tasks import Kind

#: Longest SMILES of a molecule: none this short was seen to hurt RDKit (see `weft.data.parallel`).
MAX_SMILES = 1000
#: Most molecules or nodes of one request; larger sets go through the table.
MAX_ITEMS = 256
#: Most known labels of one molecule.
MAX_KNOWN = 5000
#: Most labelled molecules of an added task.
MAX_SUPPORT = 1000
#: Longest name of a task, node or class.
MAX_NAME = 300
#: Most candidates that measure-next tells.
MAX_CANDIDATES = 100

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Smiles = Annotated[str, Field(min_length=1, max_length=MAX_SMILES, examples=["CC(=O)Oc1ccccc1C(=O)O"])]
#: A label as a person writes it: 0, 1, true, "active", a class name or a number. Never NaN: leave it out instead.
Label = bool | Annotated[float, Field(allow_inf_nan=False)] | Annotated[str, Field(max_length=MAX_NAME)]
Known = Annotated[
    dict[Name, Label | None],
    Field(max_length=MAX_KNOWN, description="Known labels, task -> label; null or left out: unknown."),
]


class Body(BaseModel):
    """A request body; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid")


class NodeName(Body):
    """A node of the model's graph."""

    type: Name
    id: Name


class Subject(Body):
    """What is asked about: a molecule (`smiles`), or a node of the graph (`node`), and what is known of it."""

    smiles: Smiles | None = None
    node: NodeName | None = None
    known: Known = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one(self) -> Subject:
        if (self.smiles is None) == (self.node is None):
            raise ValueError("give either smiles or node")
        return self


class PredictBody(Body):
    """POST /api/predict."""

    items: Annotated[list[Subject], Field(min_length=1, max_length=MAX_ITEMS)]
    coverage: Annotated[float, Field(ge=0.5, le=0.99)] | None = Field(
        None, description="Add sets and intervals that hold the truth with this probability."
    )


class WhatIfBody(Subject):
    """POST /api/what-if: `changes` are put over `known`; null forgets a label."""

    changes: Annotated[dict[Name, Label | None], Field(min_length=1, max_length=MAX_KNOWN)]
    coverage: Annotated[float, Field(ge=0.5, le=0.99)] | None = None


class ExplainBody(Subject):
    """POST /api/explain: which known labels moved the prediction of `task`, and by how much."""

    task: Name
    label: Name | None = Field(None, description="Class of a multiclass task; by default the likeliest.")


class MeasureNextBody(Subject):
    """POST /api/measure-next: unmeasured tasks by how much measuring them should teach of `targets`."""

    targets: Annotated[list[Name], Field(min_length=1, max_length=MAX_KNOWN)] | None = Field(
        None, description="Tasks that matter; by default all."
    )
    count: Annotated[int, Field(ge=1, le=MAX_CANDIDATES)] = 10


class Labelled(Body):
    """One molecule with its label of a new task."""

    smiles: Smiles
    label: Label


class AddTaskBody(Body):
    """POST /api/add-task: a task learnt from a few labelled molecules, without training again."""

    name: Name
    kind: Kind = Kind.BINARY
    items: Annotated[list[Labelled], Field(min_length=1, max_length=MAX_SUPPORT)]
