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

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from weft.data.graph_build import Column, build_graph
from weft.data.hetero import HeteroGraph, Ints, NodeTable, Relation, clean_edges
from weft.errors import UserError
from weft.labels import Bools, Floats
from weft.tasks import Kind, Task

OWNS = Relation("customer", "owns", "account")
WORKS = Relation("customer", "works_at", "company")
SHIPS = Relation("customer", "ships_from", "station")
NEAR = Relation("company", "near", "station")

#: Relation -> task -> camp, 0 or 1. Tasks of one camp read the same sort of neighbour with the same sign.
PLANTED = MappingProxyType(
    {
        OWNS: MappingProxyType({"interest": 0, "contract": 0, "churn": 1, "spend": 1}),
        WORKS: MappingProxyType({"interest": 0, "contract": 1, "churn": 1, "spend": 0}),
        SHIPS: MappingProxyType({"interest": 0, "contract": 1, "churn": 0, "spend": 1}),
    }
)

#: Task -> share of positives, met exactly; None for a regression task.
RATES = MappingProxyType({"interest": 0.02, "contract": 0.0007, "churn": 0.15, "spend": None})

_SHARES = (0.6, 0.2, 0.2)


@dataclass(frozen=True)
class CustomerConfig:
    """How much of what goes into the graph.

    Attributes:
        seed: of everything random.
        n_customers: customers; there are as many accounts, a quarter as many companies, a tenth as many stations.
        degree: neighbours of a customer along each relation, on average.
        traits: hidden traits of a node, of which tasks read one direction.
        features: columns that show the traits.
        marks: columns that show the sort, -1 or 1.
        blur: noise in the features, as a share of a trait's standard deviation.
        agreement: 1 when all tasks read the same along every relation, 0 when camps read as told above; between,
            they read a mixture.
        own: weight of what a customer's own features tell, the same for all tasks, against 1 for each relation.
        noise: standard deviation of what nothing tells, against 1 for each relation.
        missing: share of unknown cells in the customers' features.

    Raises:
        UserError: for a number that makes no graph.
    """

    seed: int = 0
    n_customers: int = 20_000
    degree: float = 3.0
    traits: int = 8
    features: int = 12
    marks: int = 4
    blur: float = 0.3
    agreement: float = 0.0
    own: float = 0.5
    noise: float = 0.2
    missing: float = 0.02

    def __post_init__(self) -> None:
        wrong = {
            "n_customers": self.n_customers < 100,
            "degree": not 1 <= self.degree <= self.n_customers / 20,
            "traits": self.traits < 2,
            "features": self.features < self.traits,
            "marks": self.marks < 1,
            "agreement": not 0 <= self.agreement <= 1,
            "missing": not 0 <= self.missing < 1,
            "blur, own or noise": min(self.blur, self.own, self.noise) < 0,
        }
        for name, bad in wrong.items():
            if bad:
                raise UserError(f"there is no customer graph with this {name}", mend="See CustomerConfig.")

    def sizes(self) -> dict[str, int]:
        """Return the number of nodes of each type."""
        n = self.n_customers
        return {"customer": n, "account": n, "company": n // 4, "station": n // 10}


#: Large enough to tell models apart on `contract`: 42 positives, 25 of them for training.
BENCHMARK = CustomerConfig(n_customers=60_000)


def partner(relation: Relation, task: str) -> str:
    """Return the other task that reads the same along a relation.

    Example:
        >>> partner(OWNS, "contract"), partner(WORKS, "contract"), partner(SHIPS, "contract")
        ('interest', 'churn', 'spend')
    """
    camps = PLANTED[relation]
    return next(other for other, camp in camps.items() if camp == camps[task] and other != task)


def customer_graph(config: CustomerConfig | None = None) -> HeteroGraph:
    """Make the graph.

    Returns:
        A graph with the tasks of `RATES` on customers and a 60/20/20 split that shares out the rare classes evenly.
    """
    config = config or CustomerConfig()
    rng = np.random.default_rng(config.seed)
    sizes = config.sizes()
    traits = {kind: rng.standard_normal((n, config.traits)) for kind, n in sizes.items()}
    sort = {kind: rng.random(n) < 0.5 for kind, n in sizes.items()}
    nodes = {kind: _table(traits[kind], sort[kind], config, rng, kind == "customer") for kind in sizes}
    edges = {relation: _edges(sizes, relation, config.degree, rng) for relation in PLANTED}
    edges[NEAR] = _edges(sizes, NEAR, 2.0, rng)
    score = _scores(config, traits, sort, edges, rng)
    columns = [_column(name, rate, score[name]) for name, rate in RATES.items()]
    rare = {name: score[name] for name in ("contract", "interest")}
    parts = _split([columns[list(RATES).index(name)].value for name in rare], rng)
    return build_graph(nodes, edges, columns, {"customer": parts}, "customers", "stratified")


def _table(traits: Floats, sort: Bools, config: CustomerConfig, rng: np.random.Generator, holes: bool) -> NodeTable:
    """Show traits and sort as features, float32 `[n, features + marks]`."""
    view = rng.standard_normal((config.traits, config.features)) / np.sqrt(config.traits)
    mark = np.repeat(np.where(sort, 1.0, -1.0)[:, None], config.marks, 1)
    shown = np.hstack([traits @ view, mark])
    table = (shown + config.blur * rng.standard_normal(shown.shape)).round(3).astype(np.float32)
    if holes:
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
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Return how strongly each task holds for each customer, float64 `[n]`."""
    own = config.own * _standard(traits["customer"] @ _direction(config, rng))
    score = {task: own + config.noise * rng.standard_normal(config.n_customers) for task in RATES}
    for relation, camps in PLANTED.items():
        value = traits[relation.target] @ _direction(config, rng)
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


def _split(labels: list[Floats], rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Share out the rows 60/20/20 inside each combination of `labels`."""
    stratum = np.stack(labels).T @ 2.0 ** np.arange(len(labels))
    parts: list[list[Ints]] = [[], [], []]
    for value in np.unique(stratum):
        rows = rng.permutation(np.flatnonzero(stratum == value))
        cuts = np.round(np.cumsum(_SHARES[:2]) * len(rows)).astype(int)
        for part, members in zip(parts, np.split(rows, cuts), strict=True):
            part.append(members)
    train, val, test = (np.concatenate(part) for part in parts)
    return train, val, test
