"""Who is known to be what: the sparse, typed `LabelTable`, and its halves `Shown` and `Asked`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from weft.errors import UserError
from weft.tasks import Kind, TaskSet

if TYPE_CHECKING:
    import polars as pl

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class LabelTable:
    """The known labels of `n_rows` data on a `TaskSet`, as sorted (row, task, value) triples.

    A missing label is the absence of a triple, never a number. Values are 0/1 for binary tasks, the
    class index for multiclass tasks and the raw value for regression.

    Attributes:
        tasks: the tasks, `T` of them.
        n_rows: number of data, `N`; rows without any label count.
        row: int64 `[E]`, sorted; ties sorted by `col`.
        col: int64 `[E]`, position of the task in `tasks`.
        value: float64 `[E]`, finite.

    Raises:
        UserError: for a cell twice, a place out of range, or a value that its task cannot have.
    """

    tasks: TaskSet
    n_rows: int
    row: Ints
    col: Ints
    value: Floats

    def __post_init__(self) -> None:
        row, col = np.asarray(self.row, np.int64), np.asarray(self.col, np.int64)
        value = np.asarray(self.value, np.float64)
        if not (row.shape == col.shape == value.shape and row.ndim == 1):
            raise UserError(f"rows {row.shape}, tasks {col.shape} and values {value.shape} differ in shape")
        key = row * max(len(self.tasks), 1) + col
        if not np.all(key[1:] > key[:-1]):
            order = np.argsort(key, kind="stable")
            row, col, value, key = row[order], col[order], value[order], key[order]
        for name, array in (("row", row), ("col", col), ("value", value)):
            object.__setattr__(self, name, array)
        self._check(key)

    def _check(self, key: Ints) -> None:
        repeated = np.flatnonzero(key[1:] == key[:-1])
        if repeated.size:
            raise UserError("a cell has two labels", where=self._place(int(repeated[0])))
        if len(self) and (self.row[0] < 0 or self.row[-1] >= self.n_rows):
            raise UserError(f"a label's row is outside 0..{self.n_rows - 1}")
        if len(self) and (self.col.min() < 0 or self.col.max() >= len(self.tasks)):
            raise UserError(f"a label's task is outside 0..{len(self.tasks) - 1}")
        limit = np.array([np.inf if t.kind is Kind.REGRESSION else len(t.classes) for t in self.tasks])
        discrete = np.isfinite(limit)[self.col] if len(self) else np.zeros(0, bool)
        whole = (self.value == np.floor(self.value)) & (self.value >= 0)
        bad = ~np.isfinite(self.value) | (discrete & ~(whole & (self.value < limit[self.col])))
        if bad.any():
            at = int(np.flatnonzero(bad)[0])
            task = self.tasks[int(self.col[at])]
            raise UserError(
                f"label {self.value[at]:g} does not fit a {task.kind} task",
                where=self._place(at),
                mend=f"Expected {'a finite number' if not task.classes else f'0..{len(task.classes) - 1}'}.",
            )

    def _place(self, at: int) -> str:
        return f"row {self.row[at]}, task {self.tasks[int(self.col[at])].name}"

    def __len__(self) -> int:
        """Return the number of known labels."""
        return len(self.value)

    # ---- from and to ----

    @classmethod
    def empty(cls, tasks: TaskSet, n_rows: int) -> LabelTable:
        """Return a table that knows nothing."""
        return cls(tasks, n_rows, np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))

    @classmethod
    def from_dense(cls, tasks: TaskSet, values: ArrayLike, observed: ArrayLike | None = None) -> LabelTable:
        """Build from a dense matrix.

        Args:
            tasks: `T` tasks.
            values: `[N, T]`; cells that are not observed may hold anything.
            observed: bool `[N, T]`; by default the cells that are not NaN.
        """
        y = np.asarray(values, np.float64)
        mask = ~np.isnan(y) if observed is None else np.asarray(observed, bool)
        if y.ndim != 2 or y.shape[1] != len(tasks) or mask.shape != y.shape:
            raise UserError(f"labels have shape {y.shape}, expected (rows, {len(tasks)})")
        row, col = np.nonzero(mask)
        return cls(tasks, len(y), row, col, y[row, col])

    def to_dense(self) -> tuple[Floats, Bools]:
        """Return values `[N, T]` (0 where unknown) and the bool mask of known cells."""
        values = np.zeros((self.n_rows, len(self.tasks)))
        observed = np.zeros(values.shape, bool)
        values[self.row, self.col] = self.value
        observed[self.row, self.col] = True
        return values, observed

    @classmethod
    def from_wide(cls, tasks: TaskSet, frame: pl.DataFrame) -> LabelTable:
        """Build from a table with one numeric column per task; null and NaN are unknown."""
        columns = [frame[name].cast(float).to_numpy() for name in tasks.names]
        return cls.from_dense(tasks, np.stack(columns, 1) if columns else np.zeros((len(frame), 0)))

    def to_wide(self) -> pl.DataFrame:
        """Return one float column per task, null where unknown."""
        import polars as pl

        values, observed = self.to_dense()
        values[~observed] = np.nan
        return pl.DataFrame({name: pl.Series(values[:, j]).fill_nan(None) for j, name in enumerate(self.tasks.names)})

    @classmethod
    def from_long(cls, tasks: TaskSet, n_rows: int, frame: pl.DataFrame) -> LabelTable:
        """Build from columns `row` (int), `task` (name) and `value`; null values are unknown."""
        known = frame.drop_nulls("value")
        place = {name: j for j, name in enumerate(tasks.names)}
        for name in known["task"].unique():
            tasks.index(name)
        col = np.array([place[name] for name in known["task"]], np.int64)
        return cls(tasks, n_rows, known["row"].to_numpy(), col, known["value"].cast(float).to_numpy())

    def to_long(self) -> pl.DataFrame:
        """Return columns `row`, `task` and `value`, one line per known label."""
        import polars as pl

        names = np.array(self.tasks.names, object)
        return pl.DataFrame({"row": self.row, "task": list(names[self.col]), "value": self.value})

    # ---- parts ----

    def where(self, mask: Bools) -> LabelTable:
        """Keep the labels (not the rows) at which `mask` `[E]` is true."""
        return LabelTable(self.tasks, self.n_rows, self.row[mask], self.col[mask], self.value[mask])

    def take(self, rows: ArrayLike) -> LabelTable:
        """Return the labels of the data `rows`, renumbered 0..len(rows)-1 in that order; repeats allowed."""
        rows = np.asarray(rows, np.int64)
        start, stop = np.searchsorted(self.row, rows), np.searchsorted(self.row, rows, side="right")
        count = stop - start
        at = np.repeat(start - np.cumsum(count) + count, count) + np.arange(count.sum())
        new_row = np.repeat(np.arange(len(rows)), count)
        return LabelTable(self.tasks, len(rows), new_row, self.col[at], self.value[at])

    def on_rows(self, rows: ArrayLike) -> LabelTable:
        """Keep only the labels of `rows`, without renumbering."""
        keep = np.zeros(self.n_rows, bool)
        keep[np.asarray(rows, np.int64)] = True
        return self.where(keep[self.row])

    def take_tasks(self, names: Iterable[str]) -> LabelTable:
        """Return the labels on the named tasks, columns renumbered in the order given."""
        tasks = self.tasks.select(names)
        place = np.full(len(self.tasks), -1, np.int64)
        place[[self.tasks.index(task) for task in tasks]] = np.arange(len(tasks))
        keep = place[self.col] >= 0
        return LabelTable(tasks, self.n_rows, self.row[keep], place[self.col[keep]], self.value[keep])

    def beside(self, other: LabelTable) -> LabelTable:
        """Return one table over these tasks and then those of `other`, of the same data."""
        tasks = TaskSet((*self.tasks, *other.tasks))
        row, value = np.concatenate([self.row, other.row]), np.concatenate([self.value, other.value])
        return LabelTable(tasks, self.n_rows, row, np.concatenate([self.col, other.col + len(self.tasks)]), value)

    def split(self, mask: Bools) -> tuple[Shown, Asked]:
        """Show the labels at which `mask` `[E]` is true and ask for the others."""
        return Shown(self.where(mask)), Asked(self.where(~mask))

    # ---- counts ----

    def counts(self) -> Ints:
        """Return the number of known labels of each task, int64 `[T]`."""
        return np.bincount(self.col, minlength=len(self.tasks))

    def row_counts(self) -> Ints:
        """Return the number of known labels of each datum, int64 `[N]`."""
        return np.bincount(self.row, minlength=self.n_rows)

    def class_counts(self, task: str) -> Ints:
        """Return how often each class of a discrete task is known, int64 `[C]`."""
        at = self.tasks.index(task)
        values = self.value[self.col == at].astype(np.int64)
        return np.bincount(values, minlength=len(self.tasks[at].classes))

    def scales(self) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of each output column's labels, float64 `[L]`.

        They are 0 and 1 where a task is discrete, has no label, or (the deviation) its labels do not vary.
        """
        width = int(self.tasks.offsets[-1])
        mean, sd = np.zeros(width), np.ones(width)
        for j, task in enumerate(self.tasks):
            values = self.value[self.col == j]
            if task.kind is Kind.REGRESSION and len(values):
                at = self.tasks.offsets[j]
                mean[at], sd[at] = values.mean(), values.std() if values.std() > 0 else 1.0
        return mean, sd


@dataclass(frozen=True, eq=False)
class Shown:
    """Labels a model may see. Never accepted where labels are asked for, nor the other way round."""

    table: LabelTable

    @classmethod
    def nothing(cls, tasks: TaskSet, n_rows: int) -> Shown:
        """Show no label: the standard setting."""
        return cls(LabelTable.empty(tasks, n_rows))

    def take(self, rows: ArrayLike) -> Shown:
        """Return what is shown of `rows`, renumbered."""
        return Shown(self.table.take(rows))


@dataclass(frozen=True, eq=False)
class Asked:
    """Labels a model must predict; read by losses and metrics only."""

    table: LabelTable

    def take(self, rows: ArrayLike) -> Asked:
        """Return what is asked of `rows`, renumbered."""
        return Asked(self.table.take(rows))
