"""Many hypotheses about known labels, answered in few calls on an encoding made once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from weft.data.base import Data
from weft.errors import UserError
from weft.explain.rows import take_rows
from weft.labels import Floats, LabelTable, Shown
from weft.predictor import Predictions, Predictor
from weft.settings import Setting

#: Hypotheses asked at once: enough to fill matrix products, few enough to stay within some 100 MB.
_CHUNK = 2048


def reads_labels(model: Predictor) -> bool:
    """Whether known labels of a datum change what the model says of it."""
    return any(setting.shows_labels for setting in map(Setting, model.settings))


class Asker:
    """Answers hypotheses "datum `row` with these labels known" about `N` data.

    Molecules and vectors do not read each other, so hypotheses about any of them are one batch. Nodes of a graph read
    their neighbours' labels: there each hypothesis changes the labels of its node alone, those of the others stay, and
    costs one pass over the graph.

    Args:
        model: any fitted predictor.
        data: `N` data.
        known: their known labels.

    Attributes:
        values: float64 `[N, T]`, the known labels, NaN where unknown.
        column_task: int64 `[L]`, position of the task of each output column.
        batched: whether hypotheses are answered in one batch.

    Raises:
        UserError: when the labels are of other tasks or of another number of data than the model's.
    """

    def __init__(self, model: Predictor, data: Data, known: Shown) -> None:
        table = known.table
        if table.n_rows != len(data) or table.tasks != model.tasks:
            what = f"labels of {table.n_rows} data on {len(table.tasks)} tasks"
            raise UserError(f"{what}, but there are {len(data)} data and {len(model.tasks)} tasks")
        self.model, self.tasks, self.n = model, model.tasks, len(data)
        self.status = list(data.status)
        self.batched = not any(task.node_type for task in model.tasks)
        self.column_task = np.repeat(np.arange(len(self.tasks)), [task.width for task in self.tasks])
        dense, observed = table.to_dense()
        self.values: Floats = np.where(observed, dense, np.nan)
        self._encoded = model.encode(data)

    def check_row(self, row: int) -> int:
        """Return `row`.

        Raises:
            UserError: when there is no such row, or it cannot be used.
        """
        if not 0 <= row < self.n:
            raise UserError(f"there is no row {row}", mend=f"Rows are 0 to {self.n - 1}." if self.n else None)
        if self.status[row] != "ok":
            raise UserError(f"the row cannot be used: {self.status[row]}", where=f"row {row}")
        return row

    def ask(self, rows: NDArray[np.int64], values: Floats) -> Predictions:
        """Answer hypotheses as the model does, a known label being shown to its own task's columns too.

        Args:
            rows: the datum of each hypothesis, int64 `[H]`.
            values: the labels known of it, float64 `[H, T]`, NaN where unknown.
        """
        parts: list[Predictions] = []
        for start in range(0, max(len(rows), 1), _CHUNK if self.batched else 1):
            stop = start + (_CHUNK if self.batched else 1)
            answer = self._batch if self.batched else self._pass
            parts.append(answer(rows[start:stop], values[start:stop]))
        mean, std, ok = (np.concatenate([getattr(part, name) for part in parts]) for name in ("mean", "std", "ok"))
        return Predictions(self.tasks, mean, std, ok)

    def ask_around(self, rows: NDArray[np.int64], values: Floats) -> Predictions:
        """Answer hypotheses so that what is said of a task never rests on its own label.

        Columns of a task that a hypothesis knows are answered with that label hidden. Arguments as of `ask`.
        """
        which, task = np.nonzero(~np.isnan(values))
        hidden = values[which]
        hidden[np.arange(len(which)), task] = np.nan
        every, inverse = _distinct(np.concatenate([rows, rows[which]]), np.concatenate([values, hidden]))
        found = self.ask(every[:, 0].astype(np.int64), every[:, 1:]).take(inverse)
        mean, std = found.mean[: len(rows)].copy(), found.std[: len(rows)].copy()
        own = self.column_task[None, :] == task[:, None]
        at, column = np.nonzero(own)
        mean[which[at], column] = found.mean[len(rows) + at, column]
        std[which[at], column] = found.std[len(rows) + at, column]
        return Predictions(self.tasks, mean, std, found.ok[: len(rows)])

    def _batch(self, rows: NDArray[np.int64], values: Floats) -> Predictions:
        known = Shown(LabelTable.from_dense(self.tasks, values))
        return self.model.answer(take_rows(self._encoded, rows, self.n), known)

    def _pass(self, rows: NDArray[np.int64], values: Floats) -> Predictions:
        """Answer one hypothesis about a node, the known labels of the others being as they are."""
        changed = self.values.copy()
        changed[rows] = values
        return self.model.answer(self._encoded, Shown(LabelTable.from_dense(self.tasks, changed))).take(rows)


def _distinct(rows: NDArray[np.int64], values: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return the distinct hypotheses, row first, `[U, 1 + T]`, and which of them each is, `[H]`."""
    whole = np.concatenate([rows[:, None].astype(np.float64), values], 1)
    whole[np.isnan(whole)] = -np.inf  # NaN equals nothing, and no label is infinite
    found, inverse = np.unique(whole, axis=0, return_inverse=True)
    found[np.isneginf(found)] = np.nan
    return found, inverse.reshape(-1).astype(np.int64)
