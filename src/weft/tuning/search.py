"""A search: trials asked of a study, done by an engine, told to the study, and kept as rows of a table."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from weft.engines.base import Ended, Work
from weft.errors import UserError
from weft.files import read_json, write_json
from weft.tuning.study import Study
from weft.tuning.trial import TARGET, Trial

if TYPE_CHECKING:
    from weft.engines.base import Engine
    from weft.training.run import Report

#: Number of the trial of the preset's own settings.
DEFAULT = 0


class Search:
    """The trials of a search.

    Args:
        study: proposes them.
        pattern: a trial, whose number and settings are put in.
        total: how many trials there are to be.
    """

    def __init__(self, study: Study, pattern: Trial, total: int) -> None:
        self.study, self.pattern, self.total = study, pattern, total

    def run(self, place: Engine, report: Report) -> list[dict[str, Any]]:
        """Do what is missing of the trials and return a row for each: number, state, score, fault, cpu_s, settings.

        Raises:
            UserError: when the preset's own settings fail.
        """
        left = max(self.total - self.study.count(), 0)
        for ended in place.run(self._work(left), left, "tune", report):
            self._take(ended)
        return [read_json(path) for path in sorted(self.pattern.work.glob("trials/*/result.json"))]

    def _work(self, left: int) -> Iterator[Work]:
        begun = self.study.begun()
        for number, settings in begun:
            yield self._one(number, settings)
        for _ in range(left - len(begun)):
            yield self._one(*self.study.ask())

    def _one(self, number: int, settings: Mapping[str, Any]) -> Work:
        trial = dataclasses.replace(self.pattern, number=number, settings=settings)
        return Work(f"trial {number}", TARGET, trial)

    def _take(self, ended: Ended) -> None:
        trial: Trial = ended.work.spec
        found: dict[str, Any] | None = ended.answer
        if found is None:
            found = trial.row({"state": "failed", "score": None, "fault": ended.fault, "cpu_s": None})
            write_json(trial.path, found)
        if trial.number == DEFAULT and found["state"] != "complete":
            raise UserError(f"the preset's own settings fail: {found['fault']}", mend="Mend that first; see weft fit.")
        self.study.tell(trial.number, found)


def best_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of the best score; of equal ones the first."""
    return max((row for row in rows if row["score"] is not None), key=lambda row: (row["score"], -row["number"]))
