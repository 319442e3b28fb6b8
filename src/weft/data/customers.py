"""A made-up graph for customer expansion: customers, their accounts, companies and stations, and four tasks.

Every account, company and station has hidden traits that its features show noisily, and is of one of two sorts, which
further features show. A task on customers reads, along each relation, the neighbours of one sort only, and their traits
along one direction or against it: two tasks in one *camp* of a relation (`PLANTED`) read the same, two in different
camps read other neighbours with the opposite sign. So what a neighbour tells one task misleads another.

The camps are such that any two tasks agree along exactly one relation and disagree along the other two: no task
is a good teacher of another as a whole, but along each relation each task has a partner. The rarest task,
`contract`, has too few positives to find its own traits among all features; it can take what `interest` learns along
`owns`, `churn` along `works_at` and `spend` along `ships_from`. `near` tells nothing.

All numbers come from NumPy's seeded generator: a configuration gives one graph.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from weft.data.customer_plan import BENCHMARK, NEAR, OWNS, PLANTED, RATES, SHIPS, WORKS, CustomerConfig, partner
from weft.data.graph_build import Column, build_graph
from weft.data.hetero import HeteroGraph, Ints, NodeTable, Relation, clean_edges
from weft.labels import Bools, Floats
from weft.tasks import Kind, Task

__all__ = [
    "BENCHMARK",
    "NEAR",
    "OWNS",
    "PLANTED",
    "RATES",
    "SHIPS",
    "WORKS",
    "CustomerConfig",
    "World",
    "camp_readings",
    "customer_graph",
    "partner",
]

_SHARES = (0.6, 0.2, 0.2)


class World:
    """What features show and what tasks read: drawn with the first graph that is made of it, the same in all others.

    Example:
        >>> world = World()
        >>> seen = customer_graph(CustomerConfig(n_customers=100), world)
        >>> further = customer_graph(CustomerConfig(n_customers=200, seed=1), world)  # other customers, same tasks
    """

    def __init__(self) -> None:
        self._drawn: dict[str, Floats] = {}

    def get(self, name: str, draw: Callable[[], Floats]) -> Floats:
        """Return what is called `name`, drawing it if it is not there yet."""
        if name not in self._drawn:
            self._drawn[name] = draw()
        return self._drawn[name]


def customer_graph(config: CustomerConfig | None = None, world: World | None = None) -> HeteroGraph:
    """Make the graph.

    Args:
        config: how much of what; graphs of one world must have the same numbers of traits and features.
        world: what features show and tasks read; one of the graph's own by default.

    Returns:
        A graph with the tasks of `RATES` on customers and a 60/20/20 split that shares out the rare classes evenly.
    """
    config, world = config or CustomerConfig(), world or World()
    rng = np.random.default_rng(config.seed)
    sizes = config.sizes()
    traits = {kind: rng.standard_normal((n, config.traits)) for kind, n in sizes.items()}
    sort = {kind: rng.random(n) < 0.5 for kind, n in sizes.items()}
    nodes = {kind: _table(kind, traits[kind], sort[kind], config, world, rng) for kind in sizes}
    edges = {relation: _edges(sizes, relation, config.degree, rng) for relation in PLANTED}
    edges[NEAR] = _edges(sizes, NEAR, 2.0, rng)
    score = _scores(config, traits, sort, edges, world, rng)
    columns = [_column(name, rate, score[name]) for name, rate in RATES.items()]
    value = {column.task.name: column.value for column in columns}
    parts = _split(value["contract"], value["interest"], rng)
    return build_graph(nodes, edges, columns, {"customer": parts}, "customers", "stratified")


def _table(
    kind: str, traits: Floats, sort: Bools, config: CustomerConfig, world: World, rng: np.random.Generator
) -> NodeTable:
    """Show traits and sort as features, float32 `[n, features + marks]`; those of customers have holes."""
    view = world.get(kind, lambda: rng.standard_normal((config.traits, config.features)) / np.sqrt(config.traits))
    mark = np.repeat(np.where(sort, 1.0, -1.0)[:, None], config.marks, 1)
    shown = np.hstack([traits @ view, mark])
    table = (shown + config.blur * rng.standard_normal(shown.shape)).round(3).astype(np.float32)
    if kind == "customer":
        table[rng.random(table.shape) < config.missing] = np.nan
    return NodeTable(len(table), table)


def _edges(sizes: dict[str, int], relation: Relation, degree: float, rng: np.random.Generator) -> Ints:
    """Draw `1 + Poisson(degree - 1)` targets for every source."""
    count = 1 + rng.poisson(degree - 1, sizes[relation.source])
    source = np.repeat(np.arange(len(count)), count)
    return clean_edges(np.stack([source, rng.integers(sizes[relation.target], size=len(source))]))


def _scores(
    config: CustomerConfig,
    traits: dict[str, Floats],
    sort: dict[str, Bools],
    edges: dict[Relation, Ints],
    world: World,
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Return how strongly each task holds for each customer, float64 `[n]`."""

    def along(name: str) -> Floats:
        return world.get(f"along {name}", lambda: _direction(config, rng))

    own = config.own * _standard(traits["customer"] @ along("own"))
    score = {task: own + config.noise * rng.standard_normal(config.n_customers) for task in RATES}
    for relation, camps in PLANTED.items():
        value = traits[relation.target] @ along(relation.name)
        read = camp_readings(value, sort[relation.target], edges[relation], config)
        for task, camp in camps.items():
            score[task] = score[task] + read[camp]
    return score


