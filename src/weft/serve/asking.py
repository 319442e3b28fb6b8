"""Predictions and what-ifs of molecules or nodes; runs on the model's thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from weft.errors import UserError
from weft.explain import Inquiry
from weft.jobs.answering import predict_around
from weft.jobs.coverage import cover
from weft.labels import LabelTable, Shown
from weft.predictor import Predictions, Predictor
from weft.serve.answers import ItemAnswer, PredictAnswer, WhatIfAnswer
from weft.serve.known import label_table, read_known
from weft.serve.loaded import Loaded
from weft.serve.queries import Queries, Query
from weft.serve.remembered import Remembered, Rows, in_groups, remembering
from weft.serve.schema import PredictBody, Subject, WhatIfBody
from weft.serve.told import moves, tell
from weft.training.conformal import Region

if TYPE_CHECKING:
    from weft.data.base import Data

#: With more known labels than this, those of a fifth of the tasks are hidden together, as `weft predict` does.
_FEW = 64


@dataclass(eq=False)
class Asking:
    """Answers questions about one model.

    Attributes:
        loaded: the model.
        queries: finds and encodes what is asked about.
    """

    loaded: Loaded
    queries: Queries

    def predict(self, bodies: Sequence[PredictBody]) -> list[PredictAnswer]:
        """Answer some requests at once; a datum's answer does not depend on the others."""
        items = [item for body in bodies for item in body.items]
        places = [f"items[{at}]" for body in bodies for at in range(len(body.items))]
        found, known = self.query(items), self.known(items, places)
        predictions, labels = self._predict(found, known)
        answers: list[PredictAnswer] = []
        start = 0
        for body in bodies:
            rows = np.arange(start, start + len(body.items))
            start += len(body.items)
            regions = self.regions(predictions.take(rows), labels.take(rows), body.coverage)
            told = [
                self._item(found[row], predictions, row, known[row], None if regions is None else (regions, at))
                for at, row in enumerate(rows.tolist())
            ]
            reads = self.loaded.reads_labels
            answers.append(PredictAnswer(items=told, coverage=body.coverage, reads_labels=reads))
        return answers

    def _item(
        self,
        query: Query,
        found: Predictions,
        row: int,
        known: Mapping[int, float],
        regions: tuple[Sequence[Region], int] | None,
    ) -> ItemAnswer:
        if query.status != "ok":
            return ItemAnswer(status=query.status, key=None, tasks=[])
        own = found.take(np.array([row]))
        part = None if regions is None else [_at(region, regions[1]) for region in regions[0]]
        return ItemAnswer(status="ok", key=query.key, tasks=tell(own, 0, known, part))

    def what_if(self, body: WhatIfBody) -> WhatIfAnswer:
        """Predict with and without changed labels; known labels' own predictions are made without them."""
        query = self.one(body)
        tasks = self.loaded.predictor.tasks
        known = read_known(body.known, tasks, "known")
        changes = read_known(body.changes, tasks, "changes")
        forgotten = {tasks.index(name) for name, value in body.changes.items() if value is None}
        then = {at: value for at, value in {**known, **changes}.items() if at not in forgotten}
        both = [known, then]
        found, labels = self._predict([query, query], both)
        regions = self.regions(found, labels, body.coverage)
        before, after = (tell(found, row, both[row], regions) for row in (0, 1))
        moved = moves(tasks, found.mean[0], found.mean[1])
        return WhatIfAnswer(key=query.key, before=before, after=after, moves=moved)

    def query(self, subjects: Sequence[Subject]) -> list[Query]:
        """Find what is asked about."""
        return self.queries.find(self.loaded, subjects)

    def one(self, subject: Subject) -> Query:
        """Find the one datum that is asked about.

        Raises:
            UserError: when it cannot be read.
        """
        query = self.query([subject])[0]
        if query.status != "ok":
            raise UserError(query.status, where=subject.field)
        return query

    def known(self, subjects: Sequence[Subject], places: Sequence[str]) -> list[dict[int, float]]:
        """Read the known labels of each datum."""
        tasks = self.loaded.predictor.tasks
        each = zip(subjects, places, strict=True)
        return [read_known(subject.known, tasks, f"{place}.known") for subject, place in each]

    def _predict(
        self, queries: Sequence[Query], known: Sequence[Mapping[int, float]]
    ) -> tuple[Predictions, LabelTable]:
        """Predict data from their known labels, a known cell without its own."""
        predictor = self.loaded.predictor
        labels = label_table(predictor.tasks, known)
        labels = labels.where(np.array([queries[row].status == "ok" for row in labels.row], bool))
        if not self.loaded.reads_labels or not len(labels):
            return self._unknown(queries), labels
        return in_groups(
            _groups(labels, self.loaded.graph is not None), lambda rows: self._around(queries, labels, rows)
        ), labels

    def _unknown(self, queries: Sequence[Query]) -> Predictions:
        """Predict data of which nothing is known."""
        model = self._model()
        return model.answer(self.queries.encoded(self.loaded, queries), Shown.nothing(model.tasks, len(queries)))

    def _model(self) -> Predictor:
        answers = None if self.loaded.graph is None else self.queries.answers
        return remembering(self.loaded.predictor, answers)

    def _around(self, queries: Sequence[Query], labels: LabelTable, rows: Rows) -> Predictions:
        """Predict some of the data; those of one call have few labels known, or all have many."""
        chosen, part = [queries[row] for row in rows], labels.take(rows)
        if part.row_counts().max() > _FEW:
            return predict_around(self.loaded.predictor, self.queries.encoded(self.loaded, chosen), part)
        return self.inquiry(chosen, part).predictions()

    def inquiry(self, queries: Sequence[Query], labels: LabelTable) -> Inquiry:
        """Return what asks the model about some data again and again, on encodings that are kept."""
        data = Remembered(queries, self.queries.encoded(self.loaded, queries))
        return Inquiry(self._model(), cast("Data", data), Shown(labels))

    def regions(self, found: Predictions, labels: LabelTable, coverage: float | None) -> Sequence[Region] | None:
        """Return sets and intervals, if asked for.

        Raises:
            UserError: for a model that was not calibrated.
        """
        if coverage is None:
            return None
        calibrator = self.loaded.predictor.calibrator
        if calibrator is None:
            mend = "Leave coverage out, or fit again with a split that has a validation part."
            raise UserError("the model has no validation labels to make sets from", where="coverage", mend=mend)
        used = self.loaded.reads_labels and len(labels) > 0
        return cover(calibrator, found, labels, used, coverage).regions


def _groups(labels: LabelTable, alone: bool) -> list[Rows]:
    """Return rows that are predicted in one call; on a graph one each, as labels of a node reach the others."""
    if alone:
        return [np.array([row]) for row in range(labels.n_rows)]
    many = labels.row_counts() > _FEW
    return [rows for rows in (np.flatnonzero(~many), np.flatnonzero(many)) if rows.size]


def _at(region: Region, row: int) -> Region:
    part = slice(row, row + 1)
    return Region(
        holds=None if region.holds is None else region.holds[part],
        low=None if region.low is None else region.low[part],
        high=None if region.high is None else region.high[part],
    )
