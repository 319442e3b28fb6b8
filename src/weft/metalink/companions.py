"""Second stages beside the label channel: other readers of the same profile and the same known labels.

The channel is linear in what it reads and close to its closed form. Where data are many, a logistic regression and
small boosters on profile and residuals find what it cannot, and err elsewhere: the mean of their scores and the
channel's is better than each. Where columns are many, so does a Gaussian over all their correlations, of which the
channel's loadings keep the largest. Which of them are worth it is chosen inside the training rows
(`weft.metalink.choice`). They read and answer trained tasks only; the score of a task added later is the channel's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.arrays import put_under, under
from weft.baselines.evidence import Evidence, Scale
from weft.baselines.second_stage import Lesson, SecondStage, learnt
from weft.baselines.stages import STAGES
from weft.errors import UserError, nearest
from weft.labels import LabelTable
from weft.metalink.answers import to_scores
from weft.metalink.columns import Layout
from weft.training.run import Run


class Companions:
    """Fitted second stages.

    Args:
        stages: name -> fitted stage.
        layout: columns of the trained tasks.
    """

    def __init__(self, stages: Mapping[str, SecondStage], layout: Layout) -> None:
        self.stages, self.layout = dict(stages), layout

    @classmethod
    def fit(cls, names: Sequence[str], lesson: Lesson, layout: Layout, pattern: bool, run: Run) -> Self:
        """Learn the named stages from training data.

        Args:
            names: of `weft.baselines.stages`.
            lesson: out-of-fold scores and labels of the training data, on the scale of `layout`.
            layout: columns of their tasks.
            pattern: whether they read which labels are known.
            run: seed, threads, folder, progress.

        Raises:
            UserError: for an unknown stage.
        """
        for name in names:
            if name not in STAGES:
                raise UserError(f"there is no second stage {name!r}", mend=nearest(name, STAGES))
        found: dict[str, SecondStage] = {}
        for name in names:
            found[name] = learnt(STAGES[name](pattern), lesson, run)
        return cls(found, layout)

    def scores(self, profile: NDArray[Any], known: LabelTable) -> list[Tensor]:
        """Return every stage's scores of the trained columns, float64 `[B, L]`: logits, or standardised values.

        Args:
            profile: the structure's scores of the trained columns, `[B, L]`.
            known: the labels shown, of trained tasks.
        """
        if not self.stages:
            return []
        evidence = Evidence.of(profile.astype(np.float64), known, scale_of(self.layout))
        return [
            to_scores(self.layout, torch.from_numpy(np.array(stage.answer(evidence)[0])))
            for stage in self.stages.values()
        ]

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`."""
        found: dict[str, NDArray[Any]] = {}
        for name, stage in self.stages.items():
            found |= put_under(f"{name}.", stage.state())
        return found

    @classmethod
    def restore(cls, names: Sequence[str], arrays: Mapping[str, NDArray[Any]], layout: Layout, pattern: bool) -> Self:
        """Rebuild from `state`."""
        return cls({name: STAGES[name].restore(under(f"{name}.", arrays), pattern) for name in names}, layout)


def scale_of(layout: Layout) -> Scale:
    """Return a layout's columns as second stages measure them."""
    return Scale(layout.tasks, layout.continuous, layout.center, layout.scale)
