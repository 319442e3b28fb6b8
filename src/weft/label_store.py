"""`LabelStore`: known labels by the hundred million, in files that are mapped and not read.

A label table as a sparse matrix in compressed rows (CSR): the labels of a datum stand together, so those of a batch are
found at once and everything else stays on disk. It is built from chunks in any order, in memory that grows with a
chunk and with the number of data, not with the number of labels.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from weft.data.buckets import Buckets, filled, mapped
from weft.errors import UserError
from weft.files import disk_errors, read_json, write_json
from weft.labels import Floats, Ints, LabelTable
from weft.tasks import Kind, TaskSet

CARD = "labels.json"
_SCHEMA = 1
#: Labels that are looked at together in a pass over all.
_BLOCK = 4_000_000
#: How many times as many as asked are drawn at first, so that enough are left by chance.
_MORE = 3


@dataclass(frozen=True, eq=False)
class LabelStore:
    """The known labels of `n_rows` data on disk; `take` gives those of some data as a `LabelTable`.

    Attributes:
        folder: of the files.
        tasks: the tasks, `T` of them.
        n_rows: number of data, `N`.
        start: int64 `[N + 1]`, first label of each datum, and their number `E`; mapped.
        col: `[E]`, position of the task; mapped.
        value: `[E]`, class or value; mapped.
        seen: int64 `[L]`, how often each class of each discrete task is known (of a regression: its labels), in the
            order of `TaskSet.offsets`, two places for a binary task.

    Example:
        >>> import tempfile
        >>> tasks = TaskSet.binary(["a", "b"])
        >>> table = LabelTable(tasks, 3, [0, 2, 2], [1, 0, 1], [1.0, 0.0, 1.0])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = LabelStore.build(Path(folder) / "labels", tasks, 3, [table])
        ...     (len(store), store.take([2, 1]).value.tolist())
        (3, [0.0, 1.0])
    """

    folder: Path
    tasks: TaskSet
    n_rows: int
    start: Ints
    col: NDArray[Any]
    value: NDArray[Any]
    seen: Ints

    def __len__(self) -> int:
        """Return the number of known labels, `E`."""
        return len(self.col)

    # ---- building and opening ----

    @classmethod
    def build(cls, folder: Path | str, tasks: TaskSet, n_rows: int, chunks: Iterable[LabelTable]) -> Self:
        """Write a store and open it.

        Args:
            folder: a new or empty folder.
            tasks: the tasks.
            n_rows: number of data.
            chunks: labels, each a table over all `n_rows` data; every label in one of them, in any order.

        Raises:
            UserError: when a cell has two labels, a chunk speaks of other data or tasks, or the folder is not empty.
        """
        folder = Path(folder)
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise UserError("the folder is not empty", where=str(folder), mend="Choose a new folder.")
        width = max(len(tasks), 1)
        buckets = filled(folder / ".sort", n_rows * width, _keyed(tasks, n_rows, chunks), (np.int64, np.float64))
        try:
            _write(folder, tasks, n_rows, buckets)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            buckets.close()
        return cls.open(folder)

    @classmethod
    def from_parquet(cls, folder: Path | str, tasks: TaskSet, n_rows: int, files: Path | str) -> Self:
        """Write a store from Parquet (a file or a folder) with columns `row`, `task` (name or position) and `value`."""
        from weft.data.parts import plan_parts

        parts = plan_parts(Path(files), Path(folder).with_name(f"{Path(folder).name}.spill"), 1_000_000)
        return cls.build(folder, tasks, n_rows, (_of_long(tasks, n_rows, part.read().frame) for part in parts))

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        """Open a store; nothing but its card is read.

        Raises:
            UserError: when it is none, or its files are not as long as they should be.
        """
        folder = Path(folder)
        if not (folder / CARD).is_file():
            mend = "Build one with LabelStore.build."
            raise UserError(f"this is no label store (no {CARD})", where=str(folder), mend=mend)
        card: Any = read_json(folder / CARD)
        if card.get("schema") != _SCHEMA:
            told = f"the store has format {card.get('schema')}, this weft reads {_SCHEMA}"
            raise UserError(told, where=str(folder), mend="Upgrade weft: pip install --upgrade weft")
        n, e, kinds = int(card["rows"]), int(card["labels"]), card["kinds"]
        found: dict[str, NDArray[Any]] = {}
        for name, length in (("start", n + 1), ("col", e), ("value", e)):
            path, kind = folder / f"{name}.bin", np.dtype(str(kinds[name]))
            if not path.is_file() or path.stat().st_size != length * kind.itemsize:
                raise UserError("the file is not whole", where=str(path), mend="Build the store again.")
            found[name] = mapped(path, kind, (length,))
        seen = np.array(card["seen"], np.int64)
        return cls(folder, TaskSet.from_json(card["tasks"]), n, found["start"], found["col"], found["value"], seen)

    # ---- parts ----

    def take(self, rows: ArrayLike) -> LabelTable:
        """Return the labels of the data `rows`, renumbered 0..len(rows)-1 in that order; repeats allowed."""
        rows = np.asarray(rows, np.int64)
        first = np.asarray(self.start[rows])
        count = np.asarray(self.start[rows + 1]) - first
        at = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
        return self._table(len(rows), np.repeat(np.arange(len(rows)), count), at)

    def blocks(self, rows: int = 100_000) -> Iterator[tuple[int, LabelTable]]:
        """Give all labels, those of `rows` data at a time: the first datum's row and their table."""
        for first in range(0, self.n_rows, rows):
            yield first, self.take(np.arange(first, min(first + rows, self.n_rows)))

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Ints, LabelTable]:
        """Draw data that have labels, for an episode: their rows, none twice, and what is known of them.

        Args:
            n: how many; all of them when fewer have labels.
            rng: the source of randomness.
        """
        found = np.zeros(0, np.int64)
        for _ in range(64):
            more = rng.integers(0, self.n_rows, 2 * (n - len(found)) + 16) if self.n_rows else found
            more = more[self.start[more + 1] > self.start[more]]
            every = np.concatenate([found, more])
            _, first = np.unique(every, return_index=True)
            found = every[np.sort(first)][:n]
            if len(found) == n:
                break
        else:
            known = np.flatnonzero(np.diff(self.start))
            found = rng.permutation(known)[:n]
        return found, self.take(found)

    def support(self, each: int, rng: np.random.Generator) -> LabelTable:
        """Draw labels that speak for every task: up to `each` of every class of every task, evenly; over all rows.

        One pass over the labels, a block at a time.

        Args:
            each: labels of a class, or of a regression task.
            rng: the source of randomness.
        """
        place = _places(self.tasks)
        chance = np.minimum(1.0, _MORE * each / np.maximum(self.seen, 1))
        chance[self.seen < 50 * _MORE] = 1.0
        rows, cols, values, cells, draws = [], [], [], [], []
        for first in range(0, len(self), _BLOCK):
            at = np.arange(first, min(first + _BLOCK, len(self)))
            col, value = np.asarray(self.col[at]), np.asarray(self.value[at])
            cell, draw = place(col, value), rng.random(len(at), np.float32)
            kept = np.flatnonzero(draw < chance[cell])
            rows.append(np.searchsorted(self.start, at[kept], side="right") - 1)
            for found, part in ((cols, col), (values, value), (cells, cell), (draws, draw)):
                found.append(part[kept])
        if not rows:
            return LabelTable.empty(self.tasks, self.n_rows)
        row, col, value, cell, draw = (np.concatenate(part) for part in (rows, cols, values, cells, draws))
        order = np.lexsort((draw, cell))
        rank = np.arange(len(order)) - np.searchsorted(cell[order], cell[order])
        chosen = order[rank < each]
        return LabelTable(self.tasks, self.n_rows, row[chosen], col[chosen].astype(np.int64), value[chosen])

    def to_table(self) -> LabelTable:
        """Return everything as one table in memory."""
        return self.take(np.arange(self.n_rows))

    # ---- counts ----

    def counts(self) -> Ints:
        """Return the number of known labels of each task, int64 `[T]`."""
        ends = np.cumsum([0, *(_classes(task.kind, len(task.classes)) for task in self.tasks)])
        return np.array([self.seen[a:b].sum() for a, b in pairwise(ends)], np.int64)

    def row_counts(self) -> Ints:
        """Return the number of known labels of each datum, int64 `[N]`."""
        return np.diff(self.start)

    def class_counts(self, task: str) -> Ints:
        """Return how often each class of a discrete task is known, int64 `[C]`."""
        at = self.tasks.index(task)
        first = sum(_classes(one.kind, len(one.classes)) for one in self.tasks[:at])
        return self.seen[first : first + len(self.tasks[at].classes)]

    def _table(self, n: int, row: Ints, at: Ints) -> LabelTable:
        value: Floats = np.asarray(self.value[at], np.float64)
        return LabelTable(self.tasks, n, row, np.asarray(self.col[at], np.int64), value)


