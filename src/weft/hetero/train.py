"""Training a network for several families: balanced losses, averaged weights, the best epoch of each family."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from weft.devices import seeded
from weft.group import SEED_STEP, current
from weft.hetero.balance.base import Balancer, build_balancer
from weft.hetero.graph_batch import GraphBatch
from weft.hetero.losses import FamilyTargets, group_loss
from weft.hetero.network import HeteroNet
from weft.hetero.selection import Selection
from weft.training.checkpoint import Checkpoint, Tensors, copy_of
from weft.training.run import Run

#: Step size of what a balancing learns, as in GradNorm's paper: a network's own is too small for a few weights.
_BALANCER_LR = 0.025

Step = tuple[GraphBatch, Sequence[FamilyTargets]]
Score = Callable[[], dict[str, float]]


@dataclass(frozen=True)
class TrainConfig:
    """How to optimise.

    Attributes:
        epochs: passes over the training labels.
        lr: AdamW's step size.
        weight_decay: decoupled.
        ema: how much of the running average of the weights is kept per step, less in the first steps (`kept_share`);
            0 evaluates the weights themselves.
        every: epochs between evaluations.
        window: evaluations whose mean score chooses: a small validation part tells little once.
        patience: stop after so many evaluations without a better one of any family; 0 never stops.
        select: which weights are kept for a family (`weft.hetero.selection`).
        judge: what an evaluation is judged by: each family's `metric`, or its `loss` as in InLINE's released code.
        loss: `cross-entropy`, or InLINE's released `probability`.
        balance: a name of `weft.hetero.balance.base.REGISTRY`.
        weights: family -> loss weight; a family that is not named weighs by the two powers.
        count_power: a family weighs (its labelled nodes / those of the family with most) ** this,
        rare_power: and, of binary labels, (a half / the loss of the class shares) ** this, if that is more than 1.
        class_power: rare classes weigh (mean count / count) ** this.
        batch_size: labelled nodes per step; 0 takes the whole graph at once.
        fanout: neighbours per relation and layer in a mini-batch; 0 takes all.
    """

    epochs: int = 100
    lr: float = 5e-3
    weight_decay: float = 1e-3
    ema: float = 0.95
    every: int = 2
    window: int = 3
    patience: int = 0
    select: str = "task"
    judge: str = "metric"
    loss: str = "cross-entropy"
    balance: str = "fixed"
    weights: tuple[tuple[str, float], ...] = ()
    count_power: float = 0.5
    rare_power: float = 0.5
    class_power: float = 0.3
    batch_size: int = 0
    fanout: int = 0


@dataclass
class _State:
    """What a resumed run needs besides the network and its optimiser."""

    average: Tensors
    selection: Selection
    balancer: Balancer
    epoch: int = 0
    steps: int = 0


def train(
    net: HeteroNet,
    steps: Callable[[int], Iterable[Step]],
    score: Score,
    config: TrainConfig,
    run: Run,
    name: str,
    class_weight: Mapping[str, Tensor],
    loss_weight: Mapping[str, float],
) -> Selection:
    """Train `net` and return the weights kept for each family.

    Args:
        net: the network, on the run's device.
        steps: `steps(epoch)` gives batches with the labels asked in each, rows being those of the batch.
        score: validation score of the network per family, larger is better; families without validation labels
            are left out.
        config: how to optimise.
        run: seed, device, progress, folder of checkpoints.
        name: of the stage.
        class_weight: `[C]` by family.
        loss_weight: by family.
    """
    balancer = build_balancer(config.balance, [family.name for family in net.families], loss_weight)
    groups: list[dict[str, object]] = [{"params": list(net.parameters())}]
    if balancer.parameters():
        groups.append({"params": balancer.parameters(), "weight_decay": 0.0, "lr": _BALANCER_LR})
    fused = True if run.device != "cpu" and not balancer.parameters() else None
    optimizer = torch.optim.AdamW(groups, lr=config.lr, weight_decay=config.weight_decay, fused=fused)
    state = _State(
        copy_of(net), Selection([family.name for family in net.families], config.select, config.window), balancer
    )
    checkpoint = Checkpoint.of(run, name)
    if checkpoint is not None and checkpoint.exists():
        _resume(checkpoint, net, optimizer, state)
    while state.epoch < config.epochs and not (config.patience and state.selection.stale() >= config.patience):
        losses = _epoch(net, optimizer, state, steps(state.epoch), config, class_weight, run)
        state.epoch += 1
        if state.epoch % config.every == 0 or state.epoch == config.epochs:
            found = _averaged(net, state.average, score)
            state.selection.take(state.epoch - 1, found, losses, state.average)
            if checkpoint is not None:
                _save(checkpoint, net, optimizer, state)
            if found:
                run.watch(name, state.epoch - 1, sum(found.values()) / len(found))
        run.report(name, state.epoch, config.epochs, state.selection.words(sum(losses.values())))
    state.selection.fill(state.average)
    net.eval()
    return state.selection


def _epoch(
    net: HeteroNet,
    optimizer: torch.optim.Optimizer,
    state: _State,
    steps: Iterable[Step],
    config: TrainConfig,
    class_weight: Mapping[str, Tensor],
    run: Run,
) -> dict[str, float]:
    """Take an epoch's steps and return each family's mean loss; what is random depends on (seed, epoch) alone."""
    net.train()
    found: dict[str, list[Tensor]] = {}
    group = current()
    with seeded(run.seed * 100_003 + state.epoch + group.rank * SEED_STEP, run.device):
        for batch, asked in steps:
            optimizer.zero_grad(set_to_none=True)
            scores = net(batch)
            nothing = next(net.parameters()).sum() * 0
            found_losses = {
                f.name: group_loss(f, s, t, class_weight[f.name], config.loss, nothing)
                for f, s, t in zip(net.families, scores, asked, strict=True)
            }
            losses = {name: loss for name, loss in found_losses.items() if loss is not None}
            if not losses:
                continue
            state.balancer.backward(losses, *_parameters(net))
            optimizer.step()
            _average(state.average, net, kept_share(config.ema, state.steps))
            state.steps += 1
            for name, loss in losses.items():
                found.setdefault(name, []).append(loss.detach())
    means = {name: sum(map(float, values)) / len(values) for name, values in found.items()}
    state.balancer.epoch_end(means)
    return means


def _parameters(net: HeteroNet) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the parameters that families share, and those of heads."""
    return [*net.inputs.parameters(), *net.trunk.parameters()], list(net.heads.parameters())


