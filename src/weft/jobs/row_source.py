"""Data of rows, a datum each, as the data of a fit: what molecules share with images, texts and vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from weft.errors import UserError
from weft.jobs.options import FitOptions
from weft.labels import LabelTable
from weft.training.assess import MASKS, RATIOS
from weft.words import many

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.columns import ColumnPlan
    from weft.data.splits import Split
    from weft.data.tables import Table
    from weft.predictor import Predictor
    from weft.report.facts import Facts
    from weft.training.answers import Answers
    from weft.training.assess import Assessment


class Rows(Protocol):
    """A file or folder that was read: its table, and a datum and labels per row."""

    @property
    def table(self) -> Table:
        """The rows as they stand there."""
        ...

    @property
    def data(self) -> Data:
        """One datum per row, bad ones included."""
        ...

    @property
    def labels(self) -> LabelTable:
        """The known labels of the rows."""
        ...

    @property
    def plan(self) -> ColumnPlan | None:
        """How the columns were understood."""
        ...

    @property
    def status(self) -> list[str]:
        """`ok` or the reason why a row cannot be used."""
        ...


R = TypeVar("R", bound=Rows)


@dataclass(frozen=True)
class RowSource(Generic[R]):
    """Rows read for a fit (a part of `Source`).

    Attributes:
        file: a table, arrays or a folder.
        read_: what was read of it.
        usual: the options that nobody chose.
    """

    file: Path
    read_: R
    usual: FitOptions
    reveals: ClassVar[tuple[tuple[float, ...], int]] = (RATIOS, MASKS)

    @property
    def data(self) -> Data:
        """One datum per row, bad ones included."""
        return self.read_.data

    @property
    def labels(self) -> LabelTable:
        """The known labels of the rows."""
        return self.read_.labels

    def plan(self, split: Split) -> list[str]:  # noqa: ARG002 - of the interface
        """Tell how the columns were understood."""
        return [] if self.read_.plan is None else list(self.read_.plan.describe())

    def card(self) -> dict[str, Any]:
        """Return file, rows and columns."""
        return {
            "file": str(self.file),
            "path": str(self.file.resolve()),
            "rows": len(self.read_.table),
            "usable_rows": int(self.data.ok.sum()),
            "labels": len(self.labels),
            "left_alone": [] if self.read_.plan is None else list(self.read_.plan.other),
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

        bad = unusable(self.read_.table, self.read_.status)
        return Facts(self.file.name, card, predictor, self.data, self.labels, split, answers, assessment, unusable=bad)


def check_reads_rows(file: Path, options: FitOptions, thing: str) -> list[str]:
    """Return the columns that are no tasks: those excluded, and the one that tells the split.

    Args:
        file: what is to be read.
        options: of the fit.
        thing: what it is, in words.

    Raises:
        UserError: for a model that reads graphs.
    """
    if options.model == "inline":
        what, mend = f"--model inline reads graphs, and this is {thing}", "Give a graph's folder, or leave out --model."
        raise UserError(what, where=str(file), mend=mend)
    told = options.split or ""
    return [*options.exclude, *([told.removeprefix("column:")] if told.startswith("column:") else [])]


def unusable(table: Table, status: Sequence[str]) -> list[str]:
    """Return the rows that cannot be used, in words."""
    return [f"{table.number(at)}: {word}" for at, word in enumerate(status) if word != "ok"]


def bad_rows(table: Table, status: Sequence[str]) -> list[str]:
    """Tell how many rows cannot be used, and the first; nothing when all can."""
    bad = [at for at, word in enumerate(status) if word != "ok"]
    if not bad:
        return []
    first = f"the first is row {table.number(bad[0])}: {status[bad[0]]}"
    return [f"{len(bad)} of {many(len(table), 'row')} cannot be used ({first}); weft validate lists them"]
