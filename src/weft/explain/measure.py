r"""What to measure next: candidates by the uncertainty that knowing them is expected to take away.

For a candidate c with possible outcomes y (its own predicted distribution p(y)) and target t

.. math:: I(t; c) = H\Bigl(\sum_y p(y)\,p(t \mid y)\Bigr) - \sum_y p(y)\,H\bigl(p(t \mid y)\bigr),

the mutual information of t and c in the model's joint (Lindley 1956): what is expected to be learnt of t. A candidate
that is itself a target settles itself as well, which counts with its own entropy (for a value: down to what the model
still expects of a repeated measurement). The gain is the sum over targets, in nats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from weft.errors import UserError
from weft.explain.asker import Asker
from weft.explain.numbers import number
from weft.explain.uncertainty import mixed, outcomes, uncertainty
from weft.labels import Floats
from weft.predictor import Predictions
from weft.tasks import Kind, TaskSet


@dataclass(frozen=True)
class Candidate:
    """A task that could be measured.

    Attributes:
        task: its name.
        gain: expected reduction of uncertainty over the targets, nats.
        own: the part of it that is the task's own uncertainty; 0 where it is no target.
        about: target -> what is expected to be learnt of it, nats; itself left out.
    """

    task: str
    gain: float
    own: float
    about: dict[str, float]

    def to_json(self) -> dict[str, object]:
        """Return it JSON-ready, the targets it tells most about first."""
        about = dict(sorted(self.about.items(), key=lambda item: -item[1]))
        told = {name: number(gain) for name, gain in about.items()}
        return {"task": self.task, "gain": number(self.gain), "own": number(self.own), "about": told}


def measure_next(
    asker: Asker, row: int, targets: Sequence[str] | None = None, count: int | None = None
) -> list[Candidate]:
    """Rank a datum's unmeasured tasks.

    Args:
        asker: the model and what is known.
        row: of the data asked about.
        targets: the tasks one wants to know; by default all that are unmeasured.
        count: return at most so many.

    Raises:
        UserError: for a row or target that does not exist, or when nothing is left to measure or to learn.
    """
    values = asker.values[asker.check_row(row)]
    wanted = target_mask(asker, targets)
    if not (wanted & np.isnan(values)).any():
        raise UserError("every target is known already", where=f"row {row}", mend="Name targets that are unknown.")
    own, about = gains(asker, np.array([row], np.int64), values[None], np.ones(1), wanted)
    names = asker.tasks.names
    open_targets = [int(t) for t in np.flatnonzero(wanted & np.isnan(values))]
    found = [
        Candidate(names[c], _total(own[c], about[c]), float(own[c]), _named(names, about[c], open_targets, c))
        for c in map(int, np.flatnonzero(np.isfinite(own)))
    ]
    if not found:
        raise UserError("this model tells no spread of values, and there are no classes to measure", where=f"row {row}")
    return sorted(found, key=lambda candidate: -candidate.gain)[:count]


def target_mask(asker: Asker, targets: Sequence[str] | None) -> NDArray[np.bool_]:
    """Return which tasks are targets, bool `[T]`."""
    if targets is None:
        return np.ones(len(asker.tasks), bool)
    mask = np.zeros(len(asker.tasks), bool)
    mask[[asker.tasks.index(name) for name in targets]] = True
    return mask


def gains(
    asker: Asker, rows: NDArray[np.int64], values: Floats, weight: Floats, wanted: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return what measuring each task is expected to settle of itself and to tell of the others.

    Args:
        asker: the model.
        rows: a datum, int64 `[S]`, repeated for every scenario of what may be known of it.
        values: these scenarios, `[S, T]`, NaN where unknown; all know the same tasks.
        weight: how likely they are, `[S]`, adding up to 1.
        wanted: which tasks are targets, bool `[T]`.

    Returns:
        own `[T]` (NaN for tasks that cannot be measured) and about `[T, T]`, candidates by targets; nats.
    """
    now = asker.ask(rows, values)
    cases = _Cases.of(asker, now, values)
    n = len(asker.tasks)
    own, about = np.zeros(n), np.zeros((n, n))
    own[~np.isin(np.arange(n), cases.task)] = np.nan
    if not len(cases.task):
        return own, about
    before = uncertainty(asker.tasks, now)
    settled, told = cases.learnt(asker, rows, values, before)
    np.add.at(own, cases.task, weight[cases.scenario] * settled)
    np.add.at(about, cases.task, weight[cases.scenario, None] * told)
    return own * wanted, about * (wanted & np.isnan(values[0]))


@dataclass(frozen=True, eq=False)
class _Cases:
    """Candidates in scenarios, and what each may turn out to be.

    Attributes:
        scenario, task: of each of `G` cases, int64 `[G]`.
        case: which case each of `H` outcomes is of, int64 `[H]`.
        value, share: the outcomes and how likely they are in their case, float64 `[H]`.
    """

    scenario: NDArray[np.int64]
    task: NDArray[np.int64]
    case: NDArray[np.int64]
    value: Floats
    share: Floats

    @classmethod
    def of(cls, asker: Asker, now: Predictions, values: Floats) -> Self:
        """List what is unmeasured and can turn out to be something."""
        kept: list[tuple[int, int]] = []
        told: list[tuple[int, float, float]] = []
        for s in range(len(values)):
            for at in map(int, np.flatnonzero(np.isnan(values[s]))):
                found = outcomes(asker.tasks, at, now.mean[s], now.std[s])
                told += [(len(kept), outcome.value, outcome.weight) for outcome in found]
                kept += [(s, at)] if found else []
        pairs = np.array(kept, np.int64).reshape(-1, 2)
        lines = np.array(told).reshape(-1, 3)
        return cls(pairs[:, 0], pairs[:, 1], lines[:, 0].astype(np.int64), lines[:, 1], lines[:, 2])

    def learnt(self, asker: Asker, rows: NDArray[np.int64], values: Floats, before: Floats) -> tuple[Floats, Floats]:
        """Return what each case settles of itself, `[G]`, and tells of every task, `[G, T]`."""
        scenario, task = self.scenario[self.case], self.task[self.case]
        then = values[scenario]
        then[np.arange(len(then)), task] = self.value
        found = asker.ask(rows[scenario], then)
        weight = np.zeros((len(self.task), len(self.case)))
        weight[self.case, np.arange(len(self.case))] = self.share
        after = np.nan_to_num(weight @ uncertainty(asker.tasks, found))
        told = np.maximum(np.nan_to_num(uncertainty(asker.tasks, mixed(weight, found))) - after, 0.0)
        each = np.arange(len(self.task))
        told[each, self.task] = 0.0
        left = np.where(is_value(asker.tasks)[self.task], after[each, self.task], 0.0)
        return np.maximum(before[self.scenario, self.task] - left, 0.0), told


def is_value(tasks: TaskSet) -> NDArray[np.bool_]:
    """Return which tasks are regressions, bool `[T]`."""
    return np.array([task.kind is Kind.REGRESSION for task in tasks], bool)


def _total(own: float, about: Floats) -> float:
    return float(own + about.sum())


def _named(names: list[str], about: Floats, targets: list[int], c: int) -> dict[str, float]:
    return {names[t]: float(about[t]) for t in targets if t != c}
