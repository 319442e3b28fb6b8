"""A network's episodes: what is shown and asked in a training step, and how an epoch is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.data.base import Inputs
from weft.group import current
from weft.labels import LabelTable
from weft.metalink.answers import to_predictions
from weft.metalink.columns import ColumnLabels, Layout
from weft.metalink.network import MetaLinkNet, NetworkConfig
from weft.metalink.placed import PlacedLabels
from weft.settings import Episode, random_mask, reveal
from weft.training.loop import Step
from weft.training.losses import ColumnLoss
from weft.training.metrics import HEADLINE, score_tasks


def column_prior(layout: Layout, labels: LabelTable) -> Tensor:
    """Return the share of label 1 of each column `[L]`; 0 in continuous ones (standardised)."""
    known = layout.columns(labels)
    share = (known.value * known.known).sum(0) + 0.5
    return torch.where(known.continuous, 0.0, share / (known.known.sum(0) + 1))


def task_similarity(layout: Layout, labels: LabelTable) -> Tensor:
    """Return the correlation of the columns' labels over the data that have both, float32 `[L, L]`."""
    known = layout.columns(labels)
    centred = (known.value - column_prior(layout, labels)) * known.known
    spread = known.known.T @ centred.square()
    return (centred.T @ centred) / (spread * spread.T).sqrt().clamp(min=1e-6)


class Episodes:
    """The training steps of an epoch: shuffled rows in pairs of support and query."""

    def __init__(
        self,
        config: NetworkConfig,
        net: MetaLinkNet,
        inputs: Inputs,
        labels: LabelTable,
        layout: Layout,
        rows: NDArray[np.int64],
        prior: Tensor,
        seed: int,
    ) -> None:
        self.config, self.net, self.inputs, self.labels, self.layout = config, net, inputs, labels, layout
        self.rows, self.seed = rows, seed
        weight = next(net.parameters())
        self.device, self.dtype = weight.device, weight.dtype
        continuous = torch.from_numpy(layout.continuous)
        self.loss = ColumnLoss.make(continuous, layout.groups(), prior, config.imbalance).to(self.device, self.dtype)
        self.placed = PlacedLabels.on_card(layout, labels, self.device, self.dtype)

    def steps(self, epoch: int) -> Iterator[Step]:
        """Yield the epoch's steps; a trailing half without a partner is left out, as a lone pair never is."""
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(self.rows)
        size = min(self.config.batch, max(len(order) // 2, 1))
        for start in range(0, len(order) - size, 2 * size):
            first, second = order[start : start + size], order[start + size : start + 2 * size]
            yield lambda first=first, second=second: self._loss(first, second, rng)

    def _loss(self, first: NDArray[np.int64], second: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        halves = [self._half(part) for part in (first, second)]
        loss = self._asked_loss(halves[0], halves[1], rng)
        return (loss + self._asked_loss(halves[1], halves[0], rng)) / 2 if self.config.symmetric else loss

    def _half(self, rows: NDArray[np.int64]) -> tuple[Tensor, NDArray[np.int64]]:
        group = current()
        embedded = self.net.encoder(self.inputs.take(group.part(torch.from_numpy(rows))))
        return group.joined(embedded, len(rows)), rows

    def _asked_loss(
        self,
        support: tuple[Tensor, NDArray[np.int64]],
        query: tuple[Tensor, NDArray[np.int64]],
        rng: np.random.Generator,
    ) -> Tensor:
        shown, asked = self._episode(query[1], rng)
        side = self.net.graph.task_side(support[0], self._known(support[1]))
        score = self.net.graph(query[0], shown, side)
        return self.loss(score, asked.known, asked.value)

    def _known(self, rows: NDArray[np.int64]) -> ColumnLabels:
        """Return all labels of support data."""
        if self.placed is not None:
            return self.placed.split(rows, None)[0]
        return self._columns(self.labels.take(rows))

    def _episode(self, rows: NDArray[np.int64], rng: np.random.Generator) -> tuple[ColumnLabels, ColumnLabels]:
        """Return the labels of query data that are shown and those that are asked."""
        if self.placed is not None:
            row = np.repeat(np.arange(len(rows)), self.placed.counts[rows])
            return self.placed.split(rows, self._mask(len(rows), row, rng))
        labels = self.labels.take(rows)
        episode = Episode(*labels.split(self._mask(len(rows), labels.row, rng)))
        return self._columns(episode.shown.table), self._columns(episode.asked.table)

    def _columns(self, labels: LabelTable) -> ColumnLabels:
        return self.layout.columns(labels).to(self.device, self.dtype)

    def _mask(self, n_rows: int, row: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
        """Draw which of the labels at `row`, int64 `[E]`, are shown."""
        ratio = self.config.reveal
        return random_mask(n_rows, row, rng) if ratio is None else rng.random(len(row)) < ratio


class Judge:
    """The validation score: mean over tasks of ROC-AUC (R² for regression) on fixed reveal masks."""

    def __init__(
        self,
        config: NetworkConfig,
        inputs: Inputs,
        labels: LabelTable,
        layout: Layout,
        bank: NDArray[np.int64],
        support: ColumnLabels,
        rows: NDArray[np.int64],
    ) -> None:
        self.inputs, self.layout, self.support = inputs, layout, support
        self.device, self.dtype = support.known.device, support.known.dtype
        self.bank, self.rows = (torch.from_numpy(at) for at in (bank, rows))
        part, ratio = labels.take(rows), config.validation_reveal
        self.episodes = [reveal(part, ratio, seed) for seed in range(3 if ratio else 1)] if len(part) else []

    def __call__(self, net: MetaLinkNet) -> float | None:
        """Return the score of a network, larger is better; None when there is nothing to judge by."""
        if not self.episodes:
            return None
        side = net.graph.task_side(net.embed(self.inputs, self.bank), self.support)
        h = net.embed(self.inputs, self.rows)
        found: list[float] = []
        for episode in self.episodes:
            shown = self.layout.columns(episode.shown.table).to(self.device, self.dtype)
            score = net.graph(h, shown, side)
            scores = score_tasks(to_predictions(self.layout, [score.cpu()]), episode.asked)
            found += [v for s in scores.tasks if (v := s.values[HEADLINE[s.kind]]) is not None]
        return float(np.mean(found)) if found else None
