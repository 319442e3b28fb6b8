"""The default engine: an out-of-fold profile as encoder, the label channel in closed form as graph.

A profile of several learners embeds each datum as one calibrated score per column; the label channel adds what
the datum's known labels say. The only free choice, how firmly the channel is held at its closed form, is made by
cross-validation inside the training rows with similar data (scaffolds) kept together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.baselines.learners import column_targets
from weft.baselines.profile import Profile
from weft.baselines.tabular import tabular
from weft.data.base import Data
from weft.labels import LabelTable, Shown
from weft.metalink.channel import RUNGS, ChannelConfig, LabelChannel, Rung, fit_channel
from weft.metalink.columns import Layout
from weft.metalink.new_task import Addition, Memory, joined, learn_nodes, under
from weft.metalink.spread import answers_with_spread
from weft.predictor import Predictions
from weft.settings import reveal_at_random
from weft.tasks import TaskSet
from weft.training.losses import ColumnLoss
from weft.training.run import Run

_FOLDS = 3


@dataclass(frozen=True)
class ClosedFormConfig:
    """The profile, the channel and how its firmness is chosen.

    Attributes:
        learners: what the profile is made of.
        channel: the label channel.
        rung: `auto` chooses by cross-validation, or the name of a rung.
        members: channels fitted with different seeds and averaged.
        shows: False never shows a label (standard setting).
    """

    learners: tuple[str, ...] = ("rf", "et", "lightgbm", "gp")
    channel: ChannelConfig = field(default_factory=ChannelConfig)
    rung: str = "auto"
    members: int = 3
    shows: bool = True


class ClosedFormEngine:
    """Profile and label channel behind the predictor."""

    profile: Profile
    layout: Layout
    trained: list[LabelChannel]
    channels: list[LabelChannel]
    memory: Memory

    def __init__(self, config: ClosedFormConfig) -> None:
        self.config = config
        self.additions: list[Addition] = []
        self.rung = config.rung

    def fit(
        self, data: Data, labels: LabelTable, rows: NDArray[np.int64], validation: NDArray[np.int64], run: Run
    ) -> None:
        """Learn profile and channel from `rows`; validation rows are not needed and not read."""
        del validation
        part, table = data.take(rows), labels.take(rows)
        self.layout = Layout.fit(table)
        self.profile = Profile(self.config.learners)
        scores = self.profile.fit(tabular(part), column_targets(table), run)
        profile = torch.from_numpy(scores).float()
        found = run.stage("channel", lambda: self._fit_channels(profile, table, part.groups(), run))
        self.rung, self.trained = RUNGS[int(found["rung"][0])].name, self._channels(found)
        self.channels = self._assembled()
        self.memory = Memory.of(part.keys, scores, table)

    def _fit_channels(
        self, profile: Tensor, table: LabelTable, groups: NDArray[np.int64], run: Run
    ) -> dict[str, NDArray[Any]]:
        shows = self.config.shows
        rung = choose_rung(profile, table, self.layout, self.config, groups, run)
        found: dict[str, NDArray[Any]] = {"rung": np.array([RUNGS.index(rung)])}
        for k in range(self.config.members):
            seed = run.seed + 7919 * k
            channel = fit_channel(profile, table, self.layout, self.config.channel, rung, shows, seed)
            found |= {f"channel{k}.{key}": value.numpy() for key, value in channel.state_dict().items()}
            run.report("label channel", k + 1, self.config.members, rung.name)
        return found

    def _channels(self, arrays: Mapping[str, NDArray[Any]]) -> list[LabelChannel]:
        return [LabelChannel.restore(arrays, f"channel{k}.", self.config.channel) for k in range(self.config.members)]

    def encode(self, data: Data) -> tuple[Tensor, NDArray[np.bool_]]:
        """Return the structure's scores `[N, L]`, trained tasks first, and which rows can be used."""
        features = tabular(data)
        trained = self.profile.predict(features).astype(np.float32)
        added = [addition.predict(features, trained).astype(np.float32) for addition in self.additions]
        return torch.from_numpy(np.concatenate([trained, *added], 1)), data.ok

    def predict(self, encoded: tuple[Tensor, NDArray[np.bool_]], known: Shown) -> Predictions:
        """Read the known labels."""
        scores, ok = encoded
        shown = known if self.config.shows else Shown.nothing(known.table.tasks, known.table.n_rows)
        columns = self.layout.columns(shown.table)
        with torch.no_grad():
            found = [cast("tuple[Tensor, Tensor]", channel(scores, columns)) for channel in self.channels]
        mean, std = answers_with_spread(self.layout, found)
        return Predictions(self.layout.tasks, mean, std, ok)

    def add_task(self, data: Data, labels: LabelTable, run: Run) -> None:
        """Give every task of `labels` a node learnt from the support `data`."""
        usable = np.flatnonzero(data.ok & (labels.row_counts() > 0))
        part, table = data.take(usable), labels.take(usable)
        features = tabular(part)
        old_scores, old_labels = self.memory.recall(
            part.keys, lambda: self.profile.predict(features).astype(np.float32)
        )
        addition, scores = Addition.learn(features, old_scores, column_targets(table), run)
        trained = self.memory.labels.tasks
        width = int(trained.offsets[-1])
        layout = Layout(trained, self.layout.center[:width], self.layout.scale[:width]).extend(table)
        support = torch.from_numpy(np.concatenate([old_scores, scores], 1)).float()
        both = joined(old_labels, table)
        addition.nodes = tuple(
            learn_nodes(channel, support, both, layout, run, k) for k, channel in enumerate(self.trained)
        )
        self.layout = self.layout.extend(table)
        self.additions.append(addition)
        self.channels = self._assembled()

    def _assembled(self) -> list[LabelChannel]:
        """Return the trained channels with the nodes of all additions behind."""
        channels = self.trained
        for addition in self.additions:
            channels = [channel.extended(node) for channel, node in zip(channels, addition.nodes, strict=True)]
        return channels

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return configuration and arrays."""
        found = {f"profile.{key}": value for key, value in self.profile.state().items()} | self.layout.state()
        found |= {f"memory.{key}": value for key, value in self.memory.state().items()}
        for k, channel in enumerate(self.trained):
            found |= {f"channel{k}.{key}": value.numpy() for key, value in channel.state_dict().items()}
        for k, addition in enumerate(self.additions):
            found |= {f"addition{k}.{key}": value for key, value in addition.state().items()}
        trained = self.memory.labels.tasks.to_json()
        return {"rung": self.rung, "trained": trained, "additions": len(self.additions)}, found

    def restore(self, tasks: TaskSet, config: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state` gave."""
        self.rung = config["rung"]
        self.layout = Layout.restore(tasks, arrays)
        self.profile = Profile.restore(under("profile.", arrays))
        self.memory = Memory.restore(TaskSet.from_json(config["trained"]), under("memory.", arrays))
        self.trained = self._channels(arrays)
        self.additions = [
            Addition.restore(under(f"addition{k}.", arrays), self.config.members) for k in range(config["additions"])
        ]
        self.channels = self._assembled()


