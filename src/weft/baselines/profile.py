"""The out-of-fold profile: what structure alone says of every output column, fit to be an input of a second stage.

Several learners predict every column out of fold; their scores are calibrated per column (Platt) and averaged, and
the average is calibrated once more, as an average of probabilities' logits is too timid. Continuous columns are
standardised by their training labels first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays, under
from weft.baselines.learners import Bools, Floats, Learner, Targets, learner_class
from weft.baselines.tabular import Columns, Features
from weft.errors import UserError
from weft.training.calibration import Calibration
from weft.training.run import Run

LEARNERS = ("rf", "et", "lightgbm", "gp")
_MANY = 3000


class Profile:
    """Calibrated, averaged learners.

    With many columns learners choose cheaper settings by themselves: 6000 trees are shared by all columns (30 to
    150 each); above 100 columns boosting takes 2 folds of 4 and a larger step.

    Args:
        learners: names of `weft.baselines.learners.REGISTRY`; None for all of `LEARNERS`, without extremely
            randomised trees above 3000 training data: there they take half of the time and add nothing out of fold.

    Attributes:
        centre, scale: float64 `[L]`: value = centre + scale * standardised value; 0 and 1 for 0/1 columns.
        fallback: names of learners to the columns they could only answer with the prior, bool `[L]`.

    Raises:
        UserError: for an unknown learner.
    """

    def __init__(self, learners: Sequence[str] | None = None) -> None:
        if learners is not None and not learners:
            raise UserError("a profile needs a learner", mend=f"Choose of {', '.join(LEARNERS)}.")
        self.automatic = learners is None
        self.learners: dict[str, Learner] = {name: learner_class(name)() for name in learners or LEARNERS}
        self.calibrations: dict[str, Calibration] = {}

    def fit(self, x: Features, targets: Targets, run: Run, stage: str = "profile") -> Floats:
        """Learn from training data.

        Every learner is a stage of the run, kept for `--resume`.

        Args:
            x: features of the training rows, `[n, D]`; may have undefined values.
            targets: their labels, `L` columns (see `column_targets`).
            run: seed, threads, folder, progress.
            stage: prefix of the stages' names.

        Returns:
            Out-of-fold logits, or standardised values, float64 `[n, L]`: a cell's own label did not influence it
            where it is observed.
        """
        if self.automatic and len(x) > _MANY:
            self.learners.pop("et", None)
        self.columns = Columns.fit(x)
        self.centre, self.scale = _standard(targets)
        self.continuous = targets.continuous
        inner = self.columns.apply(x)
        targets = Targets((targets.y - self.centre) / self.scale, targets.observed, targets.continuous)
        parts: dict[str, Floats] = {}
        for name in self.learners:
            arrays = run.shared_stage(
                f"{stage}-{name}",
                name,
                lambda: (inner.x, inner.counts, *targets.arrays()),
                lambda name=name: _learn(name, inner, targets, run),
            )
            score = np.asarray(arrays.pop("out_of_fold"))
            self.learners[name] = learner_class(name).restore(arrays)
            self.calibrations[name] = _calibrate(score, targets)
            parts[name] = self.calibrations[name].apply(score)
        mean = self._mean(parts)
        self.calibrations["mean"] = _calibrate(mean, targets)
        return self.calibrations["mean"].apply(mean)

    def _mean(self, parts: Mapping[str, Floats]) -> Floats:
        """Average, per column, the learners that learnt it; all where none did."""
        weight = np.array([~self.learners[name].fallback for name in parts], np.float64)
        weight[:, ~weight.any(0)] = 1
        weight /= weight.sum(0)
        return np.einsum("kl,knl->nl", weight, np.stack(list(parts.values())))

    @property
    def fallback(self) -> dict[str, Bools]:
        """Which columns each learner could only answer with the prior."""
        return {name: learner.fallback for name, learner in self.learners.items()}

    def parts(self, x: Features) -> dict[str, Floats]:
        """Return every learner's own calibrated logits or standardised values, `[N, L]` each."""
        inner = self.columns.apply(x)
        return {name: self.calibrations[name].apply(learner.predict(inner)) for name, learner in self.learners.items()}

    def predict(self, x: Features) -> Floats:
        """Return calibrated logits, or standardised values, of new data: float64 `[N, L]`."""
        return self.calibrations["mean"].apply(self._mean(self.parts(x)))

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`, prefixed by learner."""
        own = {"centre": self.centre, "scale": self.scale, "continuous": self.continuous}
        groups = {"own": own, "columns": self.columns.state()}
        groups |= {f"learner.{name}": learner.state() for name, learner in self.learners.items()}
        groups |= {f"calibration.{name}": line.state() for name, line in self.calibrations.items()}
        return {f"{group}.{key}": value for group, arrays in groups.items() for key, value in arrays.items()}

    @classmethod
    def restore(cls, arrays: Arrays) -> Self:
        """Rebuild a fitted profile from `state`."""
        names = [key.split(".")[1] for key in arrays if key.startswith("learner.") and key.endswith(".fallback")]
        profile = cls([name for name in LEARNERS if name in names] + [n for n in names if n not in LEARNERS])
        own = under("own.", arrays)
        profile.centre, profile.scale = np.asarray(own["centre"]), np.asarray(own["scale"])
        profile.continuous = np.asarray(own["continuous"], bool)
        profile.columns = Columns.restore(under("columns.", arrays))
        for name in profile.learners:
            profile.learners[name] = learner_class(name).restore(under(f"learner.{name}.", arrays))
        for name in [*profile.learners, "mean"]:
            profile.calibrations[name] = Calibration.restore(under(f"calibration.{name}.", arrays))
        return profile


def _learn(name: str, x: Features, targets: Targets, run: Run) -> dict[str, NDArray[Any]]:
    learner = learner_class(name)()
    out = learner.fit(x, targets, run)
    return {"out_of_fold": out, **learner.state()}


def _calibrate(score: Floats, targets: Targets) -> Calibration:
    return Calibration.fit(score, targets.y, targets.observed, targets.continuous)


def _standard(targets: Targets) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of the continuous columns, 0 and 1 for the others."""
    seen = np.maximum(targets.observed.sum(0), 1)
    y = np.where(targets.observed, targets.y, 0.0)
    mean = y.sum(0) / seen
    spread = np.sqrt((np.where(targets.observed, y - mean, 0.0) ** 2).sum(0) / seen)
    use = targets.continuous
    return np.where(use, mean, 0.0), np.where(use & (spread > 0), spread, 1.0)
