"""Fitting the label channel on training rows."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from weft.labels import LabelTable
from weft.metalink.channel import ChannelConfig, LabelChannel, Rung
from weft.metalink.columns import ColumnLabels, Layout
from weft.metalink.exact import starting_loadings
from weft.settings import reveal_at_random
from weft.training.losses import ColumnLoss


def fit_channel(
    profile: Tensor, labels: LabelTable, layout: Layout, config: ChannelConfig, rung: Rung, shows: bool, seed: int
) -> LabelChannel:
    """Fit the channel by log-loss on hidden training labels, with a fresh share shown of each datum.

    Args:
        profile: out-of-fold scores of the training data `[n, L]`.
        labels: their labels.
        layout: columns of the tasks.
        config: the channel.
        rung: how firmly it is held at its closed form.
        shows: False never shows a label (standard setting).
        seed: of batches and reveals.
    """
    known = layout.columns(labels)
    channel = _start(profile, known, config)
    loss_of = ColumnLoss.make(known.continuous, layout.groups(), torch.full((layout.width,), 0.5))
    optimizer = torch.optim.Adam(channel.parameters(), lr=config.lr, betas=(0.9, 0.95))
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.lr, total_steps=config.steps)
    ridge = 1.0 / max(len(labels), 1)
    for rows, seen in _batches(labels, config, shows, seed):
        shown, asked = layout.columns(seen[0]), layout.columns(seen[1])
        score = channel.answer(profile[rows], shown)
        loss = loss_of(score, asked.known, asked.value) + ridge * channel.penalty(rung)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        cycle.step()
    return channel.eval()


def _batches(
    labels: LabelTable, config: ChannelConfig, shows: bool, seed: int
) -> Iterator[tuple[Tensor, tuple[LabelTable, LabelTable]]]:
    rng = np.random.default_rng(seed)
    size = min(config.batch, labels.n_rows)
    for _ in range(config.steps):
        rows = rng.choice(labels.n_rows, size, replace=False)
        part = labels.take(rows)
        if shows:
            episode = reveal_at_random(part, rng, config.nothing)
            seen = (episode.shown.table, episode.asked.table)
        else:
            seen = (LabelTable.empty(part.tasks, part.n_rows), part)
        yield torch.from_numpy(rows), seen


def _start(profile: Tensor, known: ColumnLabels, config: ChannelConfig) -> LabelChannel:
    p = torch.sigmoid(profile)
    spread = torch.where(known.continuous, 1.0, (p * (1 - p)).clamp(min=1e-4).sqrt())
    residual = (known.value - torch.where(known.continuous, profile, p)) / spread * known.known
    # a continuous score's variance is that of its residual, in standardised units
    variance = (residual.square().sum(0) / known.known.sum(0).clamp(min=1)).clamp(0.05, 1.0)
    size = torch.where(known.continuous, variance, torch.full_like(variance, config.variance))
    loading = starting_loadings(residual, known.known, config.rank, 1.0) * size.sqrt()[:, None]
    mean, scale = profile.mean(0), profile.std(0).clamp(min=1e-3)
    channel = LabelChannel(loading, mean, scale, config)
    nugget = torch.where(known.continuous, variance * 0.5, torch.full_like(variance, config.nugget))
    with torch.no_grad():
        channel.exact.log_nugget.copy_(nugget.log())
        channel.exact.loading.mul_(torch.where(known.continuous, math.sqrt(0.5), 1.0)[:, None])
    channel.get_buffer("start").copy_(channel.exact.loading.detach())
    return channel
