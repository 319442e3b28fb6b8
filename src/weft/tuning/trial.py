"""One trial of a search: a model with some settings, fitted and scored on validation rows, on any engine."""

from __future__ import annotations

import dataclasses
import math
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.errors import UserError
from weft.files import read_json, write_json
from weft.jobs.options import FitOptions, options_from
from weft.training.revive import plain
from weft.training.run import Run, silent

if TYPE_CHECKING:
    from weft.data.splits import Split
    from weft.jobs.sources import Source
    from weft.predictor import Predictor
    from weft.training.scores import Scores

#: What engines call.
TARGET = "weft.tuning.trial:run_trial"
#: Reveal ratios a trial is judged at, as far as the model uses known labels; and masks at those above 0.
RATIOS, MASKS = (0.0, 0.5), 3


class PrunedError(Exception):
    """A trial is given up, as the ones before it were better at the same epoch."""


@dataclass(frozen=True)
class Trial:
    """What is to be known of a trial.

    Attributes:
        file: the data.
        work: folder of the search's unfinished work.
        number: of the trial.
        options: of the fit, JSON-ready, without the settings.
        settings: dotted name of a field of the configuration -> its value.
        warmup: epochs before it may be given up.
    """

    file: Path
    work: Path
    number: int
    options: Mapping[str, Any]
    settings: Mapping[str, Any]
    warmup: int

    @property
    def folder(self) -> Path:
        """Where its result is, and its checkpoints until then."""
        return self.work / "trials" / f"{self.number:04d}"

    @property
    def path(self) -> Path:
        """The file of its result."""
        return self.folder / "result.json"

    def row(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was found with what was tried."""
        return {"number": self.number, **found, "settings": {n: plain(v) for n, v in self.settings.items()}}


def run_trial(trial: Trial) -> dict[str, Any]:
    """Return what a trial found, of this run or an earlier one: `state`, `score` by validation, `fault`, `cpu_s`."""
    if trial.path.is_file():
        return read_json(trial.path)
    began = time.process_time()
    found: dict[str, Any] = {"state": "complete", "score": None, "fault": ""}
    try:
        found["score"] = _score(trial)
    except PrunedError:
        found["state"] = "pruned"
    except (UserError, FloatingPointError, RuntimeError) as error:
        found |= {"state": "failed", "fault": str(error) or type(error).__name__}
    found["cpu_s"] = round(time.process_time() - began, 2)
    write_json(trial.path, trial.row(found))
    shutil.rmtree(trial.folder / "work", ignore_errors=True)
    return trial.row(found)


def _score(trial: Trial) -> float:
    from weft.devices import find_device
    from weft.jobs.sources import read_source
    from weft.training.shelf import Shelf

    options = options_from(trial.options)
    options = dataclasses.replace(options, changes={**(options.changes or {}), **trial.settings})
    predictor = options.build()
    source = read_source(trial.file, options, silent)
    split = source.split(options)
    device = str(find_device(options.device)) if predictor.on_device else "cpu"
    shelf = Shelf(trial.work / "shelf")
    run = Run(options.seed, trial.folder / "work", silent, options.threads, shelf, device, _watch(trial))
    return fitted_score(predictor, source, split, options, run)


def fitted_score(predictor: Predictor, source: Source, split: Split, options: FitOptions, run: Run) -> float:
    """Fit a model and return how good it is on validation rows, larger is better; test labels are not at hand.

    The score is the mean over tasks of what each is judged by first (ROC-AUC, macro-F1, R² if above 0), at nothing
    shown and, of a model that uses known labels, at half of them shown, averaged.

    Raises:
        UserError: where the score is not defined.
    """
    from weft.training.assess import uses_labels
    from weft.training.evaluate import evaluate

    seen = source.labels.on_rows(np.concatenate([split.train, split.val]))
    predictor.fit(source.data, seen, split, run)
    ratios = RATIOS if uses_labels(predictor) and (seen.row_counts() > 1).any() else RATIOS[:1]
    found = evaluate(predictor, source.data, seen, split.val, ratios, MASKS, options.seed)
    score = float(np.mean([_headline(evaluation.scores) for evaluation in found]))
    if not math.isfinite(score):
        mend = "Choose a split with both classes in its validation part."
        raise UserError("validation rows give no score", mend=mend)
    return score


def _headline(scores: Scores) -> float:
    """Return the mean over families of what each is judged by first; NaN when that is defined for none.

    An R² below 0 counts as 0: one task that cannot be predicted must not outweigh all others.
    """
    found = [score.values[scores.judged_by(score)[0]] for score in scores.families()]
    return float(np.mean([max(value, 0.0) for value in found if value is not None] or [np.nan]))


def _watch(trial: Trial) -> Callable[[str, int, float], None]:
    """Return what tells the study how good an epoch of the first network is, and gives hopeless trials up."""
    from weft.tuning.study import pruning

    hopeless = pruning(trial.work, trial.number, trial.warmup)

    def watch(name: str, epoch: int, score: float) -> None:
        first = name == "train" or name.startswith("train 1 of ")
        if first and hopeless(epoch, score):
            raise PrunedError

    return watch
