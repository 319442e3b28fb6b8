r"""The task map: how much knowing one task's label moves another's answer, and which tasks hang together.

Asked of the model itself, whatever it is: over a sample of data with nothing known, label j is shown as each of its
possible outcomes y, weighed by the model's own p(y). The influence of j on k is the mean over data of

.. math:: \sqrt{\frac{\mathrm{Var}_y\,a_k(y)}{\mathrm{Var}_k}},

the correlation ratio (Fisher 1925): a_k(y) is the answer of k under outcome y, Var_k the whole variance of k, p (1 - p)
of a class, summed over the classes of a task, or that of a value. 0 says that knowing j tells nothing of k, 1 that it
tells all. Beside it stands how far the answer itself is expected to move, the root of Var_y a_k(y): a rare task may be
told much about and yet move little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from weft.data.base import Data
from weft.errors import UserError
from weft.explain.asker import Asker, reads_labels
from weft.explain.clusters import clusters_of
from weft.explain.numbers import number
from weft.explain.uncertainty import Outcome, outcomes
from weft.labels import Floats, Shown
from weft.predictor import Predictor
from weft.tasks import Kind

if TYPE_CHECKING:
    from weft.metalink.closed_form import ClosedFormEngine

#: Hypotheses to ask: data times outcomes of all tasks.
_HYPOTHESES = 20_000
_LEAST_ROWS = 8


@dataclass(frozen=True, eq=False)
class TaskMap:
    """Influence of every task on every other.

    Attributes:
        names: the tasks.
        influence: float64 `[T, T]`, 0 to 1, of the row's label on the column's task; NaN on the diagonal and where two
            tasks cannot stand at one node.
        moved: float64 `[T, T]`, how far the column's answer is expected to move, in its own units (of the classes of a
            task the farthest moved).
        direction: float64 `[T, T]` from -1 to 1: whether answers move up with the label (binary tasks and values), on
            how much of the sample; 0 for classes.
        clusters: groups of tasks that move each other, the largest first.
        order: the tasks so that those that move each other stand side by side.
        rows: size of the sample.
    """

    names: tuple[str, ...]
    influence: Floats
    moved: Floats
    direction: Floats
    clusters: tuple[tuple[str, ...], ...]
    order: tuple[int, ...]
    rows: int

    def to_json(self) -> dict[str, object]:
        """Return it JSON-ready."""
        parts = {"influence": self.influence, "moved": self.moved, "direction": self.direction}
        return {
            "names": list(self.names),
            **{name: [[number(x) for x in row] for row in part] for name, part in parts.items()},
            "clusters": [list(cluster) for cluster in self.clusters],
            "order": list(self.order),
            "rows": self.rows,
        }


def task_map(model: Predictor, data: Data | None = None, rows: int = 200, seed: int = 0) -> TaskMap:
    """Ask a model which task's label moves which other's answer.

    Args:
        model: any fitted predictor that reads labels.
        data: to ask about. The default MetaLink model needs none: it remembers what structure says of its training
            molecules (of tasks added later: what the trained tasks' scores say of them).
        rows: at most so many data are sampled; fewer where there are many tasks.
        seed: of the sample.

    Raises:
        UserError: when data are needed, none of them can be used, or the model does not read labels.
    """
    if not reads_labels(model):
        raise UserError("this model does not use known labels: its tasks do not move each other")
    asker = _remembered(model) if data is None else Asker(model, data, Shown.nothing(model.tasks, len(data)))
    width = sum(max(len(task.classes), 5) for task in model.tasks)
    most = max(min(rows, _HYPOTHESES // max(width, 1)), _LEAST_ROWS)
    usable = np.flatnonzero([status == "ok" for status in asker.status])
    if not len(usable):
        raise UserError("none of the data can be used", mend="Give molecules that can be read.")
    sample = np.sort(np.random.default_rng(seed).permutation(usable)[: most if asker.batched else _LEAST_ROWS])
    influence, moved, direction = _influence(asker, sample)
    clusters, order = clusters_of(influence)
    names = tuple(model.tasks.names)
    told = tuple(tuple(names[k] for k in cluster) for cluster in clusters)
    return TaskMap(names, influence, moved, direction, told, tuple(order), len(sample))


def _influence(asker: Asker, sample: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Return influence, move and direction, `[T, T]` each, the task whose label is shown first."""
    n = len(asker.tasks)
    now = asker.ask(sample, np.full((len(sample), n), np.nan))
    influence, moved, direction = np.full((n, n), np.nan), np.full((n, n), np.nan), np.zeros((n, n))
    for j in range(n):
        cases = [(at, o) for at in range(len(sample)) for o in outcomes(asker.tasks, j, now.mean[at], now.std[at])]
        if cases:
            influence[j], moved[j], direction[j] = _of_label(asker, sample, j, cases)
    every = np.arange(n)
    influence[every, every] = moved[every, every] = np.nan
    return influence, moved, np.nan_to_num(direction)


def _of_label(
    asker: Asker, sample: NDArray[np.int64], j: int, cases: Sequence[tuple[int, Outcome]]
) -> tuple[Floats, Floats, Floats]:
    """Return what label `j` does to every task: influence, move and direction, means over the sample, `[T]` each."""
    at, value = np.array([a for a, _ in cases]), np.array([o.value for _, o in cases])
    values = np.full((len(cases), len(asker.tasks)), np.nan)
    values[:, j] = value
    found = asker.ask(sample[at], values)
    share = np.zeros((len(sample), len(cases)))
    share[at, np.arange(len(cases))] = [o.weight for _, o in cases]
    share = share[share.sum(1) > 0]
    here = np.isfinite(found.mean[np.argmax(share > 0, 1)])  # a task of another type of node has no answer
    answers, std = np.nan_to_num(found.mean), np.nan_to_num(found.std)
    mean = share @ answers
    variance = np.maximum(share @ answers**2 - mean**2, 0.0)
    own = np.where(_of_values(asker), share @ std**2 + variance, mean * (1 - mean))
    member = (asker.column_task[:, None] == np.arange(len(asker.tasks))).astype(np.float64)
    ratio = np.sqrt(((variance @ member) / np.maximum(own @ member, 1e-12)).clip(max=1.0))
    first = asker.tasks.offsets[:-1]
    farthest = np.maximum.reduceat(np.sqrt(variance), first, axis=1)
    centred = share * (value - (share @ value)[:, None])
    several = np.array([task.width > 1 for task in asker.tasks], bool)
    sign = np.where(several | several[j], 0.0, np.sign(centred @ answers)[:, first])
    there = here[:, first]
    return _mean_where(ratio, there), _mean_where(farthest, there), _mean_where(sign, there)


def _mean_where(values: Floats, mask: NDArray[np.bool_]) -> Floats:
    """Return column means over the cells of `mask`, NaN where there is none."""
    count = mask.sum(0)
    return np.where(count > 0, (values * mask).sum(0) / np.maximum(count, 1), np.nan)


def _of_values(asker: Asker) -> NDArray[np.bool_]:
    return np.array([asker.tasks[int(k)].kind is Kind.REGRESSION for k in asker.column_task], bool)


def _remembered(model: Predictor) -> Asker:
    """Return an asker about the training data that the default engine remembers.

    Raises:
        UserError: for any other model.
    """
    engine: Any = getattr(model, "engine", None)
    if not hasattr(engine, "memory"):
        raise UserError(f"a {model.name} model needs data to ask about", mend="Give data: task_map(model, data).")
    return _Remembered(model, engine)


class _Remembered(Asker):
    """Asks about scores that were computed in training, of data that are no longer there."""

    def __init__(self, model: Predictor, engine: ClosedFormEngine) -> None:
        import torch

        old = engine.memory.scores
        added = [addition.linear.predict(old).astype(np.float32) for addition in engine.additions]
        self.model, self.tasks, self.n = model, model.tasks, len(old)
        self.status, self.batched = ["ok"] * len(old), True
        self.column_task = np.repeat(np.arange(len(self.tasks)), [task.width for task in self.tasks])
        self.values = np.full((len(old), len(self.tasks)), np.nan)
        self._encoded = torch.from_numpy(np.concatenate([old, *added], 1)), np.ones(len(old), bool)
