"""Training, step by step: what a step does depends on (seed, step) and the weights alone, so that it can go on.

A run that was killed and continued at its last checkpoint ends with the weights of the run that was not.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

from weft.devices import autocast, seeded
from weft.pretrain.block import Sample
from weft.pretrain.chosen import choose
from weft.pretrain.corpus import Corpus
from weft.pretrain.losses import PARTS, Losses, losses
from weft.pretrain.network import PretrainNetwork
from weft.pretrain.order import epoch_rows
from weft.pretrain.schedule import Schedule
from weft.training.checkpoint import Checkpoint, copy_of
from weft.training.run import Run

STAGE = "pretrain"
#: Seconds between checkpoints within an epoch.
CHECKPOINT_SECONDS = 120.0

Row = dict[str, float]


@dataclass(frozen=True)
class PretrainConfig:
    """How to train.

    Attributes:
        steps: number of steps.
        batch: molecules per step.
        lr: highest learning rate.
        weight_decay: of AdamW (the release has Adam with as little).
        precision: `float32`, or `bfloat16` in products (autocast).
    """

    steps: int
    batch: int = 32
    lr: float = 4e-4
    weight_decay: float = 1e-7
    precision: str = "float32"


@dataclass
class Progress:
    """Where a training stands.

    Attributes:
        step: steps done.
        rows: one row per epoch: its last step, mean losses of its steps, and what was found on held-out molecules.
        sums: of the losses of the epoch that is not finished.
    """

    step: int = 0
    rows: list[Row] = field(default_factory=list[Row])
    sums: Row = field(default_factory=dict[str, float])


def steps_of(n: int, batch: int, epochs: int) -> int:
    """Return the number of steps of some epochs over `n` molecules."""
    return epochs * math.ceil(n / batch)


def train(
    network: PretrainNetwork, corpus: Corpus, config: PretrainConfig, run: Run, evaluate: Callable[[], Row]
) -> list[Row]:
    """Train `network` in place and return the history.

    Args:
        network: what is trained, on the run's device.
        corpus: the molecules.
        config: how to train.
        run: seed, device, progress and the folder of the checkpoint.
        evaluate: returns what is found on held-out molecules; called before the first step and after each epoch.
    """
    fused = True if run.device != "cpu" else None
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.lr, weight_decay=config.weight_decay, fused=fused)
    checkpoint = Checkpoint.of(run, STAGE)
    at = _resumed(checkpoint, network, optimizer)
    if not at.rows:
        at.rows.append({"step": 0.0, **_held(evaluate())})
    schedule = Schedule(config.lr, config.steps)
    epoch_steps = math.ceil(corpus.n_train / config.batch)
    saved = time.monotonic()
    network.train()
    with seeded(run.seed, run.device):
        for sample in _samples(corpus, config, run.seed, at.step):
            _step(network, optimizer, sample, schedule(at.step), (run.seed, at.step), at.sums, config.precision)
            at.step += 1
            ended = at.step % epoch_steps == 0 or at.step == config.steps
            if ended:
                _end_epoch(at, evaluate)
            if checkpoint is not None and (ended or time.monotonic() - saved > CHECKPOINT_SECONDS):
                note = {"step": at.step, "rows": at.rows, "sums": at.sums}
                checkpoint.save({"now": copy_of(network)}, optimizer, note)
                saved = time.monotonic()
            run.report(STAGE, at.step, config.steps, _told(at))
    network.eval()
    return at.rows


def _resumed(checkpoint: Checkpoint | None, network: PretrainNetwork, optimizer: torch.optim.Optimizer) -> Progress:
    if checkpoint is None or not checkpoint.exists():
        return Progress()
    parts, note = checkpoint.load(optimizer)
    network.load_state_dict(parts["now"])
    return Progress(**note)


def _samples(corpus: Corpus, config: PretrainConfig, seed: int, start: int) -> Iterator[Sample]:
    """Yield the molecules of the steps from `start` on."""
    epoch_steps = math.ceil(corpus.n_train / config.batch)
    first, skip = divmod(start, epoch_steps)
    epochs = itertools.chain.from_iterable(
        epoch_rows(corpus, config.batch, seed, epoch) for epoch in itertools.count(first)
    )
    for block, rows in itertools.islice(epochs, skip, skip + config.steps - start):
        yield block.sample(rows)


def _step(
    network: PretrainNetwork,
    optimizer: torch.optim.Optimizer,
    sample: Sample,
    lr: float,
    seeds: tuple[int, int],
    sums: Row,
    precision: str,
) -> None:
    device = next(network.parameters()).device
    rng = np.random.default_rng([*seeds, 2])
    torch.manual_seed(int(rng.integers(2**62)))
    for group in optimizer.param_groups:
        group["lr"] = lr
    atoms, bonds = (choose(owner, rng).to(device) for owner in sample.owner())
    sample = sample.to(device)
    with autocast(device, precision):
        parts = losses(network(sample), sample, atoms, bonds)
    optimizer.zero_grad(set_to_none=True)
    parts.total().backward()
    optimizer.step()
    _add(sums, parts)


def _add(sums: Row, parts: Losses) -> None:
    sums["steps"] = sums.get("steps", 0.0) + 1
    for name in PARTS:
        sums[name] = sums.get(name, 0.0) + float(getattr(parts, name).detach())


def _end_epoch(at: Progress, evaluate: Callable[[], Row]) -> None:
    means = {name: at.sums[name] / at.sums["steps"] for name in PARTS}
    at.rows.append({"step": float(at.step), "loss": sum(means.values()), **means, **_held(evaluate())})
    at.sums = {}


def _held(found: Row) -> Row:
    return {f"held_out_{name}": value for name, value in found.items()}


def _told(at: Progress) -> str:
    """Tell the parts of the loss, and what was last found on held-out molecules."""
    row = at.rows[-1]
    means = {name: at.sums[name] / at.sums["steps"] for name in PARTS} if at.sums else row
    parts = ", ".join(f"{name} {means[name]:.3f}" for name in PARTS if name in means)
    if "held_out_loss" not in row:
        return parts
    return f"{parts}; held out {row['held_out_loss']:.3f}"
