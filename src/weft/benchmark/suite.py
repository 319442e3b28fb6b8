"""What a suite is: data, and the models to train on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from weft.benchmark.results import AnyResult, Result
from weft.benchmark.row import Job, Row
from weft.errors import UserError, nearest
from weft.predictor import Predictor
from weft.registry import registered

if TYPE_CHECKING:
    from weft.data.hetero import HeteroGraph
    from weft.training.run import Run

R_co = TypeVar("R_co", bound=AnyResult, covariant=True)


class AnySuite(Protocol[R_co]):
    """What running a suite needs to know of it."""

    #: How many seeds are run when nobody says.
    rounds: ClassVar[int]
    #: How many trainings are run at a time, each in a process of its own; 0 runs them in this one.
    processes: ClassVar[int]

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        ...

    @property
    def title(self) -> str:
        """What it is, in a line."""
        ...

    @property
    def rows(self) -> Sequence[Row]:
        """The models."""
        ...

    @property
    def kind(self) -> type[R_co]:
        """What a training leaves."""
        ...

    def jobs(self, rows: Sequence[Row], seeds: Sequence[int], data: Sequence[str] = ()) -> list[Job]:
        """Return the trainings of some rows, seed by seed.

        Raises:
            UserError: for data that the suite does not have, or that is not on this machine.
        """
        ...

    def absent(self) -> Mapping[str, UserError]:
        """Return which of its data sets are not on this machine, with what is said of each."""
        ...

    def check(self, rows: Sequence[Row]) -> None:
        """Refuse rows that cannot be trained here, before anything is.

        Raises:
            UserError: naming the row and what it lacks.
        """
        ...

    def measure(self, threads: int, own: bool = False) -> Callable[[Job, Run], R_co]:
        """Return what trains a job and tells what came of it.

        Args:
            threads: to compute with.
            own: whether the process is there for one job alone, so that its memory is the job's.
        """
        ...


@dataclass(frozen=True)
class Suite:
    """Models to compare on one graph with its own split, or on one per seed (implements `AnySuite`).

    Attributes:
        name: on the command line.
        title: what it is, in a line.
        graph: reads or makes the graph.
        rows: the models.
        probe: what else to tell of the fitted models of a row, JSON-ready.
        drawn: makes the graph of a seed, in place of `graph`: what holds of one made-up graph only would else pass for
            a finding.
        further: makes another graph of the same kind for a seed, whose every label is asked, too: a few positives in
            the test part say little of a rare task.
    """

    name: str
    title: str
    graph: Callable[[], HeteroGraph]
    rows: tuple[Row, ...]
    probe: Callable[[Sequence[Predictor], HeteroGraph], Mapping[str, Any]] | None = None
    drawn: Callable[[int], HeteroGraph] | None = None
    further: Callable[[int], HeteroGraph] | None = None
    kind: type[Result] = Result
    rounds: ClassVar[int] = 3
    processes: ClassVar[int] = 0

    def select(self, names: Sequence[str]) -> tuple[Row, ...]:
        """Return the rows of these names, in the suite's order; all by default."""
        return select_rows(self, names)

    def jobs(self, rows: Sequence[Row], seeds: Sequence[int], data: Sequence[str] = ()) -> list[Job]:
        """Return the trainings of some rows, seed by seed; on one graph what is not random has the first seed only."""
        if data:
            raise UserError(f"the suite {self.name} has its own graph", where="--data", mend="Leave --data out.")
        return [Job(row, seed) for seed in seeds for row in rows if row.random or self.drawn or seed == seeds[0]]

    def absent(self) -> Mapping[str, UserError]:
        """Return nothing: a graph is read or made."""
        return {}

    def check(self, rows: Sequence[Row]) -> None:
        """Nothing to refuse: a row's options are checked when it is trained."""

    def measure(self, threads: int, own: bool = False) -> Callable[[Job, Run], Result]:
        """Read the graph, unless every seed has its own, and return what trains a row on it."""
        from weft.benchmark.measure import Measure

        return Measure(self, threads, own)


def select_rows(suite: AnySuite[Any], names: Sequence[str]) -> tuple[Any, ...]:
    """Return a suite's rows of these names, in its order; all by default.

    Args:
        suite: which.
        names: of rows, or of groups: `encoder` means every `encoder/...`.

    Raises:
        UserError: for a name that no row has.
    """
    groups = {row.name.partition("/")[0] for row in suite.rows}
    known = [row.name for row in suite.rows]
    for name in names:
        if name not in known and name not in groups:
            mend = nearest(name, [*known, *sorted(groups - set(known))])
            raise UserError(f"the suite {suite.name} has no row {name!r}", where="--rows", mend=mend)
    wanted = set(names)
    return tuple(r for r in suite.rows if not names or r.name in wanted or r.name.partition("/")[0] in wanted)


#: Name on the command line -> module and variable. A new suite is one file and one line here.
REGISTRY: dict[str, str] = {
    "inline-dblp": "weft.benchmark.suites:DBLP",
    "inline-imdb": "weft.benchmark.suites:IMDB",
    "inline-customers": "weft.benchmark.suites:CUSTOMERS",
    "metalink-table1": "weft.benchmark.table_one:TABLE_ONE",
    "metalink-reveal": "weft.benchmark.molecule_suites:REVEAL",
    "metalink-layers": "weft.benchmark.molecule_suites:LAYERS",
    "metalink-ablation": "weft.benchmark.ablations:ABLATION",
    "metalink-fewshot": "weft.benchmark.fewshot:FEWSHOT",
    "metalink-multilabel": "weft.benchmark.multilabel:MULTILABEL",
    "practice": "weft.benchmark.practice:PRACTICE",
}


def suite(name: str) -> AnySuite[Any]:
    """Return the suite registered as `name`.

    Raises:
        UserError: for an unknown name.
    """
    return registered("suite", name, REGISTRY)
