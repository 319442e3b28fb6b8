"""What the forest and the boosting predictor share: one model per output column, on structure and known labels.

In the standard setting a model reads structure only. In the relational setting it reads the known labels of the
other tasks as well (see `known`) and is trained on copies of the training data, each datum showing a share of its
labels drawn uniformly from 0 to 1 (`reveal_at_random`): one model serves every reveal ratio.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weft.baselines.known import Known, Units
from weft.baselines.learners import Bools, Floats, Targets, column_targets
from weft.baselines.tabular import Columns, tabular
from weft.baselines.trees import Forest, Nodes
from weft.errors import UserError
from weft.labels import LabelTable, Shown
from weft.predictor import Arrays, Predictions, Predictor
from weft.settings import Setting, reveal_at_random
from weft.tasks import Kind, TaskSet

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.splits import Split
    from weft.training.run import Run

F32 = NDArray[np.float32]

_LABEL_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Encoded:
    """Chosen features of data, and which rows can be used."""

    x: F32
    ok: Bools


@dataclass(frozen=True, eq=False)
class Column:
    """What one output column is learnt from.

    Attributes:
        x: float32 `[m, D]`, structure, then known labels. Learners that draw a few columns at a time would seldom
            meet the known labels, so those stand there several times, as a fifth of the table.
        y: float64 `[m]`, 0/1 or standardised.
        datum: int64 `[m]`, which training datum a row is a copy of.
        at: the output column.
        continuous: whether it holds values.
    """

    x: F32
    y: Floats
    datum: NDArray[np.int64]
    at: int
    continuous: bool


class TreePredictor(Predictor):
    """Trees per output column.

    Args:
        setting: `standard` (default) or `relational`.

    Raises:
        UserError: for a setting with new tasks.
    """

    hidden: ClassVar[float]
    least: ClassVar[int]
    members: ClassVar[int]

    def __init__(self, setting: str | None = None) -> None:
        wanted = Setting(setting or Setting.STANDARD)
        if wanted.new_tasks:
            mend = "Choose '--setting standard' or 'relational', or '--model metalink'."
            raise UserError(f"a {self.name} model cannot take a new task", where="--setting", mend=mend)
        self.settings = frozenset({Setting.STANDARD, wanted})

    @property
    def relational(self) -> bool:
        """Whether known labels are read."""
        return Setting.RELATIONAL in self.settings

    def fit(self, data: Data, labels: LabelTable, split: Split, run: Run) -> None:
        """Learn from the training rows; validation rows are not read."""
        self.note_features(data)
        rows = split.train[data.ok[split.train]]
        self.tasks, table = labels.tasks, labels.take(rows)
        features, targets = tabular(data).take(rows), column_targets(table)
        self.columns, self.units = Columns.fit(features), Units.fit(targets)
        arrays = run.stage(
            f"{self.name}-trees", lambda: self._grow(self.columns.apply(features).x, table, targets, run)
        )
        self.forest = Forest.restore(arrays)

    def _grow(self, x: F32, table: LabelTable, targets: Targets, run: Run) -> dict[str, NDArray[Any]]:
        rng = np.random.default_rng([run.seed, 1])
        copies = (2 if targets.width > 100 else 3) if self.relational else 1
        known = [Known.of(reveal_at_random(table, rng).shown.table, self.units) for _ in range(copies)]
        enough = targets.rare() >= self.least
        drawn = _drawn(x.shape[1], Known.width(targets.width)) if self.relational else np.arange(x.shape[1])
        trees: list[Nodes] = []
        place: list[int] = []
        for j in range(targets.width):
            if enough[j]:
                kept, member = self._learn(self._column(x, known, targets, j, drawn), run)
                trees.extend(_renamed(tree, drawn) for tree in kept)
                place.extend(j * self.members + m for m in member)
            run.report(self.name, j + 1, targets.width, "")
        return Forest.of(trees, place, targets.width * self.members).state()

    def _column(self, x: F32, known: list[Known], targets: Targets, j: int, drawn: NDArray[np.int64]) -> Column:
        rows, y = targets.column(j)
        continuous = bool(targets.continuous[j])
        y = (y - self.units.mean[j]) / self.units.spread[j] if continuous else y
        if not self.relational:
            return Column(x[rows], y, rows, j, continuous)
        own = self._own(j)
        parts = [np.concatenate([x[rows], copy.take(rows).without(own, self.hidden)], 1)[:, drawn] for copy in known]
        return Column(np.concatenate(parts), np.tile(y, len(parts)), np.tile(rows, len(parts)), j, continuous)

    def _own(self, column: int) -> slice:
        """Return the output columns of the task of an output column."""
        offsets = self.tasks.offsets
        task = int(np.searchsorted(offsets, column, side="right")) - 1
        return slice(int(offsets[task]), int(offsets[task + 1]))

    def encode(self, data: Data) -> Encoded:
        """Return the chosen features."""
        self.check_features(data)
        return Encoded(self.columns.apply(tabular(data)).x, data.ok)

    def predict_encoded(self, encoded: Encoded, known: Shown) -> Predictions:
        """Predict every task; known labels are read in the relational setting, a task's own never."""
        shown = Known.of(known.table, self.units)
        width = len(self.units.mean)
        mean = np.broadcast_to(self.units.mean, (len(encoded.x), width)).copy()
        std = np.broadcast_to(self.units.spread, mean.shape).copy()
        learnt = np.unique(self.forest.column // self.members)
        for task, first in zip(self.tasks, self.tasks.offsets[:-1], strict=True):
            part = slice(int(first), int(first) + task.width)
            x = encoded.x
            if self.relational:
                x = np.concatenate([x, shown.without(part, self.hidden)], 1)
            for j in np.intersect1d(learnt, np.arange(part.start, part.stop)):
                mean[:, j], std[:, j] = self._answer(x, int(j), task.kind is Kind.REGRESSION)
                if task.kind is Kind.REGRESSION:
                    mean[:, j] = self.units.mean[j] + self.units.spread[j] * mean[:, j]
                    std[:, j] *= self.units.spread[j]
            if task.kind is Kind.MULTICLASS:
                mean[:, part] /= mean[:, part].sum(1, keepdims=True)
        return Predictions(self.tasks, mean, std, encoded.ok)

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return the setting and the arrays."""
        arrays = {**self.forest.state(), "mean": self.units.mean, "spread": self.units.spread}
        arrays |= {f"columns.{key}": value for key, value in self.columns.state().items()}
        return {"relational": self.relational}, arrays

    @classmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        model = cls(Setting.RELATIONAL if config["relational"] else Setting.STANDARD)
        model.tasks = tasks
        model.forest = Forest.restore(arrays)
        model.units = Units(np.asarray(arrays["mean"]), np.asarray(arrays["spread"]))
        model.columns = Columns.restore({k[8:]: v for k, v in arrays.items() if k.startswith("columns.")})
        return model

    @abstractmethod
    def _learn(self, column: Column, run: Run) -> tuple[list[Nodes], list[int]]:
        """Learn one output column: its trees, and the member of the ensemble that each belongs to."""

    @abstractmethod
    def _answer(self, x: F32, column: int, continuous: bool) -> tuple[Floats, Floats]:
        """Return probability or standardised value, and its standard deviation, `[N]` both."""


def _drawn(structure: int, known: int) -> NDArray[np.int64]:
    """Return the columns of the training table: structure, then the known labels as often as makes a fifth."""
    repeat = max(1, round(_LABEL_SHARE / (1 - _LABEL_SHARE) * structure / known))
    return np.concatenate([np.arange(structure), np.tile(np.arange(structure, structure + known), repeat)])


def _renamed(tree: Nodes, drawn: NDArray[np.int64]) -> Nodes:
    """Let a tree that was grown on the columns `drawn` read the table they come from."""
    feature = np.where(tree.feature < 0, -1, drawn[tree.feature]).astype(np.int32)
    return Nodes(feature, tree.number, tree.left, tree.right, tree.nan_left)
