"""A table of molecules as the data of a fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from weft.errors import UserError
from weft.jobs.checks import check_tasks
from weft.jobs.inputs import Input, read_for_fit, sha256
from weft.jobs.options import FitOptions
from weft.labels import LabelTable
from weft.training.assess import MASKS, RATIOS
from weft.words import many

if TYPE_CHECKING:
    from weft.data.molecules import Molecules
    from weft.data.splits import Split
    from weft.predictor import Predictor
    from weft.report.facts import Facts
    from weft.training.answers import Answers
    from weft.training.assess import Assessment
    from weft.training.run import Report

USUAL = FitOptions().filled("metalink", "scaffold")


@dataclass(frozen=True)
class TableSource:
    """A table read for a fit (implements `Source`)."""

    file: Path
    read_: Input
    reveals: ClassVar[tuple[tuple[float, ...], int]] = (RATIOS, MASKS)

    @classmethod
    def read(cls, file: Path, options: FitOptions, report: Report) -> Self:
        """Read the table, its task columns and its molecules.

        Raises:
            UserError: for anything in it that cannot be used, or a model that reads graphs.
        """
        if options.model == "inline":
            what = "--model inline reads graphs, and this is a table"
            raise UserError(what, where=str(file), mend="Give a graph's folder, or leave out --model.")
        exclude = list(options.exclude)
        if options.split and options.split.startswith("column:"):
            exclude.append(options.split.removeprefix("column:"))
        read = read_for_fit(file, report, options.smiles, options.tasks, options.kinds, exclude, options.threads)
        check_tasks(read.labels.on_rows(np.flatnonzero(read.data.ok)), file)
        return cls(file, read)

    @property
    def usual(self) -> FitOptions:
        """The options that nobody chose."""
        return USUAL

    @property
    def data(self) -> Molecules:
        """One molecule per row, bad ones included."""
        return self.read_.data

    @property
    def labels(self) -> LabelTable:
        """The known labels of the rows."""
        return self.read_.labels

    def sha256(self) -> str:
        """Return the hash of the file's bytes."""
        return sha256(self.file)

    def split(self, options: FitOptions) -> Split:
        """Make the split that was asked for."""
        from weft.data.splits import make_split

        spec = options.split or self.usual.split or "random"
        return make_split(spec, self.data.ok, self.data.keys, options.seed, self.read_.table.frame)

    def plan(self, split: Split) -> list[str]:  # noqa: ARG002 - of the interface
        """Tell how the columns were understood."""
        return [] if self.read_.plan is None else list(self.read_.plan.describe())

    def notes(self) -> list[str]:
        """Tell the rows that cannot be used, and the molecules whose distances are not those of a conformer."""
        status, table = self.read_.status, self.read_.table
        notes: list[str] = []
        if bad := [at for at, word in enumerate(status) if word != "ok"]:
            first = f"the first is row {table.number(bad[0])}: {status[bad[0]]}"
            notes.append(f"{len(bad)} of {many(len(table), 'row')} cannot be used ({first}); weft validate lists them")
        placed = self.data.facts().get("distances")
        if placed and placed["without_conformer"]:
            share = f"{placed['without_conformer']:.0f} of {placed['molecules']:.0f} molecules ({placed['share']:.1%})"
            notes.append(f"{share} have no conformer: their distances are estimated from paths of bonds")
        return notes

    def card(self) -> dict[str, Any]:
        """Return file, rows and columns."""
        return {
            "file": str(self.file),
            "path": str(self.file.resolve()),
            "smiles": self.read_.smiles,
            "rows": len(self.read_.table),
            "usable_rows": int(self.data.ok.sum()),
            "labels": len(self.labels),
            "features": self.data.facts(),
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

        status, table = self.read_.status, self.read_.table
        bad = [f"{table.number(at)}: {word}" for at, word in enumerate(status) if word != "ok"]
        return Facts(self.file.name, card, predictor, self.data, self.labels, split, answers, assessment, unusable=bad)
