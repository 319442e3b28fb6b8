"""A suite of few-shot models: rows x data sets x seeds, every row with the same encoder, budget and episodes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from weft.benchmark.fewshot_data import ClassSet, load_classes
from weft.benchmark.fewshot_results import FewShotResult
from weft.benchmark.row import Job, Row
from weft.errors import UserError, nearest

if TYPE_CHECKING:
    from weft.fewshot.network import FewShotConfig
    from weft.training.run import Run

#: Options of a row that are no fields of `FewShotConfig`.
_LOOP = ("epochs", "lr", "weight_decay")


@dataclass(frozen=True)
class FewShotRow(Row):
    """A head over an encoder.

    Attributes:
        model: of `weft.fewshot.heads.HEADS`.
        options: of `FewShotConfig` and its loop.
        readings: of `weft.fewshot.frozen.FROZEN`: classifiers that are asked on this row's embeddings, too.
        exact: whether class nodes are solved exactly over the trained encoder (`weft.fewshot.exact`), beside the head,
            which then has a reading of its own, `learnt`.
    """

    model: str = "graph"
    exact: bool = False
    readings: tuple[str, ...] = ()

    def config(self) -> FewShotConfig:
        """Return the resolved configuration."""
        from weft.fewshot.network import FewShotConfig

        options = dict(self.options)
        loop = {name: options.pop(name) for name in _LOOP if name in options}
        config = FewShotConfig(head=self.model, **options)
        return dataclasses.replace(config, loop=dataclasses.replace(config.loop, **loop))

    def told(self) -> dict[str, Any]:
        """Return what decides the row's figures."""
        more = {"readings": list(self.readings), "exact": self.exact}
        return {**self.options, **{name: value for name, value in more.items() if value}}

    def takes(self, option: str) -> bool:
        """Whether an option given to every row is one of this: epochs are."""
        return option == "epochs"


@dataclass(frozen=True)
class FewShotSuite:
    """Few-shot models on data sets of classes (implements `AnySuite`).

    Attributes:
        name: on the command line.
        title: what it is, in a line.
        data: names of its data sets.
        rows: the models.
        against: the lines that others are compared with, episode by episode: the first that there are results of.
        episodes: test episodes of each cell.
        cells: ways and shots.
        queries: of each class in a test episode.
        turns: whether training images turned by quarters are further classes.
        load: reads a data set.
    """

    name: str
    title: str
    data: tuple[str, ...]
    rows: tuple[FewShotRow, ...]
    against: tuple[str, ...]
    episodes: int = 600
    cells: tuple[tuple[int, int], ...] = ((5, 1), (5, 5), (20, 1), (20, 5))
    queries: int = 15
    turns: bool = True
    load: Callable[[str], ClassSet] = load_classes
    kind: type[FewShotResult] = FewShotResult
    rounds: ClassVar[int] = 3
    processes: ClassVar[int] = 1

    def jobs(self, rows: Sequence[Row], seeds: Sequence[int], data: Sequence[str] = ()) -> list[Job]:
        """Return the trainings of some rows, seed by seed.

        Raises:
            UserError: for a data set that the suite does not have.
        """
        for name in data:
            if name not in self.data:
                raise UserError(f"{self.name} has no data {name!r}", where="--data", mend=nearest(name, self.data))
        chosen = [name for name in self.data if not data or name in data]
        return [Job(row, seed, name) for seed in seeds for name in chosen for row in rows]

    def check(self, rows: Sequence[Row]) -> None:
        """Refuse rows whose options are none."""
        for row in rows:
            if isinstance(row, FewShotRow):
                row.config()

    def measure(self, threads: int, own: bool = False) -> Callable[[Job, Run], FewShotResult]:
        """Return what trains a row on a data set."""
        from weft.benchmark.fewshot_measure import FewShotMeasure

        return FewShotMeasure(self, threads, own)
