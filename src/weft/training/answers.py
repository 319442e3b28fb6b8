"""What a fitted model says of one part at several reveal ratios: asked once, scored and drawn from many sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from weft.labels import LabelTable, Shown
from weft.predictor import Predictions, Predictor
from weft.settings import Episode, Setting
from weft.training.evaluate import fixed_episodes

if TYPE_CHECKING:
    from weft.data.base import Data

#: Predictions of more numbers than this are made again when they are asked for, instead of kept: 160 MB.
_KEPT = 10_000_000


@dataclass(frozen=True, eq=False)
class Answers:
    """A fitted model beside the labels of one part.

    Attributes:
        predictor: the model.
        part: `val`, `test` or a file's name.
        rows: the usable rows of the part, int64 `[n]`.
        known: their labels, rows renumbered 0..n-1.
        encoded: what the model reads of them besides labels.
        nothing: predictions with nothing shown, before calibration.
        episodes: reveal ratio -> what is shown and asked under each mask.
    """

    predictor: Predictor
    part: str
    rows: NDArray[np.int64]
    known: LabelTable
    encoded: Any
    nothing: Predictions
    episodes: dict[float, list[Episode]]
    _made: dict[float, list[Predictions]] = field(default_factory=dict[float, list[Predictions]], repr=False)

    @property
    def ratios(self) -> list[float]:
        """The reveal ratios, in order."""
        return list(self.episodes)

    def raw(self, ratio: float) -> list[Predictions]:
        """Return the predictions under each mask of a ratio, before calibration."""
        if ratio not in self._made:
            found = [self.ask(episode.shown) for episode in self.episodes[ratio]]
            if self.nothing.mean.size * sum(map(len, self.episodes.values())) > _KEPT:
                return found
            self._made[ratio] = found
        return self._made[ratio]

    def ask(self, shown: Shown) -> Predictions:
        """Return the predictions given some labels of the part, before calibration."""
        return self.predictor.predict_encoded(self.encoded, shown) if len(shown.table) else self.nothing

    def told(self, ratio: float) -> list[Predictions]:
        """Return the calibrated predictions under each mask of a ratio."""
        return [self.predictor.calibrated(found) for found in self.raw(ratio)]

    def told_nothing(self) -> Predictions:
        """Return the calibrated predictions with nothing shown."""
        return self.predictor.calibrated(self.nothing)


def ask(
    predictor: Predictor,
    data: Data,
    labels: LabelTable,
    rows: NDArray[np.int64],
    part: str,
    ratios: Sequence[float],
    masks: int,
    seed: int = 0,
) -> Answers:
    """Encode the usable ones of `rows` once and ask for them with nothing shown.

    Args:
        predictor: the model.
        data: `N` data.
        labels: their known labels, on the model's tasks.
        rows: of the part.
        part: its name.
        ratios: shares of every datum's labels to show; a model that uses none is asked at 0 only.
        masks: random choices of the labels shown, at every ratio above 0.
        seed: of the first choice.
    """
    rows = rows[data.ok[rows]]
    known = labels.take(rows)
    encoded = predictor.encode(data.take(rows))
    used = ratios if uses_labels(predictor) else [0.0]
    nothing = predictor.predict_encoded(encoded, Shown.nothing(known.tasks, len(rows)))
    episodes = {ratio: fixed_episodes(known, ratio, masks, seed) for ratio in used}
    return Answers(predictor, part, rows, known, encoded, nothing, episodes)


def uses_labels(predictor: Predictor) -> bool:
    """Whether known labels of a query datum change what the model predicts."""
    return any(setting.shows_labels for setting in map(Setting, predictor.settings))
