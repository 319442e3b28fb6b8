"""A short training loop: steps, validation, best epoch, and a checkpoint after every epoch.

Everything random in an epoch is drawn from (seed, epoch), so a run that was killed and resumed at its last
checkpoint ends with the weights of the run that was not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from weft.devices import autocast, number_type, seeded
from weft.errors import UserError, nearest
from weft.group import SEED_STEP, Group, current
from weft.training.checkpoint import Checkpoint, copy_of
from weft.training.run import Run

Step = Callable[[], Tensor]

SCHEDULES = ("cosine", "onecycle", "constant")


@dataclass(frozen=True)
class LoopConfig:
    """How to optimise.

    Attributes:
        epochs: passes over the training data.
        lr: Adam's step size (its peak under `onecycle`).
        weight_decay: L2 penalty in Adam's gradient, on every parameter (as in MetaLink's released code).
        clip: largest gradient norm; 0 does not clip.
        schedule: `cosine` to 0 by epochs, `onecycle` by epochs, or `constant`.
        patience: stop after so many epochs without a better validation score; 0 never stops.
        select: keep the weights of the `best` validation epoch, or the `last`.
        precision: `float32`, `bfloat16` in products (autocast), or `float64` in everything.
        pretrained: step size of parameters trained before, over that of the others.
    """

    epochs: int = 30
    lr: float = 1e-3
    weight_decay: float = 5e-4
    clip: float = 0.0
    schedule: str = "cosine"
    patience: int = 0
    select: str = "best"
    precision: str = "float32"
    pretrained: float = 1.0


@dataclass
class History:
    """What happened: one row per epoch, and the best of them."""

    rows: list[dict[str, float]] = field(default_factory=list[dict[str, float]])
    best_epoch: int = -1
    best_score: float = -math.inf

    def to_json(self) -> dict[str, object]:
        """Return it JSON-ready; a score of minus infinity becomes a word."""
        return {"rows": self.rows, "best_epoch": self.best_epoch, "best_score": repr(self.best_score)}

    def stale(self) -> int:
        """Return the number of epochs since the best."""
        return len(self.rows) - 1 - self.best_epoch


def learning_rate(config: LoopConfig, epoch: int) -> float:
    """Return the learning rate of an epoch (from 0)."""
    if config.schedule not in SCHEDULES:
        raise UserError(f"there is no schedule {config.schedule!r}", mend=nearest(config.schedule, SCHEDULES))
    share = epoch / max(config.epochs, 1)
    if config.schedule == "cosine":
        return config.lr * (1 + math.cos(math.pi * share)) / 2
    if config.schedule == "onecycle":
        warm = 0.25
        share = (epoch + 1) / (config.epochs + 1)  # neither the first epoch nor the last stands still
        return config.lr * (share / warm if share < warm else (1 + math.cos(math.pi * (share - warm) / (1 - warm))) / 2)
    return config.lr


def train(
    module: nn.Module,
    steps: Callable[[int], Iterable[Step]],
    validate: Callable[[], float | None],
    config: LoopConfig,
    run: Run,
    name: str = "train",
    pretrained: Collection[nn.Parameter] = (),
    split: Collection[nn.Parameter] = (),
) -> History:
    """Train `module` in place and leave it with the selected weights.

    Args:
        module: what is trained, on the run's device, its numbers of the type that `config.precision` asks for.
        steps: `steps(epoch)` gives the epoch's steps, each computing one loss.
        validate: returns a score, larger is better, or None when there is nothing to validate on.
        config: how to optimise.
        run: seed, device, progress and the folder of checkpoints.
        name: stage name in progress and in the checkpoint's file name.
        pretrained: those of the module's parameters that were trained before.
        split: those of which the processes of a group have a part of the gradient each; of the others each has all.

    Raises:
        UserError: for a precision that this module was not made ready for.
    """
    if any(parameter.dtype != number_type(config.precision) for parameter in module.parameters()):
        raise UserError("this network is not trained in that", where="loop.precision", mend="Use float32 or bfloat16.")
    groups = _groups(module, pretrained, config.pretrained)
    fused = True if run.device != "cpu" else None
    optimizer = torch.optim.Adam(groups, lr=config.lr, weight_decay=config.weight_decay, fused=fused)
    history, best = History(), copy_of(module)
    checkpoint = Checkpoint.of(run, name)
    if checkpoint is not None and checkpoint.exists():
        parts, note = checkpoint.load(optimizer)
        module.load_state_dict(parts["now"])
        history, best = History(note["rows"], note["best_epoch"], float(note["best_score"])), parts["best"]
    for epoch in range(len(history.rows), config.epochs):
        if config.patience and history.rows and history.stale() >= config.patience:
            break
        loss = _train_epoch(module, optimizer, steps(epoch), config, epoch, run, split)
        score = _validated(module, validate)
        history.rows.append({"epoch": epoch, "loss": loss, **({} if score is None else {"score": score})})
        if score is None or score > history.best_score:
            history.best_epoch, history.best_score = epoch, -math.inf if score is None else score
            best = copy_of(module)
        if checkpoint is not None:
            checkpoint.save({"now": copy_of(module), "best": best}, optimizer, history.to_json())
        run.report(name, epoch + 1, config.epochs, _note(loss, score))
        if score is not None:
            run.watch(name, epoch, score)
    if config.select == "best" and history.rows:
        module.load_state_dict(best)
    module.eval()
    return history


def _groups(module: nn.Module, pretrained: Collection[nn.Parameter], share: float) -> list[dict[str, Any]]:
    """Return the parameters in one group, or in two with a `share` of the step size each."""
    before = {id(parameter) for parameter in pretrained}
    split = [
        {"params": [p for p in module.parameters() if (id(p) in before) == slow], "share": share if slow else 1.0}
        for slow in (False, True)
    ]
    return [group for group in split if group["params"]]


def _train_epoch(
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    steps: Iterable[Step],
    config: LoopConfig,
    epoch: int,
    run: Run,
    split: Collection[nn.Parameter],
) -> float:
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(config, epoch) * group["share"]
    module.train()
    losses: list[Tensor] = []
    group = current()
    with seeded(run.seed * 100_003 + epoch + group.rank * SEED_STEP, run.device):
        for step in steps:
            optimizer.zero_grad(set_to_none=True)
            with autocast(run.device, config.precision):
                loss = step()
            loss.backward()
            _reduce(module, split, group)
            if config.clip:
                nn.utils.clip_grad_norm_(module.parameters(), config.clip)
            optimizer.step()
            losses.append(loss.detach())
    return sum(map(float, losses)) / max(len(losses), 1)  # read at the end: a card is not waited for step by step


def _reduce(module: nn.Module, split: Collection[nn.Parameter], group: Group) -> None:
    """Make every process's gradients those of the whole batch."""
    if group.alone:
        return
    parts = {id(parameter) for parameter in split}
    for parameter in module.parameters():
        if parameter.grad is not None and id(parameter) not in parts:
            parameter.grad /= group.size  # each has it whole: the sum is the mean, and drift is levelled
    group.add_gradients(module.parameters())


def _validated(module: nn.Module, validate: Callable[[], float | None]) -> float | None:
    module.eval()
    with torch.no_grad():
        return validate()


def _note(loss: float, score: float | None) -> str:
    return f"loss {loss:.4f}" + ("" if score is None else f", validation {score:.4f}")
