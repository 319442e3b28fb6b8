"""The suites on heterogeneous graphs: InLINE (arXiv 2410.22089) beside what it must be compared with.

`default` is what `weft fit` does, an ensemble; all other rows under its recipe are one network each, to compare with
`one/whole`: `one/...` lacks one of its parts, `exchange/...` has another exchange in place of InLINE's,
`no-labels/...` that without labels as structure, too, `encoder/...` another graph network without them, and
`balance/...` weighs the tasks' losses otherwise. `members/6` is the default with two networks more. `alone` is a model
per task, on that task's labels only. `paper/...` is the published recipe under every exchange, `equal-weights/...` the
same with all tasks' losses weighed alike. Of customers further ones are asked, too: eight positives of the rarest task
in a test part tell little.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from weft.benchmark.planted import planted_shares
from weft.benchmark.row import Row
from weft.benchmark.suite import Suite

if TYPE_CHECKING:
    from weft.data.customers import World
    from weft.data.hetero import HeteroGraph

EXCHANGES = ("single", "shared", "cross-stitch", "mmoe", "ple")
BALANCINGS = ("uncertainty", "dwa", "gradnorm")  # those through TorchJD need an extra
ENCODERS = ("rgcn", "han", "hgt", "simple-hgn")

#: Seeds of further customers are so far from those of the first.
_APART = 1000
#: Rows that need no training worth the name.
_PLAIN = (Row("linear-graph", "linear-graph", random=False), Row("prior", "prior", random=False))


def _graph(name: str) -> HeteroGraph:
    from weft.data.graph_catalogue import find_graph
    from weft.data.graph_files import read_graph

    return read_graph(find_graph(name))


def _dblp() -> HeteroGraph:
    return _graph("dblp")


def _imdb() -> HeteroGraph:
    return _graph("imdb")


def _customers(seed: int = 0, world: World | None = None) -> HeteroGraph:
    """Make the graph of a seed: its rarest task has 8 positives in the test part, too few to judge by on one graph."""
    from weft.data.customer_plan import BENCHMARK
    from weft.data.customers import customer_graph

    return customer_graph(dataclasses.replace(BENCHMARK, seed=seed), world)


def _further_customers(seed: int) -> HeteroGraph:
    """Make further customers of the same world: 140 positives of the rarest task."""
    from weft.data.customer_plan import BENCHMARK
    from weft.data.customers import World, customer_graph

    world = World()
    _customers(seed, world)
    return customer_graph(dataclasses.replace(BENCHMARK, seed=seed + _APART, n_customers=200_000), world)


def _paper(group: str, exchanges: tuple[str, ...], **more: Any) -> tuple[Row, ...]:
    options = {"preset": "inline-paper", **more}
    return tuple(Row(f"{group}/{name}", options={**options, "exchange": name}) for name in exchanges)


def _default() -> tuple[Row, ...]:
    """Return the default; one network of it, whole and without each of its parts; one with every other exchange."""
    return (
        Row("default"),
        Row("one/whole", options={"members": 1}),
        Row("one/no-gates", options={"members": 1, "gates": False}),
        Row("one/no-labels", options={"members": 1, "known_labels": False}),
        Row("alone", options={"members": 1, "exchange": "single"}, alone=True),
        *_instead("exchange", EXCHANGES),
    )


def _instead(group: str, exchanges: tuple[str, ...], **more: Any) -> tuple[Row, ...]:
    return tuple(Row(f"{group}/{name}", options={"members": 1, "exchange": name, **more}) for name in exchanges)


DBLP = Suite(
    "inline-dblp",
    "DBLP: areas of authors and venues of papers",
    _dblp,
    (
        *_paper("paper", ("inline", *EXCHANGES)),
        *_paper("equal-weights", ("inline", "shared"), weights={"area": 1.0, "venue": 1.0}),
        *_default(),
        Row("members/6", options={"members": 6}),
        *_instead("encoder", ENCODERS, known_labels=False),
        *(Row(f"balance/{name}", options={"balance": name, "members": 1}) for name in BALANCINGS),
        *_PLAIN,
    ),
)
IMDB = Suite(
    "inline-imdb",
    "IMDB: eight tasks on movies, with labels missing",
    _imdb,
    (*_default(), *_instead("encoder", ENCODERS, known_labels=False), *_PLAIN),
)
CUSTOMERS = Suite(
    "inline-customers",
    "Made-up graphs of customers, one per seed, whose tasks disagree along their relations",
    _customers,
    (*_default(), *_instead("no-labels", ("inline", *EXCHANGES), known_labels=False), *_PLAIN),
    planted_shares,
    _customers,
    _further_customers,
)
