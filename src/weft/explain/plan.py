"""A plan of measurements for many data under a budget: greedy by expected reduction of uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weft.errors import UserError
from weft.explain.asker import Asker
from weft.explain.measure import gains, target_mask
from weft.explain.numbers import number
from weft.explain.uncertainty import outcomes
from weft.labels import Floats

#: Data judged together before the first choice.
_AT_ONCE = 32
#: Scenarios of one datum's planned outcomes that are kept apart; more are thinned to so many.
_SCENARIOS = 16


@dataclass(frozen=True)
class Measurement:
    """One measurement of a plan.

    Attributes:
        row: of the data.
        task: what to measure of it.
        gain: what it is expected to settle, nats, those planned before it for the same datum being measured, too.
        cost: what it takes of the budget.
    """

    row: int
    task: str
    gain: float
    cost: float = 1.0

    def to_json(self) -> dict[str, object]:
        """Return it JSON-ready."""
        return {"row": self.row, "task": self.task, "gain": number(self.gain), "cost": number(self.cost)}


def plan(
    asker: Asker,
    budget: float,
    targets: Sequence[str] | None = None,
    costs: Mapping[str, float] | None = None,
    among: Sequence[int] | None = None,
) -> list[Measurement]:
    """Choose measurements of all data, each time the one with the largest gain per cost that can be paid.

    Outcomes are not known while a plan is made: a further measurement of a datum is judged by the mean over what the
    earlier ones may show. Expected information is nearly submodular, for which greedy plans are close to the best
    (Nemhauser et al. 1978).

    Args:
        asker: the model and what is known.
        budget: number of measurements, or the sum of their costs.
        targets: the tasks one wants to know; by default all.
        costs: task -> cost of measuring it; 1 where not named.
        among: rows to choose from; None takes all that can be used.

    Raises:
        UserError: for an unknown task, or a budget or cost that is not positive.
    """
    wanted, cost = target_mask(asker, targets), _costs(asker, costs or {})
    if not budget > 0:
        raise UserError(f"the budget is {budget:g}", mend="Give the number of measurements, at least 1.")
    rows = [row for row in range(asker.n) if asker.status[row] == "ok"] if among is None else among
    states = _states(asker, [asker.check_row(row) for row in rows], wanted)
    found: list[Measurement] = []
    while True:
        best = max(
            ((state.best(cost, budget), row) for row, state in states.items()),
            key=lambda pair: pair[0][0],
            default=((0.0, 0), 0),
        )
        (rate, task), row = best
        if rate <= 0:
            return found
        gain = float(states[row].gain[task])
        found.append(Measurement(row, asker.tasks.names[task], gain, float(cost[task])))
        budget -= float(cost[task])
        states[row].measure(task)


def _costs(asker: Asker, costs: Mapping[str, float]) -> Floats:
    found = np.ones(len(asker.tasks))
    for name, cost in costs.items():
        if not (np.isfinite(cost) and cost > 0):
            raise UserError(f"the cost is {cost}", where=f"task {name}", mend="Give a positive number.")
        found[asker.tasks.index(name)] = cost
    return found


def _states(asker: Asker, rows: Sequence[int], wanted: NDArray[np.bool_]) -> dict[int, _State]:
    """Return the state of every datum as things are, judged in few calls."""
    found: dict[int, _State] = {}
    for start in range(0, len(rows), _AT_ONCE):
        part = np.array(rows[start : start + _AT_ONCE], np.int64)
        own, about = gains(asker, part, asker.values[part], wanted)
        worth = np.nan_to_num(own) + about.sum(2)
        found |= {int(row): _State(asker, int(row), wanted, worth[at]) for at, row in enumerate(part)}
    return found


class _State:
    """What may be known of one datum once the measurements planned for it are made."""

    def __init__(self, asker: Asker, row: int, wanted: NDArray[np.bool_], gain: Floats) -> None:
        self.asker, self.row, self.wanted, self.gain = asker, row, wanted, gain
        self.values, self.weight = asker.values[[row]], np.ones(1)

    def _rows(self) -> NDArray[np.int64]:
        return np.full(len(self.values), self.row, np.int64)

    def best(self, cost: Floats, budget: float) -> tuple[float, int]:
        """Return the largest gain per cost that can be paid, and its task; 0 when there is none."""
        rate = np.where(cost <= budget + 1e-9, self.gain / cost, 0.0)
        return float(rate.max(initial=0.0)), int(rate.argmax()) if len(rate) else 0

    def measure(self, task: int) -> None:
        """Split every scenario by what the task may turn out to be in it."""
        now = self.asker.ask(self._rows(), self.values)
        values: list[Floats] = []
        weight: list[float] = []
        for s in range(len(self.values)):
            for outcome in outcomes(self.asker.tasks, task, now.mean[s], now.std[s]):
                values.append(self.values[s].copy())
                values[-1][task] = outcome.value
                weight.append(float(self.weight[s]) * outcome.weight)
        self.values, self.weight = np.stack(values), np.array(weight)
        if len(weight) > _SCENARIOS:  # systematic resampling keeps every scenario's expected weight
            at = np.searchsorted(np.cumsum(self.weight), (np.arange(_SCENARIOS) + 0.5) / _SCENARIOS)
            at = at.clip(max=len(weight) - 1)
            self.values, self.weight = self.values[at], np.full(_SCENARIOS, 1 / _SCENARIOS)
        own, about = gains(self.asker, self._rows(), self.values, self.wanted)
        self.gain = self.weight @ (np.nan_to_num(own) + about.sum(2))
