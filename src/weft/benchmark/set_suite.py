"""What suites on several data sets share: which rows are trained on which data, seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.benchmark.row import Job, Row
from weft.errors import UserError, nearest

if TYPE_CHECKING:
    from weft.benchmark.molecule_page import Section
    from weft.benchmark.pictures import Picture

#: Says that a data set is on this machine.
#:
#: Raises:
#:     UserError: when it is not, with where it comes from.
Find = Callable[[str], object]


@dataclass(frozen=True)
class SetSuite:
    """Models to compare on data sets, with one split per seed.

    Attributes:
        name: on the command line.
        title: what it is, in a line.
        data: names of its data sets.
        rows: the models.
        against: the lines that others are compared with in pairs: each with the first that was asked the same.
    """

    name: str
    title: str
    data: tuple[str, ...]
    rows: tuple[Row, ...]
    against: tuple[str, ...]

    @property
    def finder(self) -> Find | None:
        """What looks for a data set before anything is trained; None where all can be had."""
        return None

    def sections(self, results: Sequence[Any], against: Sequence[str] = ()) -> list[Section]:  # noqa: ARG002
        """Return the tables, as far as there are results.

        Args:
            results: of the suite.
            against: lines to compare with in pairs; the suite's own by default.
        """
        return []

    def draw(self, results: Sequence[Any], folder: Path) -> list[Picture]:  # noqa: ARG002
        """Draw the suite's pictures, if it has any, into a folder."""
        return []

    def jobs(self, rows: Sequence[Row], seeds: Sequence[int], data: Sequence[str] = ()) -> list[Job]:
        """Return the trainings of some rows, seed by seed, then data set by data set.

        Args:
            rows: which.
            seeds: or numbers of splits.
            data: names of data sets; those of the suite that are on this machine by default.

        Raises:
            UserError: for a data set that the suite does not have or that is not on this machine, or when none is.
        """
        for name in data:
            if name not in self.data:
                raise UserError(f"{self.name} has no data {name!r}", where="--data", mend=nearest(name, self.data))
        absent = self.absent(data)
        if data and absent:
            raise next(iter(absent.values()))
        chosen = [name for name in self.data if (name in data or not data) and name not in absent]
        if not chosen:
            raise absent[self.data[0]]
        return [Job(row, seed, name) for seed in seeds for name in chosen for row in rows if row.runs(name, seed)]

    def absent(self, data: Sequence[str] = ()) -> dict[str, UserError]:
        """Return which data sets, of those named or of all, are not on this machine, with what is said of each."""
        found: dict[str, UserError] = {}
        for name in data or self.data:
            try:
                if self.finder is not None:
                    self.finder(name)
            except UserError as error:
                found[name] = error
        return found
