"""What the forest and the boosting predictor share: one model per output column, on structure and known labels.

In the standard setting a model reads structure only. In the relational setting it reads the known labels of the
other tasks as well (see `known`) and is trained on copies of the training data, each datum showing a share of its
labels drawn uniformly from 0 to 1 (`reveal_at_random`): one model serves every reveal ratio. Which labels are known
is read as well with `pattern`; without it hidden ones are filled (see `values_only`) and answers averaged over fills.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import put_under, under
from weft.baselines.known import Known, Units
from weft.baselines.learners import Bools, Floats, Targets, column_targets
from weft.baselines.tabular import Columns, Features, tabular
from weft.baselines.tree_nodes import Nodes
from weft.baselines.tree_table import F32, Column, drawn_columns, renamed
from weft.baselines.trees import Forest
from weft.baselines.values_only import ValuesOnly, pooled
from weft.errors import UserError
from weft.labels import LabelTable, Shown
from weft.predictor import Arrays, Predictions, Predictor
from weft.settings import Setting, reveal_at_random
from weft.tasks import Kind, TaskSet

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.splits import Split
    from weft.training.run import Run


@dataclass(frozen=True, eq=False)
class Encoded:
    """Chosen features of data, which rows can be used, and what is expected of hidden labels where those are filled."""

    x: F32
    ok: Bools
    expected: Floats | None = None


class TreePredictor(Predictor):
    """Trees per output column.

    Args:
        setting: `standard` (default) or `relational`.
        pattern: whether which labels are known is read, besides what they say.

    Raises:
        UserError: for a setting with new tasks, or the pattern of labels that are not read.
    """

    hidden: ClassVar[float]
    least: ClassVar[int]
    members: ClassVar[int]

    values: ValuesOnly | None

    def __init__(self, setting: str | None = None, pattern: bool = False) -> None:
        wanted = Setting(setting or Setting.STANDARD)
        if wanted.new_tasks:
            mend = "Choose '--setting standard' or 'relational', or '--model metalink'."
            raise UserError(f"a {self.name} model cannot take a new task", where="--setting", mend=mend)
        if pattern and not wanted.shows_labels:
            raise UserError("no labels are read", where="--pattern", mend="Add '--setting relational'.")
        self.settings, self.values = frozenset({Setting.STANDARD, wanted}), None
        self.reads_pattern = pattern

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
        expected = np.zeros(targets.y.shape)
        if self.relational and not self.reads_pattern:
            self.values, expected = self._expect(features, targets, run)
        x, widths = self.columns.apply(features).x, [task.width for task in self.tasks]
        arrays = run.shared_stage(
            f"{self.name}-trees",
            f"{self.name}-trees",
            lambda: (x, widths, *targets.arrays(), self.relational, self.reads_pattern, expected),
            lambda: self._grow(x, table, targets, expected, run),
        )
        self.forest = Forest.restore(arrays)

    def _expect(self, features: Features, targets: Targets, run: Run) -> tuple[ValuesOnly, Floats]:
        """Return what fills hidden labels, and what is expected of the training data's."""
        return ValuesOnly.learn(self.name, self.tasks, features, targets, run)

    def _grow(self, x: F32, table: LabelTable, targets: Targets, expected: Floats, run: Run) -> dict[str, NDArray[Any]]:
        rng = np.random.default_rng([run.seed, 1])
        copies = (2 if targets.width > 100 else 3) if self.relational else 1
        known = [self._drawn(reveal_at_random(table, rng).shown.table, expected, rng) for _ in range(copies)]
        enough = targets.rare() >= self.least
        drawn = drawn_columns(x.shape[1], Known.width(targets.width)) if self.relational else np.arange(x.shape[1])
        trees: list[Nodes] = []
        place: list[int] = []
        for j in range(targets.width):
            if enough[j]:
                kept, member = self._learn(self._column(x, known, targets, j, drawn), run)
                trees.extend(renamed(tree, drawn) for tree in kept)
                place.extend(j * self.members + m for m in member)
            run.report(self.name, j + 1, targets.width, "")
        return Forest.of(trees, place, targets.width * self.members).state()

    def _drawn(self, shown: LabelTable, expected: Floats, rng: np.random.Generator) -> Known:
        if self.values is None:
            return Known.of(shown, self.units)
        return self.values.drawn(shown, expected, self.units, rng)

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
        features = tabular(data)
        expected = None if self.values is None else self.values.expected(features)
        return Encoded(self.columns.apply(features).x, data.ok, expected)

    def predict_encoded(self, encoded: Encoded, known: Shown) -> Predictions:
        """Predict every task; known labels are read in the relational setting, a task's own never."""
        if self.values is None or encoded.expected is None:
            fills = [Known.of(known.table, self.units)]
        else:
            fills = self.values.draws(known.table, encoded.expected, self.units)
        mean, std = pooled([self._answers(encoded.x, fill) for fill in fills])
        for task, first in zip(self.tasks, self.tasks.offsets[:-1], strict=True):
            if task.kind is Kind.MULTICLASS:
                part = slice(int(first), int(first) + task.width)
                mean[:, part] /= mean[:, part].sum(1, keepdims=True)
        return Predictions(self.tasks, mean, std, encoded.ok)

    def _answers(self, x: F32, shown: Known) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of every column, `[N, L]` both, given labels shown or filled."""
        mean = np.broadcast_to(self.units.mean, (len(x), len(self.units.mean))).copy()
        std = np.broadcast_to(self.units.spread, mean.shape).copy()
        learnt = np.unique(self.forest.column // self.members)
        for task, first in zip(self.tasks, self.tasks.offsets[:-1], strict=True):
            part = slice(int(first), int(first) + task.width)
            read = np.concatenate([x, shown.without(part, self.hidden)], 1) if self.relational else x
            for j in np.intersect1d(learnt, np.arange(part.start, part.stop)):
                mean[:, j], std[:, j] = self._answer(read, int(j), task.kind is Kind.REGRESSION)
                if task.kind is Kind.REGRESSION:
                    mean[:, j] = self.units.mean[j] + self.units.spread[j] * mean[:, j]
                    std[:, j] *= self.units.spread[j]
        return mean, std

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return the setting and the arrays."""
        arrays = {**self.forest.state(), "mean": self.units.mean, "spread": self.units.spread}
        arrays |= put_under("columns.", self.columns.state())
        if self.values is not None:
            arrays |= put_under("values.", self.values.state())
        return {"relational": self.relational, "pattern": self.reads_pattern}, arrays

    @classmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        relational = bool(config["relational"])
        filled = under("values.", arrays)  # models written before there was a choice read the pattern
        model = cls(Setting.RELATIONAL if relational else Setting.STANDARD, relational and not filled)
        model.tasks = tasks
        model.values = ValuesOnly.restore(tasks, filled) if filled else None
        model.forest = Forest.restore(arrays)
        model.units = Units(np.asarray(arrays["mean"]), np.asarray(arrays["spread"]))
        model.columns = Columns.restore(under("columns.", arrays))
        return model

    @abstractmethod
    def _learn(self, column: Column, run: Run) -> tuple[list[Nodes], list[int]]:
        """Learn one output column: its trees, and the member of the ensemble that each belongs to."""

    @abstractmethod
    def _answer(self, x: F32, column: int, continuous: bool) -> tuple[Floats, Floats]:
        """Return probability or standardised value, and its standard deviation, `[N]` both."""
