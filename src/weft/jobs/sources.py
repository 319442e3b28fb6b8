"""Where the data of a fit come from: molecules, a graph, images, texts or vectors, behind one interface."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from weft.jobs.options import FitOptions
from weft.jobs.subjects import kind_of
from weft.labels import LabelTable

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.splits import Split
    from weft.predictor import Predictor
    from weft.report.facts import Facts
    from weft.training.answers import Answers
    from weft.training.assess import Assessment
    from weft.training.run import Report


class Source(Protocol):
    """What a fit needs to know of its data, whatever they are."""

    @property
    def usual(self) -> FitOptions:
        """The options that nobody chose, for data of this kind."""
        ...

    #: Shares of a datum's known labels to show when the fitted model is scored, and the random choices of each.
    reveals: ClassVar[tuple[tuple[float, ...], int]]

    @property
    def data(self) -> Data:
        """What predictors read, `N` rows."""
        ...

    @property
    def labels(self) -> LabelTable:
        """The known labels of the `N` rows."""
        ...

    def sha256(self) -> str:
        """Return a hash of the bytes that were read."""
        ...

    def split(self, options: FitOptions) -> Split:
        """Return the rows of each part.

        Raises:
            UserError: for a split that cannot be made of these data.
        """
        ...

    def plan(self, split: Split) -> Sequence[str]:
        """Tell how the data were understood, a line each."""
        ...

    def notes(self) -> Sequence[str]:
        """Tell what could not be used."""
        ...

    def card(self) -> dict[str, Any]:
        """Return what the run card says of the data, JSON-ready."""
        ...

    def facts(
        self,
        card: dict[str, Any],
        split: Split,
        predictor: Predictor,
        answers: Answers | None,
        assessment: Assessment | None,
    ) -> Facts:
        """Return what the report is made of.

        Args:
            card: the run card.
            split: the rows of each part.
            predictor: the fitted model.
            answers: what it says of the test rows, or of the validation rows when there are no test rows, or None.
            assessment: the answers scored.
        """
        ...


def usual(file: Path, data: str | None = None) -> FitOptions:
    """Return the options that nobody chose for what `file` holds.

    Args:
        file: a table, arrays or a folder.
        data: what its rows are about, where that was said.
    """
    kind = kind_of(file, data)
    if kind == "graph":
        from weft.jobs.graph_source import USUAL
    elif kind == "molecules":
        from weft.jobs.table_source import USUAL
    else:
        from weft.jobs.subject_source import USUAL as subjects

        return subjects[kind]
    return USUAL


def read_source(file: Path, options: FitOptions, report: Report) -> Source:
    """Read the data of a fit.

    Raises:
        UserError: for data, or options, that cannot be used with each other.
    """
    kind = kind_of(file, options.data)
    if kind == "graph":
        from weft.jobs.graph_source import GraphSource

        return GraphSource.read(file, options, report)
    if kind == "molecules":
        from weft.jobs.table_source import TableSource

        return TableSource.read(file, options, report)
    from weft.jobs.subject_source import SubjectSource

    return SubjectSource.read(file, kind, options, report)