def camp_readings(value: Floats, sort: Bools, edge: Ints, config: CustomerConfig) -> tuple[Floats, Floats]:
    """Return what each camp reads along a relation, standardised, float64 `[n]`.

    Args:
        value: of every target, along the direction that is read.
        sort: of every target.
        edge: sources and targets.
        config: for the number of customers and how much the camps agree.
    """
    first = _standard(_mean(value, ~sort, edge, config.n_customers))
    other = _standard(_mean(-value, sort, edge, config.n_customers))
    return first, _standard(config.agreement * first + (1 - config.agreement) * other)


def _mean(value: Floats, among: Bools, edge: Ints, n: int) -> Floats:
    """Return the mean over each source's targets that are `among` those that count; 0 where it has none."""
    source, target = edge[:, among[edge[1]]]
    total = np.bincount(source, value[target], n)
    return total / np.maximum(np.bincount(source, minlength=n), 1)


def _direction(config: CustomerConfig, rng: np.random.Generator) -> Floats:
    found = rng.standard_normal(config.traits)
    return found / np.linalg.norm(found)


def _standard(x: Floats) -> Floats:
    return (x - x.mean()) / max(float(x.std()), 1e-12)


def _column(name: str, rate: float | None, score: Floats) -> Column:
    """Return all labels of a task: the highest scores are positive."""
    rows = np.arange(len(score))
    if rate is None:
        return Column(Task(name, Kind.REGRESSION, (), "customer"), rows, np.round(100 + 25 * score, 2))
    value = np.zeros(len(score))
    value[np.argsort(-score, kind="stable")[: max(3, round(rate * len(score)))]] = 1
    return Column(Task(name, Kind.BINARY, (), "customer"), rows, value)


def _split(contract: Floats, interest: Floats, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Share out 60/20/20 of those with a contract, of the others with interest, and of the rest; some in every part."""
    stratum = np.where(contract == 1, 2, interest)
    parts: list[list[Ints]] = [[], [], []]
    for value in np.unique(stratum):
        rows = rng.permutation(np.flatnonzero(stratum == value))
        first = min(round(_SHARES[0] * len(rows)), len(rows) - 2)
        cuts = [first, min(max(round((1 - _SHARES[2]) * len(rows)), first + 1), len(rows) - 1)]
        for part, members in zip(parts, np.split(rows, cuts), strict=True):
            part.append(members)
    train, val, test = (np.concatenate(part) for part in parts)
    return train, val, test
