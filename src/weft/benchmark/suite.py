"""What a suite is: a data set, and the models to train on it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weft.errors import UserError, nearest
from weft.predictor import Predictor, build, predictor_class
from weft.registry import registered

if TYPE_CHECKING:
    from weft.data.hetero import HeteroGraph


@dataclass(frozen=True)
class Row:
    """One line of a table: a model and its options.

    Attributes:
        name: `GROUP/WORD` or one word; unique in its suite.
        model: a name of `weft.predictor.REGISTRY`.
        options: what its constructor is given, JSON-ready.
        alone: whether a model is trained for every family of tasks, on its labels only.
        random: whether seeds matter; else the first one says all.
    """

    name: str
    model: str = "inline"
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    alone: bool = False
    random: bool = True

    def build(self) -> Predictor:
        """Make the unfitted model."""
        return build(self.model, **self.options)

    def told(self) -> dict[str, Any]:
        """Return what decides the row's figures besides the model: the options."""
        return {**self.options, **({"alone": True} if self.alone else {})}

    def takes(self, option: str) -> bool:
        """Whether the model's constructor takes an option."""
        parameters = inspect.signature(predictor_class(self.model).__init__).parameters
        return option in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


@dataclass(frozen=True)
class Suite:
    """Models to compare on one graph with its own split.

    Attributes:
        name: on the command line.
        title: what it is, in a line.
        graph: reads or makes the graph.
        rows: the models.
        probe: what else to tell of the fitted models of a row, JSON-ready.
    """

    name: str
    title: str
    graph: Callable[[], HeteroGraph]
    rows: tuple[Row, ...]
    probe: Callable[[Sequence[Predictor], HeteroGraph], Mapping[str, Any]] | None = None

    def select(self, names: Sequence[str]) -> tuple[Row, ...]:
        """Return the rows of these names, in the suite's order; all by default.

        Args:
            names: of rows, or of groups: `encoder` means every `encoder/...`.

        Raises:
            UserError: for a name that no row has.
        """
        groups = {row.name.partition("/")[0] for row in self.rows}
        known = [row.name for row in self.rows]
        for name in names:
            if name not in known and name not in groups:
                mend = nearest(name, [*known, *sorted(groups - set(known))])
                raise UserError(f"the suite {self.name} has no row {name!r}", where="--rows", mend=mend)
        wanted = set(names)
        return tuple(r for r in self.rows if not names or r.name in wanted or r.name.partition("/")[0] in wanted)


#: Name on the command line -> module and variable. A new suite is one file and one line here.
REGISTRY: dict[str, str] = {
    "inline-dblp": "weft.benchmark.suites:DBLP",
    "inline-imdb": "weft.benchmark.suites:IMDB",
    "inline-customers": "weft.benchmark.suites:CUSTOMERS",
}


def suite(name: str) -> Suite:
    """Return the suite registered as `name`.

    Raises:
        UserError: for an unknown name.
    """
    return registered("suite", name, REGISTRY)
