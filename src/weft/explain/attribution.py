r"""How much each known label moves each answer: leave-one-out, and Shapley values.

With v(S) the answer while the labels S are shown, leaving out label k tells :math:`v(K) - v(K \setminus k)`. Its
Shapley value (Shapley 1953; for features Lundberg and Lee 2017) is the mean of :math:`v(S \cup k) - v(S)` over all
orders in which labels may become known, S being those before k; these add up to :math:`v(K) - v(\emptyset)`. Up to
`EXACT` labels all sets S are asked; beyond, orders are sampled in antithetic pairs, an order and its reverse
(Mitchell et al., JMLR 2022), whose sums telescope, so that sampled values add up, too.

What is said of a task never rests on its own label: in the columns of a known task v leaves that label out, and it
moves them by nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from weft.errors import UserError, nearest
from weft.explain.asker import Asker
from weft.explain.labels import label_text
from weft.explain.numbers import by_column, number
from weft.labels import Bools, Floats
from weft.tasks import TaskSet

Method = Literal["auto", "leave-one-out", "shapley"]
METHODS = ("auto", "leave-one-out", "shapley")
#: Known labels up to which Shapley values are exact: 2^12 sets.
EXACT = 12
#: The same where every set costs a pass over a graph.
EXACT_ON_GRAPH = 4


@dataclass(frozen=True, eq=False)
class Attributions:
    """How much each known label of a datum moves each answer.

    Attributes:
        tasks: the model's tasks.
        row: the datum.
        method: `leave-one-out`, or `shapley`, whose effects add up to `full - base`.
        known: names of the `K` tasks whose labels are known.
        labels: these labels.
        effects: float64 `[K, L]`, in units of the answers.
        base: float64 `[L]`, the answers with nothing known.
        full: float64 `[L]`, the answers with all known, but for each task its own.
        error: float64 `[K, L]`, standard error of sampled effects; zeros where they are exact.
        exact: whether nothing was sampled.
    """

    tasks: TaskSet
    row: int
    method: str
    known: tuple[str, ...]
    labels: tuple[str | float, ...]
    effects: Floats
    base: Floats
    full: Floats
    error: Floats
    exact: bool

    def to_json(self) -> dict[str, object]:
        """Return it JSON-ready: per column the effects by task, the strongest first."""
        columns: list[dict[str, object]] = []
        for at, told in enumerate(by_column(self.tasks)):
            order = np.argsort(-np.abs(np.nan_to_num(self.effects[:, at])), kind="stable")
            effects = {self.known[k]: number(self.effects[k, at]) for k in order if self.known[k] != told["task"]}
            ends = {"base": number(self.base[at]), "full": number(self.full[at])}
            columns.append({**told, **ends, "effects": effects})
        head = {"row": self.row, "method": self.method, "exact": self.exact}
        worst = number(np.nanmax(self.error, initial=0.0))
        return {**head, "known": dict(zip(self.known, self.labels, strict=True)), "error": worst, "columns": columns}


def attributions(
    asker: Asker, row: int, method: str = "auto", samples: int = 256, seed: int = 0, exact: int = EXACT
) -> Attributions:
    """Attribute a datum's answers to its known labels.

    Args:
        asker: the model and what is known.
        row: of the data asked about.
        method: `auto` takes Shapley values, but leaves one out on a graph with more than `EXACT_ON_GRAPH` labels.
        samples: orders to sample when there are more than `exact` labels; drawn in pairs.
        seed: of these orders.
        exact: known labels up to which nothing is sampled.

    Raises:
        UserError: for an unknown method, or a row that cannot be used.
    """
    if method not in METHODS:
        raise UserError(f"there is no method {method!r}", mend=nearest(method, METHODS))
    game = _Game(asker, row)
    if method == "auto":
        method = "shapley" if asker.batched or len(game.known) <= EXACT_ON_GRAPH else "leave-one-out"
    ends = game.answers(np.stack([np.zeros(len(game.known), bool), np.ones(len(game.known), bool)]))
    error, sampled = np.zeros((len(game.known), ends.shape[1])), False
    if method == "leave-one-out":
        effects = ends[1] - game.answers(~np.eye(len(game.known), dtype=bool))
    elif len(game.known) <= exact:
        effects = _every_set(game)
    else:
        effects, error, sampled = *_sampled(game, samples, np.random.default_rng(seed)), True
    names = tuple(asker.tasks[int(j)].name for j in game.known)
    labels = tuple(label_text(asker.tasks[int(j)], game.values[j]) for j in game.known)
    return Attributions(asker.tasks, row, method, names, labels, effects, ends[0], ends[1], error, not sampled)


class _Game:
    """Answers about one datum by which of its `K` known labels are shown."""

    def __init__(self, asker: Asker, row: int) -> None:
        self.asker, self.row = asker, asker.check_row(row)
        self.values = asker.values[row]
        self.known = np.flatnonzero(~np.isnan(self.values))

    def answers(self, shown: Bools, around: bool = True) -> Floats:
        """Return the answers `[H, L]` while the labels `shown`, bool `[H, K]`, are known.

        Without `around` the columns of known tasks read their own labels, and mean nothing here.
        """
        values = np.full((len(shown), len(self.values)), np.nan)
        values[:, self.known] = np.where(shown, self.values[self.known], np.nan)
        rows = np.full(len(shown), self.row, np.int64)
        return (self.asker.ask_around if around else self.asker.ask)(rows, values).mean


def _every_set(game: _Game) -> Floats:
    """Return exact Shapley values `[K, L]`."""
    k = len(game.known)
    sets = np.arange(2**k)
    shown = (sets[:, None] >> np.arange(k)) & 1 == 1
    value, size = game.answers(shown), shown.sum(1)
    weight = np.array([factorial(s) * factorial(k - s - 1) / factorial(k) for s in range(k)])
    effects = np.zeros((k, value.shape[1]))
    for player in range(k):
        before = sets[~shown[:, player]]
        effects[player] = weight[size[before]] @ (value[before | 1 << player] - value[before])
    return effects


def _sampled(game: _Game, samples: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return Shapley values from sampled orders and their standard errors, `[K, L]` each.

    In the columns of a known task every set is asked once more without its own label, so fewer orders serve them.
    """
    k = len(game.known)
    few = max(samples // k, 4)
    effects, error = _from_orders(game, few, rng, around=True)
    unknown = ~np.isin(game.asker.column_task, game.known)
    if unknown.any():
        more = _from_orders(game, samples, rng, around=False)
        effects[:, unknown], error[:, unknown] = more[0][:, unknown], more[1][:, unknown]
    return effects, error


def _from_orders(game: _Game, samples: int, rng: np.random.Generator, *, around: bool) -> tuple[Floats, Floats]:
    k, pairs = len(game.known), max(samples // 2, 2)
    half = np.stack([rng.permutation(k) for _ in range(pairs)])
    orders = np.concatenate([half, half[:, ::-1]])
    place = np.argsort(orders, 1)
    shown = place[:, None, :] < np.arange(k + 1)[None, :, None]  # [orders, how many come first, K]
    value = game.answers(shown.reshape(-1, k), around).reshape(2 * pairs, k + 1, -1)
    gain = np.take_along_axis(np.diff(value, axis=1), place[:, :, None], 1)  # [orders, K, L], by label
    each: NDArray[np.float64] = (gain[:pairs] + gain[pairs:]) / 2
    return each.mean(0), each.std(0, ddof=1) / np.sqrt(pairs)
