"""What the closed form's engine leaves open, chosen by cross-validation inside the training rows.

Two things: how firmly the label channel is held at its closed form, and which second stages its scores are averaged
with. Groups (scaffolds) are not torn apart: a random fold of groups stands for new chemistry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.baselines.grouping import group_folds
from weft.baselines.second_stage import Lesson
from weft.metalink.channel import FIRM, RUNGS, ChannelConfig, LabelChannel, Rung
from weft.metalink.channel_fit import fit_channel
from weft.metalink.columns import ColumnLabels, Layout
from weft.metalink.companions import Companions
from weft.settings import reveal_at_random
from weft.training.losses import ColumnLoss
from weft.training.run import Run

_FOLDS = 3
#: Random reveals of every fold.
_REVEALS = 3
_NOTHING = 0.1
#: Above so many columns the channel is held firmly, only boosters (which then read the most related columns alone) and
#: the Gaussian over all correlations are tried beside it, on one fold.
MANY_COLUMNS = 100


@dataclass(frozen=True)
class Choice:
    """How firmly the channel is held, and the second stages beside it."""

    rung: Rung
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Answers:
    """What is asked of one fold and one reveal.

    Attributes:
        profile: `[B, L]`.
        shown: labels shown.
        asked: labels asked.
        others: name -> a second stage's scores `[B, L]`.
    """

    profile: Tensor
    shown: ColumnLabels
    asked: ColumnLabels
    others: dict[str, Tensor]

    def loss(self, channel: LabelChannel, stages: Sequence[str], loss_of: ColumnLoss) -> float:
        with torch.no_grad():
            scores = [channel.answer(self.profile, self.shown), *(self.others[name].float() for name in stages)]
            return float(loss_of(torch.stack(scores).mean(0), self.asked.known, self.asked.value))


def candidates(rung: str, stages: Sequence[str] | None, width: int, shows: bool) -> list[Choice]:
    """Return what there is to choose from.

    Args:
        rung: `auto`, or a name.
        stages: names; None for those worth a try where labels are shown.
        width: number of columns.
        shows: whether labels are ever shown.
    """
    many = width > MANY_COLUMNS
    rungs = ((FIRM,) if many else RUNGS) if rung == "auto" else tuple(r for r in (*RUNGS, FIRM) if r.name == rung)
    sets: list[tuple[str, ...]] = [tuple(stages or ())]
    if stages is None and shows:
        tried = ("lightgbm", "gaussian") if many else ("lr", "lightgbm")
        sets = list(chain.from_iterable(combinations(tried, k) for k in range(len(tried) + 1)))
    return [Choice(known, names) for known in rungs for names in sets]


def choose(
    among: Sequence[Choice], lesson: Lesson, layout: Layout, config: ChannelConfig, shows: bool, run: Run
) -> Choice:
    """Return the choice with the least cross-validated loss over all reveal ratios.

    Second stages take most of the time: those that help on no rung in the first fold are not fitted in the others.
    A group with most of the data is torn apart, as nothing would be left to fit; with too few data for a choice the
    channel is held firmly and stays alone.

    Args:
        among: the candidates, one at least.
        lesson: out-of-fold scores, labels and groups of the training data.
        layout: columns of the tasks.
        config: the channel.
        shows: False never shows a label (standard setting).
        run: seed, threads, progress.
    """
    if len(among) == 1:
        return among[0]
    if len(lesson.groups) < _FOLDS:
        return min(among, key=lambda choice: (len(choice.stages), -choice.rung.direct))
    fold = group_folds(lesson.groups, _FOLDS, np.random.default_rng(run.seed))
    left, losses = list(among), np.zeros(len(among))
    for k in range(_FOLDS if layout.width <= MANY_COLUMNS else 1):
        losses += _fold_losses(left, lesson, (fold != k, fold == k), layout, (config, shows, k, run))
        if k == 0:
            kept = np.flatnonzero(_hopeful(left, losses))
            left, losses = [left[int(at)] for at in kept], losses[kept]
    return left[int(np.argmin(losses))]


def _hopeful(among: Sequence[Choice], losses: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which candidates have only stages that are among those of a candidate better than the channel alone."""
    alone = np.array([not choice.stages for choice in among])
    if not alone.any():
        return np.ones(len(among), bool)
    better = losses < losses[alone].min()
    names = {name for choice, good in zip(among, better, strict=True) if good for name in choice.stages}
    return np.array([names.issuperset(choice.stages) for choice in among])


def _fold_losses(
    among: Sequence[Choice],
    lesson: Lesson,
    parts: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    layout: Layout,
    how: tuple[ChannelConfig, bool, int, Run],
) -> NDArray[np.float64]:
    """Return the loss of every candidate on the data of a fold, summed over reveals."""
    config, shows, k, run = how
    inside, outside = (lesson.take(np.flatnonzero(part)) for part in parts)
    rungs = list(dict.fromkeys(choice.rung for choice in among))
    names = sorted({name for choice in among for name in choice.stages})
    unkept = Run(run.seed + k, None, run.report, run.threads)
    beside = Companions.fit(names, inside, layout, config.pattern, unkept)
    asked = _questions(outside, layout, beside, shows)
    short = replace(config, steps=max(config.steps // 2, 1))
    profile = torch.from_numpy(inside.scores).float()
    loss_of = ColumnLoss.make(torch.from_numpy(layout.continuous), layout.groups(), torch.full((layout.width,), 0.5))
    losses = np.zeros(len(among))
    for done, rung in enumerate(rungs):
        channel = fit_channel(profile, inside.table, layout, short, rung, shows, run.seed + k)
        for at, choice in enumerate(among):
            if choice.rung is rung:
                losses[at] += sum(question.loss(channel, choice.stages, loss_of) for question in asked)
        run.report("capacity", k * len(rungs) + done + 1, _FOLDS * len(rungs), rung.name)
    return losses


def _questions(outside: Lesson, layout: Layout, beside: Companions, shows: bool) -> list[_Answers]:
    profile = torch.from_numpy(outside.scores).float()
    found: list[_Answers] = []
    for seed in range(_REVEALS if shows else 1):
        episode = reveal_at_random(outside.table, np.random.default_rng(seed), _NOTHING if shows else 1.0)
        shown, asked = episode.shown.table, episode.asked.table
        others = dict(zip(beside.stages, beside.scores(outside.scores, shown), strict=True))
        found.append(_Answers(profile, layout.columns(shown), layout.columns(asked), others))
    return found
