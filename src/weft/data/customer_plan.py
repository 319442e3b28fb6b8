"""What is planted in the made-up customer graph, and how much of what goes into it (see `customers`)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from weft.data.hetero import Relation
from weft.errors import UserError

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
