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
    own, about = (part[0] for part in gains(asker, np.array([row], np.int64), values[None], wanted))
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


def gains(asker: Asker, rows: NDArray[np.int64], values: Floats, wanted: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return what measuring each task is expected to settle of itself and to tell of the others.

    Args:
        asker: the model.
        rows: data, int64 `[S]`; one may be there several times, with other labels known.
        values: the labels known of them, `[S, T]`, NaN where unknown.
        wanted: which tasks are targets, bool `[T]`, or `[S, T]` for each.

    Returns:
        own `[S, T]` (NaN for tasks that cannot be measured) and about `[S, T, T]`, candidates by targets; nats.
    """
    now = asker.ask(rows, values)
    cases = _Cases.of(asker, now, values)
    n = len(asker.tasks)
    own, about = np.full((len(rows), n), np.nan), np.zeros((len(rows), n, n))
    if len(cases.task):
        at = cases.scenario, cases.task
        own[at], about[at] = cases.learnt(asker, rows, values, uncertainty(asker.tasks, now))
    wanted = np.broadcast_to(wanted, values.shape)
    return own * wanted, about * (wanted & np.isnan(values))[:, None, :]


@dataclass(frozen=True, eq=False)
class _Cases:
    """Candidates in scenarios, and what each may turn out to be.

    Attributes:
        scenario, task: of each of `G` cases, int64 `[G]`.
        first: the first outcome of each case, int64 `[G]`; those of one case follow each other.
        value, share: the outcomes and how likely they are in their case, float64 `[H]`.
    """

    scenario: NDArray[np.int64]
    task: NDArray[np.int64]
    first: NDArray[np.int64]
    value: Floats
    share: Floats

    @classmethod
    def of(cls, asker: Asker, now: Predictions, values: Floats) -> Self:
        """List what is unmeasured and can turn out to be something."""
        kept: list[tuple[int, int, int]] = []
        told: list[tuple[float, float]] = []
        for s in range(len(values)):
            for at in map(int, np.flatnonzero(np.isnan(values[s]))):
                found = outcomes(asker.tasks, at, now.mean[s], now.std[s])
                kept += [(s, at, len(told))] if found else []
                told += [(outcome.value, outcome.weight) for outcome in found]
        cases = np.array(kept, np.int64).reshape(-1, 3)
        lines = np.array(told).reshape(-1, 2)
        return cls(cases[:, 0], cases[:, 1], cases[:, 2], lines[:, 0], lines[:, 1])

    def learnt(self, asker: Asker, rows: NDArray[np.int64], values: Floats, before: Floats) -> tuple[Floats, Floats]:
        """Return what each case settles of itself, `[G]`, and tells of every task, `[G, T]`."""
        count = np.diff(self.first, append=len(self.value))
        scenario, task = np.repeat(self.scenario, count), np.repeat(self.task, count)
        then = values[scenario]
        then[np.arange(len(then)), task] = self.value
        found = asker.ask(rows[scenario], then)
        entropy = uncertainty(asker.tasks, found)
        after = np.nan_to_num(np.add.reduceat(self.share[:, None] * entropy, self.first))
        whole = uncertainty(asker.tasks, mixed(self.share, self.first, found))
        told = np.maximum(np.nan_to_num(whole) - after, 0.0)
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
