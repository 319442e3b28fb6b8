"""A suite of few-shot models: rows x data sets x seeds, every row with the same encoder, budget and episodes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from weft.benchmark.fewshot_data import ClassSet, find_set, load_classes
from weft.benchmark.fewshot_results import FewShotResult
from weft.benchmark.row import Job, Row
from weft.benchmark.set_suite import Find, SetSuite

if TYPE_CHECKING:
    from weft.benchmark.molecule_page import Section
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
class FewShotSuite(SetSuite):
    """Few-shot models on data sets of classes (implements `AnySuite`); see `SetSuite`.

    Attributes:
        rows: the models.
        episodes: test episodes of each cell.
        cells: ways and shots.
        queries: of each class in a test episode.
        load: reads a data set.
        find: tells whether it is on this machine; None where all can be had.
    """

    rows: tuple[FewShotRow, ...]
    episodes: int = 600
    cells: tuple[tuple[int, int], ...] = ((5, 1), (5, 5), (20, 1), (20, 5))
    queries: int = 15
    load: Callable[[str], ClassSet] = load_classes
    find: Find | None = find_set
    kind: type[FewShotResult] = FewShotResult
    rounds: ClassVar[int] = 3
    processes: ClassVar[int] = 1

    @property
    def finder(self) -> Find | None:
        """What looks for a data set before anything is trained."""
        return self.find

    def sections(self, results: Sequence[FewShotResult], against: Sequence[str] = ()) -> list[Section]:
        """Return the tables, as far as there are results; compared with the lines `against`, the suite's by default."""
        from weft.benchmark.fewshot_tables import fewshot_sections

        return fewshot_sections(self, results, against)

    def check(self, rows: Sequence[Row]) -> None:
        """Refuse rows whose options are none."""
        for row in rows:
            if isinstance(row, FewShotRow):
                row.config()

    def measure(self, threads: int, own: bool = False) -> Callable[[Job, Run], FewShotResult]:
        """Return what trains a row on a data set."""
        from weft.benchmark.fewshot_measure import FewShotMeasure

        return FewShotMeasure(self, threads, own)
