"""Scoring a fitted model on the parts of its split: what `metrics.json` and the report tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from weft.labels import Asked, LabelTable
from weft.predictor import Predictions, Predictor
from weft.settings import reveal
from weft.tasks import Kind
from weft.training.answers import Answers, ask, uses_labels
from weft.training.evaluate import Evaluation, score_episodes

if TYPE_CHECKING:
    from weft.data.base import Data

__all__ = ["Assessment", "Bins", "assess", "binary_cells", "bins_of_cells", "score_answers", "uses_labels"]

#: Reveal ratios told after a fit, when the model can use known labels at all.
RATIOS = (0.0, 0.2, 0.5, 0.8)
#: The ratio at which standard and relational are set side by side.
HALF = 0.5
MASKS = 5
#: What calibration changes and is there to change.
CALIBRATED = ("ece", "brier")
_BINS = 10


@dataclass(frozen=True)
class Bins:
    """Reliability of predicted probabilities: equally filled bins of asked binary labels.

    Attributes:
        predicted: mean predicted probability per bin.
        found: share of label 1 per bin.
        count: labels per bin.
    """

    predicted: tuple[float, ...]
    found: tuple[float, ...]
    count: tuple[int, ...]


@dataclass(frozen=True)
class Assessment:
    """Scores of one part at several reveal ratios.

    Attributes:
        part: `val`, `test` or a file's name.
        n_rows: usable rows scored.
        revealed: one evaluation per ratio.
        hidden: for each ratio above 0, the same cells with nothing shown.
        calibration: reliability of binary tasks at the first and the last of ratio 0 and one half.
        before: what `revealed` is without the model's calibration; empty for a model that has none.
    """

    part: str
    n_rows: int
    revealed: tuple[Evaluation, ...]
    hidden: tuple[Evaluation, ...]
    calibration: dict[str, Bins]
    before: tuple[Evaluation, ...] = ()

    def to_json(self) -> dict[str, dict[str, Any]]:
        """Return ratio -> the evaluation.

        Beside it stand `standard` (same cells, nothing shown) for a ratio above 0, and `before_calibration` for a
        model that is calibrated.
        """
        hidden = {e.ratio: e.to_json() for e in self.hidden}
        before = {e.ratio: e.scores.only(CALIBRATED).to_json() for e in self.before}
        told: dict[str, dict[str, Any]] = {}
        for evaluation in self.revealed:
            beside = {"standard": hidden[evaluation.ratio]} if evaluation.ratio in hidden else {}
            if evaluation.ratio in before:
                beside["before_calibration"] = before[evaluation.ratio]
            told[f"{evaluation.ratio:g}"] = {**evaluation.to_json(), **beside}
        return told


def assess(
    predictor: Predictor,
    data: Data,
    labels: LabelTable,
    rows: NDArray[np.int64],
    part: str,
    ratios: Sequence[float] = RATIOS,
    masks: int = MASKS,
    seed: int = 0,
) -> Assessment:
    """Score `predictor` on the usable ones of `rows`, encoding them once.

    A model that cannot use known labels is scored at ratio 0 only.
    """
    return score_answers(ask(predictor, data, labels, rows, part, ratios, masks, seed), seed)


def score_answers(answers: Answers, seed: int = 0) -> Assessment:
    """Score what a model said at every reveal ratio.

    Args:
        answers: of one part.
        seed: of the labels shown for the reliability of probabilities.
    """
    predictor = answers.predictor
    revealed: list[Evaluation] = []
    hidden: list[Evaluation] = []
    before: list[Evaluation] = []
    nothing = answers.told_nothing()
    for ratio, episodes in answers.episodes.items():
        revealed.append(score_episodes(answers.told(ratio), episodes, ratio))
        if predictor.calibrator is not None:
            before.append(score_episodes(answers.raw(ratio), episodes, ratio))
        if ratio > 0:
            hidden.append(score_episodes([nothing] * len(episodes), episodes, ratio, show=False))
    calibration = {
        f"{ratio:g}": bins
        for ratio in answers.ratios
        if ratio in (0.0, HALF) and (bins := _reliability(answers, ratio, seed))
    }
    return Assessment(answers.part, len(answers.rows), tuple(revealed), tuple(hidden), calibration, tuple(before))


def _reliability(answers: Answers, ratio: float, seed: int) -> Bins | None:
    episode = reveal(answers.known, ratio, seed)
    found = answers.predictor.calibrated(answers.ask(episode.shown))
    probability, label = binary_cells(found, episode.asked)
    if not len(label):
        return None
    return bins_of_cells(probability, label)


def bins_of_cells(probability: NDArray[np.float64], label: NDArray[np.float64]) -> Bins:
    """Return up to ten equally filled bins of probabilities `[n]` and their 0/1 labels `[n]`, one at least."""
    parts = np.array_split(np.argsort(probability, kind="stable"), min(_BINS, len(label)))
    return Bins(
        tuple(float(probability[at].mean()) for at in parts),
        tuple(float(label[at].mean()) for at in parts),
        tuple(len(at) for at in parts),
    )


def binary_cells(predictions: Predictions, asked: Asked) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return probability and label of every asked binary cell."""
    binary = np.array([task.kind is Kind.BINARY for task in predictions.tasks], bool)
    table = asked.table
    cells = table.where(binary[table.col] & predictions.ok[table.row]) if len(binary) else table
    return predictions.mean[cells.row, predictions.tasks.offsets[cells.col]], cells.value
