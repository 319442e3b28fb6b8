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
#: Longest text, most numbers of a vector, and longest image in base64, of a file of some 2.7 megabytes.
MAX_TEXT = 20_000
MAX_VECTOR = 20_000
MAX_IMAGE = 3_600_000
#: Most labelled molecules of an added task.
MAX_SUPPORT = 1000
#: Longest name of a task, node or class.
MAX_NAME = 300
#: Most candidates that measure-next tells.
MAX_CANDIDATES = 100

#: What may be asked about.
FIELDS = ("smiles", "node", "image", "text", "vector")
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Smiles = Annotated[str, Field(min_length=1, max_length=MAX_SMILES, examples=["CC(=O)Oc1ccccc1C(=O)O"])]
Image = Annotated[str, Field(min_length=1, max_length=MAX_IMAGE, description="An image file in base64.")]
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
    """What is asked about, and what is known of it: a molecule, a node of the graph, an image, a text or a vector."""

    smiles: Smiles | None = None
    node: NodeName | None = None
    image: Image | None = None
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)] | None = None
    vector: (
        Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=1, max_length=MAX_VECTOR)] | None
    ) = None
    known: Known = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one(self) -> Subject:
        if sum(getattr(self, name) is not None for name in FIELDS) != 1:
            raise ValueError(f"give one of {', '.join(FIELDS)}")
        return self

    @property
    def field(self) -> str:
        """The name of what was given."""
        return next(name for name in FIELDS if getattr(self, name) is not None)


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
