"""What a report is made of, whatever the data are: a table of molecules or the nodes of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weft.labels import Ints, LabelTable
from weft.predictor import Predictions, Predictor
from weft.tasks import Kind
from weft.training.answers import Answers
from weft.training.assess import Assessment
from weft.training.metrics import HEADLINE

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.hetero import HeteroGraph
    from weft.data.splits import Split

#: What the second number of a task is, by kind, for molecules.
_SECOND = {Kind.BINARY: "pr_auc", Kind.MULTICLASS: "accuracy", Kind.REGRESSION: "rmse"}


@dataclass(frozen=True, eq=False)
class Alone:
    """What models of one task each predict for the scored data.

    Attributes:
        predictions: `[n, L]`, for the rows of the answers.
        words: what these models are, as the end of a sentence.
        cpu_s: CPU seconds of training them; None when they are part of the model.
    """

    predictions: Predictions
    words: str
    cpu_s: float | None = None


@dataclass(frozen=True, eq=False)
class Facts:
    """A fitted model beside its data.

    Attributes:
        name: of the data.
        card: the run card.
        predictor: the model.
        data: all `N` rows.
        labels: their known labels, on the model's tasks.
        split: the rows of each part.
        answers: what the model says of the rows it is scored on; None when there are none.
        assessment: the answers scored.
        graph: of a model of a graph, with its labels.
        unusable: rows that cannot be used, in words.
        alone: single-task models on the same rows.
        compared: the content of a `compare.json` of these data.
        ours: whether these are the data of the fit; else the split holds the scored rows only.
        thing: what a datum is; a molecule, or a node of a graph, where nothing is said.
        row_names: what each row is called, of data other than molecules and nodes.
    """

    name: str
    card: Mapping[str, Any]
    predictor: Predictor
    data: Data
    labels: LabelTable
    split: Split
    answers: Answers | None
    assessment: Assessment | None
    graph: HeteroGraph | None = None
    unusable: Sequence[str] = ()
    alone: Alone | None = None
    compared: Mapping[str, Any] | None = None
    ours: bool = True
    thing: str = ""
    row_names: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.thing:
            object.__setattr__(self, "thing", "molecule" if self.graph is None else "node")

    @property
    def things(self) -> str:
        """What the data are."""
        return f"{self.thing}s"

    @property
    def train(self) -> LabelTable:
        """The labels of the training rows, renumbered."""
        return self.labels.take(self.split.train)

    def judged_by(self) -> dict[str, tuple[str, str]]:
        """Return the two metrics that every family is told by."""
        if self.assessment is None:
            return {}
        scores = self.assessment.revealed[0].scores
        if self.graph is not None:
            return {score.task: scores.judged_by(score) for score in scores.families()}
        return {score.task: (HEADLINE[score.kind], _SECOND[score.kind]) for score in scores.families()}

    def rows_of(self, part: str) -> Ints:
        """Return the rows of a part."""
        return self.split.parts()[part]
