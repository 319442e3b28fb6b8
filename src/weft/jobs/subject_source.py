"""Images, texts or vectors as the data of a fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import numpy as np

from weft.errors import UserError
from weft.jobs.checks import check_tasks
from weft.jobs.options import FitOptions
from weft.jobs.subject_input import SubjectInput, read_for_fit
from weft.jobs.subjects import Subject
from weft.labels import Bools, LabelTable
from weft.training.assess import MASKS, RATIOS

if TYPE_CHECKING:
    from weft.data.base import Data
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
class SubjectSource:
    """Data read for a fit (implements `Source`)."""

    file: Path
    read_: SubjectInput
    usual: FitOptions
    reveals: ClassVar[tuple[tuple[float, ...], int]] = (RATIOS, MASKS)

    @classmethod
    def read(cls, file: Path, kind: str, options: FitOptions, report: Report) -> Self:
        """Read the data and their tasks.

        Raises:
            UserError: for anything that cannot be used, or options that are for molecules or graphs.
        """
        if options.model == "inline":
            what = f"--model inline reads graphs, and this is {kind}"
            raise UserError(what, where=str(file), mend="Leave out --model.")
        if options.smiles is not None:
            raise UserError("the data are no molecules", where="--smiles", mend="Use --column for texts and images.")
        exclude = list(options.exclude)
        if options.split and options.split.startswith("column:"):
            exclude.append(options.split.removeprefix("column:"))
        subject = Subject(kind, options.column, options.features, options.size)
        read = read_for_fit(file, subject, report, options.tasks, options.kinds, exclude, options.threads)
        check_tasks(read.labels.on_rows(np.flatnonzero(read.data.ok)), file)
        return cls(file, read, USUAL[kind])

    @property
    def data(self) -> Data:
        """One datum per row, bad ones included."""
        return self.read_.data

    @property
    def labels(self) -> LabelTable:
        """The known labels of the rows."""
        return self.read_.labels

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
        read = self.read_
        told = [] if read.plan is None else list(read.plan.describe())
        form = read.subject.form
        if form is not None:
            colours = "grey" if form.channels == 1 else "colour"
            told.insert(1, f"{read.layout}; brought to {form.width} x {form.height} pixels, {colours}")
        sizes = ", ".join(f"{len(rows)} {part}" for part, rows in split.parts().items())
        return [*told, f"{split.method} split: {sizes}"]

    def notes(self) -> list[str]:
        """Tell what cannot be used."""
        notes = self.read_.notes()
        if self.read_.disjoint:
            notes.append("the published split is one of classes, for few-shot learning: rows of all classes were drawn")
        return notes

    def card(self) -> dict[str, Any]:
        """Return file, rows and columns."""
        read = self.read_
        return {
            "file": str(self.file),
            "path": str(self.file.resolve()),
            "subject": read.subject.card(),
            "layout": read.layout,
            "rows": len(read.table),
            "usable_rows": int(self.data.ok.sum()),
            "labels": len(self.labels),
            "left_alone": [] if read.plan is None else list(read.plan.other),
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

        read = self.read_
        found = Facts(self.file.name, card, predictor, self.data, self.labels, split, answers, assessment)
        return replace(found, unusable=unusable(read), thing=read.subject.thing, row_names=row_names(read))


def unusable(read: SubjectInput) -> list[str]:
    """Return the rows that cannot be used, in words."""
    return [f"{read.table.number(at)}: {word}" for at, word in enumerate(read.status) if word != "ok"]


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