def choose_rung(
    profile: Tensor, table: LabelTable, layout: Layout, config: ClosedFormConfig, groups: NDArray[np.int64], run: Run
) -> Rung:
    """Choose how firmly the channel is held, by cross-validated loss over all reveal ratios.

    Groups (scaffolds) are not torn apart: a random fold of groups stands for new chemistry.
    """
    named = {rung.name: rung for rung in RUNGS}
    if config.rung != "auto":
        return named[config.rung]
    fold = _folds(groups, np.random.default_rng(run.seed))
    channel = replace(config.channel, steps=max(config.channel.steps // 2, 1))
    losses = {rung.name: 0.0 for rung in RUNGS}
    done = 0
    for k in range(_FOLDS):
        inside, outside = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        for rung in RUNGS:
            fitted = fit_channel(profile[inside], table.take(inside), layout, channel, rung, config.shows, run.seed + k)
            losses[rung.name] += held_out_loss(fitted, profile[outside], table.take(outside), layout, config.shows)
            done += 1
            run.report("capacity", done, _FOLDS * len(RUNGS), rung.name)
    return named[min(losses, key=lambda name: losses[name])]


def _folds(groups: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Deal whole groups, largest first, to the fold that has fewest data; int64 `[n]`."""
    names, size = np.unique(groups, return_counts=True)
    order = np.lexsort((rng.random(len(names)), -size))
    load, fold_of = np.zeros(_FOLDS, np.int64), np.zeros(len(names), np.int64)
    for at in order:
        fold_of[at] = load.argmin()
        load[fold_of[at]] += size[at]
    return fold_of[np.searchsorted(names, groups)]


def held_out_loss(channel: LabelChannel, profile: Tensor, table: LabelTable, layout: Layout, shows: bool) -> float:
    """Return the mean loss on asked labels over three random reveals (one, when nothing is ever shown)."""
    loss_of = ColumnLoss.make(torch.from_numpy(layout.continuous), layout.groups(), torch.full((layout.width,), 0.5))
    losses: list[float] = []
    for seed in range(3 if shows else 1):
        nothing = 0.1 if shows else 1.0
        episode = reveal_at_random(table, np.random.default_rng(seed), nothing)
        asked = layout.columns(episode.asked.table)
        with torch.no_grad():
            score = channel.answer(profile, layout.columns(episode.shown.table))
            losses.append(float(loss_of(score, asked.known, asked.value)))
    return float(np.mean(losses))
