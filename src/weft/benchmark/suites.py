"""The suites on heterogeneous graphs: InLINE (arXiv 2410.22089) beside what it must be compared with.

`default` is what `weft fit` does, and `off/...` the same without one of its parts. `exchange/...` has another exchange
in place of InLINE's, `no-labels/...` that without labels as structure, too, and `encoder/...` another graph network
under that recipe. `alone` is a model per task, on that task's labels only. `paper/...` is the published recipe under
every exchange, `equal-weights/...` the same with all tasks' losses weighed alike. `balance/...` weighs the default's
losses otherwise, with one network to compare with `off/ensemble`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weft.benchmark.planted import planted_shares
from weft.benchmark.suite import Row, Suite

if TYPE_CHECKING:
    from weft.data.hetero import HeteroGraph

EXCHANGES = ("single", "shared", "cross-stitch", "mmoe", "ple")
BALANCINGS = ("uncertainty", "dwa", "gradnorm")  # those through TorchJD need an extra
ENCODERS = ("rgcn", "han", "hgt", "simple-hgn")

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


def _customers() -> HeteroGraph:
    from weft.data.customers import customer_graph

    return customer_graph()


def _paper(group: str, exchanges: tuple[str, ...], **more: Any) -> tuple[Row, ...]:
    options = {"preset": "inline-paper", **more}
    return tuple(Row(f"{group}/{name}", options={**options, "exchange": name}) for name in exchanges)


def _default() -> tuple[Row, ...]:
    """Return the default, each part of it left out, and the other exchanges with everything else alike."""
    return (
        Row("default"),
        Row("off/gates", options={"gates": False}),
        Row("off/labels", options={"known_labels": False}),
        Row("off/ensemble", options={"members": 1}),
        Row("alone", options={"exchange": "single"}, alone=True),
        *(Row(f"exchange/{name}", options={"exchange": name}) for name in EXCHANGES),
        *_without_labels("no-labels", EXCHANGES),
    )


def _without_labels(group: str, exchanges: tuple[str, ...]) -> tuple[Row, ...]:
    return tuple(Row(f"{group}/{name}", options={"exchange": name, "known_labels": False}) for name in exchanges)


DBLP = Suite(
    "inline-dblp",
    "DBLP: areas of authors and venues of papers",
    _dblp,
    (
        *_paper("paper", ("inline", *EXCHANGES)),
        *_paper("equal-weights", ("inline", "shared"), weights={"area": 1.0, "venue": 1.0}),
        *_default(),
        *_without_labels("encoder", ENCODERS),
        *(Row(f"balance/{name}", options={"balance": name, "members": 1}) for name in BALANCINGS),
        *_PLAIN,
    ),
)
IMDB = Suite(
    "inline-imdb",
    "IMDB: eight tasks on movies, with labels missing",
    _imdb,
    (*_default(), *_without_labels("encoder", ENCODERS), *_PLAIN),
)
CUSTOMERS = Suite(
    "inline-customers",
    "A made-up graph of customers whose tasks disagree along its relations",
    _customers,
    (*_default(), *_PLAIN),
    planted_shares,
)
