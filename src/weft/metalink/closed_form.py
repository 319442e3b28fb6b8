"""The default engine: an out-of-fold profile as encoder, the label channel in closed form as graph.

A profile of several learners embeds each datum as one calibrated score per column; the label channel adds what
the datum's known labels say, and second stages may read the same beside it. How firmly the channel is held at its
closed form, and which stages take part, is chosen by cross-validation inside the training rows (`choice`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.arrays import put_under, under
from weft.baselines.learners import column_targets
from weft.baselines.profile import Profile
from weft.baselines.second_stage import Lesson
from weft.baselines.tabular import tabular
from weft.data.base import Data
from weft.labels import LabelTable, Shown
from weft.metalink.answers import answers_with_spread
from weft.metalink.channel import ChannelConfig, LabelChannel, Rung
from weft.metalink.channel_fit import fit_channel
from weft.metalink.choice import Choice, candidates, choose
from weft.metalink.columns import Layout
from weft.metalink.companions import Companions, scale_of
from weft.metalink.new_task import Addition, Memory, learn_nodes
from weft.predictor import Predictions
from weft.tasks import TaskSet
from weft.training.run import Run


@dataclass(frozen=True)
class ClosedFormConfig:
    """The profile, the channel and how its firmness is chosen.

    Attributes:
        learners: what the profile is made of; None leaves it to `Profile`, by the number of data.
        channel: the label channel.
        rung: `auto` chooses by cross-validation, or the name of a rung.
        stages: second stages beside the channel, `lr` and `lightgbm`; None chooses by cross-validation.
        members: channels fitted with different seeds and averaged.
        shows: False never shows a label (standard setting).
    """

    learners: tuple[str, ...] | None = None
    channel: ChannelConfig = field(default_factory=ChannelConfig)
    rung: str = "auto"
    stages: tuple[str, ...] | None = None
    members: int = 3
    shows: bool = True


class ClosedFormEngine:
    """Profile, label channel and second stages behind the predictor."""

    #: Ragged feature kinds that it reads: none.
    ragged: ClassVar[tuple[str, ...]] = ()
    profile: Profile
    layout: Layout
    trained: list[LabelChannel]
    channels: list[LabelChannel]
    companions: Companions
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
        lesson = Lesson(scores, table, scale_of(self.layout), part.groups())
        choice = self._choose(lesson, run)
        self.rung = choice.rung.name
        config = self.config
        found = run.shared_stage(
            "channel",
            "channel",
            lambda: (lesson.inputs(), repr(config.channel), repr(choice.rung), config.members, config.shows),
            lambda: self._fit_channels(lesson, choice.rung, run),
        )
        self.trained = self._channels(found)
        pattern = self.config.channel.pattern
        self.companions = Companions.fit(choice.stages, lesson, self.layout, pattern, run)
        self.channels = self._assembled()
        self.memory = Memory.of(part.keys, scores, table)

    def _choose(self, lesson: Lesson, run: Run) -> Choice:
        config = self.config
        among = candidates(config.rung, config.stages, self.layout.width, config.shows)

        def chosen() -> dict[str, NDArray[Any]]:
            choice = choose(among, lesson, self.layout, config.channel, config.shows, run)
            return {"at": np.array([among.index(choice)])}

        inputs = (repr(among), repr(config.channel), config.shows)
        return among[int(run.shared_stage("choice", "choice", lambda: (lesson.inputs(), *inputs), chosen)["at"][0])]

    def _fit_channels(self, lesson: Lesson, rung: Rung, run: Run) -> dict[str, NDArray[Any]]:
        config, found = self.config, dict[str, NDArray[Any]]()
        profile = torch.from_numpy(lesson.scores).float()
        for k in range(config.members):
            seed = run.seed + 7919 * k
            channel = fit_channel(profile, lesson.table, self.layout, config.channel, rung, config.shows, seed)
            found |= {f"channel{k}.{key}": value.numpy() for key, value in channel.state_dict().items()}
            run.report("label channel", k + 1, config.members, rung.name)
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
        others = self._second_opinions(scores, shown)
        mean, std = answers_with_spread(self.layout, found, others)
        return Predictions(self.layout.tasks, mean, std, ok)

    def _second_opinions(self, scores: Tensor, shown: Shown) -> list[Tensor]:
        """Return what the second stages say of the trained tasks, which they alone read."""
        layout = self.companions.layout
        known = shown.table.take_tasks(layout.tasks.names)
        return self.companions.scores(scores[:, : layout.width].numpy(), known)

    def add_task(self, data: Data, labels: LabelTable, run: Run) -> None:
        """Give every task of `labels` a node learnt from the support `data`."""
        usable = np.flatnonzero(data.ok & (labels.row_counts() > 0))
        part, table = data.take(usable), labels.take(usable)
        features = tabular(part)
        old_scores, old_labels = self.memory.recall(
            part.keys, lambda: self.profile.predict(features).astype(np.float32)
        )
        addition, scores = Addition.learn(features, old_scores, column_targets(table), run)
        layout = self.companions.layout.extend(table)
        support = torch.from_numpy(np.concatenate([old_scores, scores], 1)).float()
        both = old_labels.beside(table)
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
        found = put_under("profile.", self.profile.state()) | self.layout.state()
        found |= put_under("memory.", self.memory.state())
        for k, channel in enumerate(self.trained):
            found |= {f"channel{k}.{key}": value.numpy() for key, value in channel.state_dict().items()}
        for k, addition in enumerate(self.additions):
            found |= put_under(f"addition{k}.", addition.state())
        found |= put_under("stage.", self.companions.state())
        trained, stages = self.memory.labels.tasks.to_json(), list(self.companions.stages)
        return {"rung": self.rung, "stages": stages, "trained": trained, "additions": len(self.additions)}, found

    def restore(self, tasks: TaskSet, config: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state` gave."""
        self.rung = config["rung"]
        self.layout = Layout.restore(tasks, arrays)
        self.profile = Profile.restore(under("profile.", arrays))
        self.memory = Memory.restore(TaskSet.from_json(config["trained"]), under("memory.", arrays))
        self.trained = self._channels(arrays)
        layout, pattern = self.layout.first(self.memory.labels.tasks), self.config.channel.pattern
        self.companions = Companions.restore(config.get("stages", ()), under("stage.", arrays), layout, pattern)
        self.additions = [
            Addition.restore(under(f"addition{k}.", arrays), self.config.members) for k in range(config["additions"])
        ]
        self.channels = self._assembled()
