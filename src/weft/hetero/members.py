"""The networks of an ensemble: trained one after the other, asked together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from weft.errors import UserError, nearest
from weft.group import Group, apart, current
from weft.hetero.families import Family
from weft.hetero.graph_batch import GraphBatch
from weft.hetero.losses import FamilyTargets, answers, family_loss, rareness
from weft.hetero.minibatch import Minibatches
from weft.hetero.network import HeteroNet, NetConfig, NetShape
from weft.hetero.presets import RELEASED_WEIGHTS, GraphConfig
from weft.hetero.products import plain_products
from weft.hetero.selection import Selection
from weft.hetero.train import Step, TrainConfig, train
from weft.hetero.validation import headline
from weft.tasks import Kind
from weft.training.checkpoint import Tensors
from weft.training.run import Run
from weft.words import many

#: Distance between the seeds of two members.
_STEP = 7919


def train_member(
    config: GraphConfig,
    shape: NetShape,
    families: Sequence[Family],
    batch: GraphBatch,
    asked: Sequence[FamilyTargets],
    validation: Sequence[FamilyTargets],
    run: Run,
    k: int,
) -> tuple[HeteroNet, Selection]:
    """Train member `k` and return its network and the weights kept for each family.

    Args:
        config: network and training.
        shape: of the network.
        families: what is predicted.
        batch: the whole graph, on the run's device.
        asked: training labels per family.
        validation: validation labels per family.
        run: surroundings.
        k: number of the member, from 0.
    """
    run = replace(run, seed=run.seed + _STEP * k)
    net = new_network(config.member(k), shape, families, asked, run.seed).to(run.device)
    class_weight = {
        f.name: rareness(f, t.value, config.train.class_power).to(run.device)
        for f, t in zip(families, asked, strict=True)
    }
    loss_weight = loss_weights(config.train, families, asked)
    asked, validation = ([t.to(run.device) for t in part] for part in (asked, validation))
    parts = Minibatches.of(config.train, batch, families, config.net.trunk.layers + net.published, run.seed)

    def steps(epoch: int) -> Iterable[Step]:
        return [(batch, asked)] if parts is None else parts.epoch(asked, epoch)

    def score() -> dict[str, float]:
        scores = net(batch) if parts is None else parts.predict(net, validation)
        return _judged(config.train, families, scores, validation)

    name = "train" if config.members == 1 else f"train {k + 1} of {config.members}"
    with plain_products(parts is not None):
        return net, train(net, steps, score, config.train, run, name, class_weight, loss_weight)


Member = tuple[HeteroNet, list[tuple[Tensors, list[str]]], list[dict[str, float]]]
"""A network, the sets of weights kept and the families that each is kept for, and what its evaluations found."""


def train_members(
    config: GraphConfig,
    shape: NetShape,
    families: Sequence[Family],
    batch: GraphBatch,
    asked: Sequence[FamilyTargets],
    validation: Sequence[FamilyTargets],
    run: Run,
) -> list[Member]:
    """Train all members of an ensemble.

    The processes of a group share the nodes of a mini-batch; where the graph is taken whole they share the members, and
    each is the one that a single process would train, bit for bit.

    Raises:
        UserError: where there is nothing to share.
    """
    group = current()
    part = (config, shape, families, batch, asked, validation, run)
    if group.alone or config.train.batch_size:
        return [_kept(*train_member(*part, k)) for k in range(config.members)]
    if config.members < group.size:
        networks = many(config.members, "network")
        what = f"{group.size} processes cannot share {networks} of a graph that is taken whole"
        mend = "Add --batch-size N to train by parts of the graph, or --members N."
        raise UserError(what, where="--devices", mend=mend)
    with apart():
        own = {k: _kept(*train_member(*part, k)) for k in range(group.rank, config.members, group.size)}
    return [_told(own.get(k), k, group, part) for k in range(config.members)]


def _kept(net: HeteroNet, selection: Selection) -> Member:
    return net, selection.weights(), selection.rows


def _told(own: Member | None, k: int, group: Group, part: tuple[Any, ...]) -> Member:
    """Return member `k`, which one process of the group has trained, in all of them."""
    config, shape, families, _, asked, _, run = part
    arrays: Tensors = {}
    if own is not None:
        note = json.dumps({"kept": [names for _, names in own[1]], "rows": own[2]}).encode()
        arrays = {f"{at}.{key}": value for at, (weights, _) in enumerate(own[1]) for key, value in weights.items()}
        arrays["note"] = torch.frombuffer(bytearray(note), dtype=torch.uint8)
    found = group.exchanged(arrays, k % group.size)
    if own is not None:
        return own
    told: dict[str, Any] = json.loads(found.pop("note").numpy().tobytes())
    kept: list[tuple[Tensors, list[str]]] = []
    for at, names in enumerate(told["kept"]):
        mine = {key.partition(".")[2]: value for key, value in found.items() if key.partition(".")[0] == str(at)}
        kept.append((mine, names))
    return new_network(config.member(k), shape, families, asked, run.seed).to(run.device), kept, told["rows"]


def new_network(
    config: NetConfig, shape: NetShape, families: Sequence[Family], asked: Sequence[FamilyTargets], seed: int
) -> HeteroNet:
    """Return an untrained network, the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return HeteroNet(config, shape, families, [_bias(f, t) for f, t in zip(families, asked, strict=True)])


