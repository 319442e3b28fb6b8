"""Images, texts or vectors as the data of a fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from weft.errors import UserError
from weft.jobs.checks import check_tasks
from weft.jobs.options import FitOptions
from weft.jobs.row_source import RowSource, check_reads_rows
from weft.jobs.subject_input import SubjectInput, read_for_fit
from weft.jobs.subjects import Subject
from weft.labels import Bools

if TYPE_CHECKING:
    from weft.data.splits import Split
    from weft.predictor import Predictor
    from weft.report.facts import Facts
    from weft.training.answers import Answers
    from weft.training.assess import Assessment
    from weft.training.run import Report

#: The word for the split that data come with.
PUBLISHED: Final = "published"
#: Share of the training rows that choose the model, where the published split has two parts only.
_VAL: Final = 0.1
USUAL: Final = {
    "images": FitOptions().filled("metalink", PUBLISHED, "resnet-small"),
    "text": FitOptions().filled("metalink", PUBLISHED),
    "vectors": FitOptions().filled("metalink", PUBLISHED),
}


@dataclass(frozen=True)
class SubjectSource(RowSource[SubjectInput]):
    """Data read for a fit (implements `Source`)."""

    @classmethod
    def read(cls, file: Path, kind: str, options: FitOptions, report: Report) -> Self:
        """Read the data and their tasks.

        Raises:
            UserError: for anything that cannot be used, or options that are for molecules or graphs.
        """
        exclude = check_reads_rows(file, options, kind)
        if options.smiles is not None:
            raise UserError("the data are no molecules", where="--smiles", mend="Use --column for texts and images.")
        subject = Subject(kind, options.column, options.features, options.size)
        read = read_for_fit(file, subject, report, options.tasks, options.kinds, exclude, options.threads)
        check_tasks(read.labels.on_rows(np.flatnonzero(read.data.ok)), file)
        return cls(file, read, USUAL[kind])

    def sha256(self) -> str:
        """Return a hash of what was read."""
        return self.read_.sha256()

    def split(self, options: FitOptions) -> Split:
        """Return the data's own split, or make the one that was asked for.

        Without a published split, and for one whose parts have other classes (few-shot learning), rows are drawn.
        """
        from weft.data.splits import make_split, random_split

        spec, frame = options.split or PUBLISHED, self.read_.table.frame
        if spec == "scaffold":
            raise UserError("only molecules have scaffolds", where="--split", mend="Use random or column:NAME.")
        if spec != PUBLISHED:
            return make_split(spec, self.data.ok, self.data.keys, options.seed, frame)
        if "split" not in frame.columns or self.read_.disjoint:
            return random_split(self.data.ok, options.seed)
        return published_split(frame["split"].to_list(), self.data.ok, options.seed)

    def plan(self, split: Split) -> list[str]:
        """Tell how the data were understood."""
        told, form = super().plan(split), self.read_.subject.form
        if form is not None:
            colours = "grey" if form.channels == 1 else "colour"
            told.insert(1, f"{self.read_.layout}; brought to {form.width} x {form.height} pixels, {colours}")
        sizes = ", ".join(f"{len(rows)} {part}" for part, rows in split.parts().items())
        return [*told, f"{split.method} split: {sizes}"]

    def notes(self) -> list[str]:
        """Tell what cannot be used."""
        notes = self.read_.notes()
        if self.read_.disjoint:
            notes.append("the published split is one of classes, for few-shot learning: rows of all classes were drawn")
        return notes

    def card(self) -> dict[str, Any]:
        """Return file, rows and columns, and how the data were found."""
        return {**super().card(), "subject": self.read_.subject.card(), "layout": self.read_.layout}

    def facts(
        self,
        card: dict[str, Any],
        split: Split,
        predictor: Predictor,
        answers: Answers | None,
        assessment: Assessment | None,
    ) -> Facts:
        """Return what the report is made of."""
        found = super().facts(card, split, predictor, answers, assessment)
        return replace(found, thing=self.read_.subject.thing, row_names=row_names(self.read_))


def row_names(read: SubjectInput) -> list[str]:
    """Return what each row is called in a report: the file's name, the text, or its number."""
    column = read.subject.column
    if column is not None and column in read.table.frame.columns:
        return [str(name) for name in read.table.frame[column]]
    return [f"row {read.table.number(at)}" for at in range(len(read.table))]


def published_split(parts: list[str | None], ok: Bools, seed: int) -> Split:
    """Return the split that a column of `train`, `val` and `test` tells.

    With two parts only, what is not training is test, and a tenth of the training rows is drawn to choose the model.

    Raises:
        UserError: when no row is for training.
    """
    from weft.data.splits import Split, column_split

    told = {part for part in parts if part}
    if {"train", "val", "test"} <= told:
        return replace(column_split(parts, ok), method=PUBLISHED)
    rows = {part: np.flatnonzero(ok & (np.array(parts, object) == part)) for part in told}
    train = rows.pop("train", np.zeros(0, np.int64))
    if len(train) < 3:
        raise UserError(f"{len(train)} rows are for training in the published split", mend="Use --split random.")
    drawn = np.random.default_rng(seed).permutation(train)
    cut = max(1, round(_VAL * len(train)))
    rest = np.concatenate([np.zeros(0, np.int64), *rows.values()])
    return Split(drawn[cut:], drawn[:cut], rest, PUBLISHED, seed)
