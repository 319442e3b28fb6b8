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

import numpy as np
from numpy.typing import NDArray

from weft.errors import UserError
from weft.explain.asker import Asker
from weft.explain.numbers import number
from weft.explain.uncertainty import Outcome, mixture, outcomes, uncertainty
from weft.labels import Floats
from weft.predictor import Predictions
from weft.tasks import Kind


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
        values: these scenarios, `[S, T]`, NaN where unknown.
        weight: how likely they are, `[S]`, adding up to 1.
        wanted: which tasks are targets, bool `[T]`.

    Returns:
        own `[T]` (NaN for tasks that cannot be measured) and about `[T, T]`, candidates by targets; nats.
    """
    now = asker.ask(rows, values)
    cases = [(s, o) for s in range(len(rows)) for o in _open(asker, now, values[s], s)]
    own, about = np.full(len(asker.tasks), np.nan), np.zeros((len(asker.tasks),) * 2)
    if not cases:
        return own, about
    then = values[[s for s, _ in cases]]
    then[np.arange(len(cases)), [o.task for _, o in cases]] = [o.value for _, o in cases]
    found = asker.ask(rows[[s for s, _ in cases]], then)
    scenario, task = np.array([s for s, _ in cases]), np.array([o.task for _, o in cases])
    share = np.array([o.weight for _, o in cases])
    for c in np.unique(task):
        parts = [
            _one(asker, now, found, share, np.flatnonzero((task == c) & (scenario == s)), int(c), s)
            for s in range(len(rows))
        ]
        own[c] = sum(w * part[0] for w, part in zip(weight, parts, strict=True)) * wanted[c]
        about[c] = sum(w * part[1] for w, part in zip(weight, parts, strict=True)) * (wanted & np.isnan(values[0]))
    return own, about


def _open(asker: Asker, now: Predictions, values: Floats, s: int) -> list[Outcome]:
    return [
        outcome
        for at in np.flatnonzero(np.isnan(values))
        for outcome in outcomes(asker.tasks, int(at), now.mean[s], now.std[s])
    ]


def _one(
    asker: Asker, now: Predictions, found: Predictions, share: Floats, at: NDArray[np.int64], c: int, s: int
) -> tuple[float, Floats]:
    """Return what candidate `c` settles of itself in scenario `s`, and what it tells of every task `[T]`."""
    cases, weight = found.take(at), share[at]
    after = np.nan_to_num(weight @ uncertainty(asker.tasks, cases))
    about = np.nan_to_num(uncertainty(asker.tasks, mixture(weight, cases))[0]) - after
    before = uncertainty(asker.tasks, now.take(np.array([s])))[0, c]
    own = float(before - after[c]) if asker.tasks[c].kind is Kind.REGRESSION else float(before)
    about[c] = 0.0
    return max(own, 0.0), np.maximum(about, 0.0)


def _total(own: float, about: Floats) -> float:
    return float(own + about.sum())


def _named(names: list[str], about: Floats, targets: list[int], c: int) -> dict[str, float]:
    return {names[t]: float(about[t]) for t in targets if t != c}