def loss_weights(config: TrainConfig, families: Sequence[Family], asked: Sequence[FamilyTargets]) -> dict[str, float]:
    """Return each family's loss weight: as given, else by its number of labelled nodes and by how rare its labels are.

    Raises:
        UserError: for a weight given to no family.
    """
    most = max((len(t.row) for t in asked), default=1)
    found = {
        f.name: (len(t.row) / max(most, 1)) ** config.count_power * rarity(f, t) ** config.rare_power
        for f, t in zip(families, asked, strict=True)
    }
    for name, weight in config.weights:
        if name in found:
            found[name] = weight
        elif config.weights != RELEASED_WEIGHTS:
            raise UserError(f"there is no task {name!r} to weigh", mend=nearest(name, found))
    return found


def rarity(family: Family, asked: FamilyTargets) -> float:
    """Return how many times smaller a binary family's first loss is than that of a regression, a half; at least 1.

    At the class shares p the log-loss is the entropy of p: of a label that is true of one node in a thousand, .008.
    In what tasks share, the gradients of so small a loss are drowned.
    """
    if family.kind is not Kind.BINARY or not len(asked.row):
        return 1.0
    share = ((asked.value.sum(0) + 0.5) / (asked.known.sum(0) + 1)).double()
    entropy = -(share * share.log() + (1 - share) * (1 - share).log())
    loss = float((entropy * asked.known.sum(0)).sum() / asked.known.sum().clamp(min=1))
    return max(0.5 / max(loss, 1e-6), 1.0)


def _bias(family: Family, asked: FamilyTargets) -> Tensor:
    """Return the logits of the class shares, so that training begins at the prior."""
    share = (asked.value.sum(0) + 0.5) / (asked.known.sum(0) + 1)
    if family.kind is Kind.REGRESSION:
        return torch.zeros(family.width)
    return share.log() if family.kind is Kind.MULTICLASS else torch.logit(share.clamp(1e-6, 1 - 1e-6))


def _judged(
    config: TrainConfig, families: Sequence[Family], scores: Sequence[Tensor], validation: Sequence[FamilyTargets]
) -> dict[str, float]:
    """Return one number per family that has validation labels, larger is better."""
    found: dict[str, float | None] = {}
    for family, score, asked in zip(families, scores, validation, strict=True):
        at = score[asked.row]
        if config.judge == "loss" and len(at):
            loss = family_loss(family, at, asked.value, asked.known, at.new_ones(family.width), config.loss)
            found[family.name] = -float(loss)
        else:
            found[family.name] = headline(family, answers(family, at).cpu().numpy().astype(np.float64), asked)
    return {name: value for name, value in found.items() if value is not None}