def kept_share(ema: float, step: int) -> float:
    """Return how much of the averaged weights step `step` (from 0) keeps: `ema`, and (1 + step) / (10 + step) before.

    On a whole graph an epoch is one step: an average over twenty would trail what a hundred learn by a fifth of them.
    """
    return min(ema, (1 + step) / (10 + step))


@torch.no_grad()
def _average(average: Tensors, net: HeteroNet, keep: float) -> None:
    now = net.state_dict()
    if next(iter(now.values())).device.type != "cpu":
        get_ema_multi_avg_fn(keep)([average[key] for key in now], list(now.values()), 0)  # one kernel for all
        return
    for key, value in now.items():
        average[key].lerp_(value, 1 - keep)


def _averaged(net: HeteroNet, average: Tensors, score: Score) -> dict[str, float]:
    """Score the averaged weights, then put the network's own back."""
    own = copy_of(net)
    net.load_state_dict(average)
    net.eval()
    with torch.no_grad():
        found = score()
    net.load_state_dict(own)
    return found


def _save(checkpoint: Checkpoint, net: HeteroNet, optimizer: torch.optim.Optimizer, state: _State) -> None:
    kept, note = state.selection.state()
    parts = {"now": copy_of(net), "average": state.average, "balance": state.balancer.state_dict(), **kept}
    checkpoint.save(parts, optimizer, {"epoch": state.epoch, "steps": state.steps, "selection": note})


def _resume(checkpoint: Checkpoint, net: HeteroNet, optimizer: torch.optim.Optimizer, state: _State) -> None:
    parts, note = checkpoint.load(optimizer)
    net.load_state_dict(parts.pop("now"))
    state.average = {key: value.to(state.average[key].device) for key, value in parts.pop("average").items()}
    state.balancer.load_state_dict(parts.pop("balance", {}))
    state.selection.restore(parts, note["selection"])
    state.epoch, state.steps = note["epoch"], note["steps"]