def _keyed(tasks: TaskSet, n_rows: int, chunks: Iterable[LabelTable]) -> Iterator[tuple[Ints, Floats]]:
    """Give cells as numbers that sort by datum, then task, with their values."""
    for chunk in chunks:
        if chunk.tasks != tasks or chunk.n_rows != n_rows:
            raise UserError("a chunk of labels is of other data or tasks", mend="Give tables over all rows and tasks.")
        yield chunk.row * max(len(tasks), 1) + chunk.col, chunk.value


def _of_long(tasks: TaskSet, n_rows: int, frame: pl.DataFrame) -> LabelTable:
    if frame["task"].dtype == pl.String:
        return LabelTable.from_long(tasks, n_rows, frame)
    known = frame.drop_nulls("value")
    row, col = (known[name].cast(pl.Int64).to_numpy() for name in ("row", "task"))
    return LabelTable(tasks, n_rows, row, col, known["value"].cast(pl.Float64).to_numpy())


def _write(folder: Path, tasks: TaskSet, n_rows: int, buckets: Buckets) -> None:
    width, place = max(len(tasks), 1), _places(tasks)
    discrete = all(task.kind is not Kind.REGRESSION for task in tasks)
    few = max((len(task.classes) for task in tasks), default=0) <= 256
    kinds = {
        "start": np.dtype("<i8"),
        "col": np.dtype("<u2" if width <= 2**16 else "<u4"),
        "value": np.dtype("u1" if discrete and few else "<f8"),
    }
    count, seen, labels, last = np.zeros(n_rows + 1, np.int64), np.zeros(_cells(tasks), np.int64), 0, -1
    with disk_errors(folder), (folder / "col.bin").open("wb") as cols, (folder / "value.bin").open("wb") as values:
        for keys, value in buckets.ordered():
            if not len(keys):
                continue
            _check_once(keys, last, width, tasks)
            last, (row, col) = int(keys[-1]), np.divmod(keys, width)
            count[row[0] + 1 : row[-1] + 2] += np.bincount(row - row[0])
            seen += np.bincount(place(col, value), minlength=len(seen))
            cols.write(col.astype(kinds["col"]).data)
            values.write(value.astype(kinds["value"]).data)
            labels += len(keys)
        np.cumsum(count, out=count)
        count.astype(kinds["start"]).tofile(folder / "start.bin")
    told = {name: kind.str for name, kind in kinds.items()}
    card = {"schema": _SCHEMA, "rows": n_rows, "labels": labels, "kinds": told, "seen": seen.tolist()}
    write_json(folder / CARD, {**card, "tasks": tasks.to_json()})


def _check_once(keys: Ints, last: int, width: int, tasks: TaskSet) -> None:
    again = np.flatnonzero(np.diff(keys, prepend=last) == 0)
    if again.size:
        row, col = divmod(int(keys[again[0]]), width)
        raise UserError("a cell has two labels", where=f"row {row}, task {tasks[col].name}", mend="Keep one of them.")


def _classes(kind: Kind, classes: int) -> int:
    return 1 if kind is Kind.REGRESSION else classes


def _cells(tasks: TaskSet) -> int:
    return sum(_classes(task.kind, len(task.classes)) for task in tasks)


def _places(tasks: TaskSet) -> Any:
    """Return what tells the place of (task, class) among all, int64 `[E]`; a regression task has one place."""
    sizes = np.array([_classes(task.kind, len(task.classes)) for task in tasks], np.int64)
    first = np.concatenate([[0], np.cumsum(sizes)])[: len(sizes)]
    valued = np.array([task.kind is Kind.REGRESSION for task in tasks], bool)

    def place(col: NDArray[Any], value: NDArray[Any]) -> Ints:
        at = np.asarray(col, np.int64)
        return first[at] + np.where(valued[at], 0, value).astype(np.int64)

    return place
