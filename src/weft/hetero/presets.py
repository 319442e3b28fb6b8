"""The presets of graph models, and how a few options change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from weft.errors import UserError, nearest
from weft.hetero.balance.base import REGISTRY as BALANCINGS
from weft.hetero.inputs import InputConfig
from weft.hetero.layer import LayerConfig
from weft.hetero.network import NetConfig
from weft.hetero.train import TrainConfig
from weft.hetero.trunks.base import REGISTRY as TRUNKS
from weft.hetero.trunks.base import TrunkConfig

PRESETS = ("default", "inline-paper")

#: The released code's loss weights of author area and paper venue on DBLP; a graph without such tasks has none.
RELEASED_WEIGHTS = (("area", 0.005), ("venue", 0.995))


@dataclass(frozen=True)
class MemberKind:
    """How a network of an ensemble differs from the others: networks that differ err differently.

    Attributes:
        attention: of its layers.
        gates: whether InLINE's tasks exchange in its layers.
        mixture: whether they exchange after them (`TrunkConfig.mixture`).
    """

    attention: str = "gat"
    gates: bool = True
    mixture: bool = False


@dataclass(frozen=True)
class GraphConfig:
    """A graph model.

    Attributes:
        net: its network.
        train: how that is trained.
        members: networks that are averaged, weighed for each family by validation.
        kinds: of the members, in turn.
        dropouts: of layers, on graphs of dense and of sparse features; None leaves it to `net`.
    """

    net: NetConfig = field(default_factory=NetConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    members: int = 4
    kinds: tuple[MemberKind, ...] = (MemberKind(),)
    dropouts: tuple[float, float] | None = None

    def suited(self, sparse: bool) -> GraphConfig:
        """Return the configuration for a graph of `sparse` or dense features."""
        if self.dropouts is None:
            return self
        return replace(self, net=_changed(self.net, dropout=self.dropouts[sparse]), dropouts=None)

    def packed(self) -> GraphConfig:
        """Return the configuration for a graph that stays on disk: by parts, and without what walks over all edges.

        Labels around a node, composed relations and wide features are such; sparse features a packed graph has none.
        """
        train = replace(self.train, batch_size=self.train.batch_size or 256, fanout=self.train.fanout or 5)
        return replace(self, net=replace(self.net, labels="none", composed=False, wide=False), train=train)

    def member(self, k: int) -> NetConfig:
        """Return the network of member `k`, from 0."""
        kind = self.kinds[k % len(self.kinds)]
        net = _changed(self.net, attention=kind.attention)
        gate = net.trunk.gate if kind.gates else "none"
        return replace(net, trunk=replace(net.trunk, gate=gate, mixture=kind.mixture))


def _changed(net: NetConfig, **layer: Any) -> NetConfig:
    """Return a network whose layers differ."""
    return replace(net, trunk=replace(net.trunk, layer=replace(net.trunk.layer, **layer)))


#: weft's own: cross-entropy, gates that see messages and lean to a task's own expert at first, wide features, labels
#: as structure, weights averaged over steps, each task's best epoch, an ensemble of two kinds of layer and two places
#: of exchange.
DEFAULT = GraphConfig(
    NetConfig(trunk=TrunkConfig(layers=2, own_share=0.75)),
    kinds=(MemberKind("gat"), MemberKind("mean"), MemberKind("gat", False, True), MemberKind("mean", False, True)),
    dropouts=(0.2, 0.6),
)

#: InLINE as released (reference formulas, loss and selection), with a learning rate 20 times the released 5e-5 and
#: fewer epochs, which comes to the same place sooner.
PAPER = GraphConfig(
    NetConfig(
        trunk=TrunkConfig(
            layers=3,
            layer=LayerConfig(
                dropout=0.5, logit_dropout=0.5, norm="none", activation="elu", relation_dim=64, merge_by="layer"
            ),
            gate_sees="state",
            group=0,
            narrow=0,
            gate_prior=False,
            gate_spread=1e-4,
            gate_twice=True,
            first_residual=False,
        ),
        inputs=InputConfig(entry_dropout=0.0, plain_start=True),
        raw=True,
        loops=True,
        composed=False,
        wide=False,
        labels="none",
        output="graph",
    ),
    TrainConfig(
        epochs=100,
        lr=1e-3,
        weight_decay=0.0,
        ema=0.0,
        every=5,
        window=1,
        patience=8,
        select="all-improve",
        judge="loss",
        loss="probability",
        weights=RELEASED_WEIGHTS,
        count_power=0.0,
        rare_power=0.0,
        class_power=0.0,
    ),
    members=1,
)


def configure(
    preset: str = "default",
    exchange: str | None = None,
    epochs: int | None = None,
    members: int | None = None,
    balance: str | None = None,
    known_labels: bool | None = None,
    gates: bool | None = None,
    batch_size: int | None = None,
    fanout: int | None = None,
    lr: float | None = None,
    weights: Mapping[str, float] | None = None,
) -> GraphConfig:
    """Resolve a preset and its options to a configuration.

    Args:
        preset: `default` or `inline-paper`.
        exchange: a name of `weft.hetero.trunks.base.REGISTRY`.
        epochs: passes over the training labels.
        members: networks that are averaged.
        balance: a name of `weft.hetero.balance.base.REGISTRY`.
        known_labels: whether known labels are structure: of all tasks, of the task's own alone under `single`.
        gates: False keeps InLINE's tasks to their own messages.
        batch_size: labelled nodes per step; 0 takes the whole graph at once.
        fanout: neighbours per relation and layer in a mini-batch; 0 takes all.
        lr: step size.
        weights: task -> weight of its loss.

    Raises:
        UserError: for an unknown name or a number out of range.
    """
    for name, value, known in (
        ("preset", preset, PRESETS),
        ("exchange", exchange, TRUNKS),
        ("balancing", balance, BALANCINGS),
    ):
        if value is not None and value not in known:
            raise UserError(f"there is no {name} {value!r}", mend=nearest(value, known))
    base = PAPER if preset == "inline-paper" else DEFAULT
    given = {"epochs": epochs, "balance": balance, "batch_size": batch_size, "fanout": fanout, "lr": lr}
    train = replace(base.train, **{name: value for name, value in given.items() if value is not None})
    if weights:
        train = replace(train, weights=tuple(sorted(weights.items())))
    net = replace(base.net, exchange=exchange or base.net.exchange)
    if known_labels is False:
        net = replace(net, labels="none")
    elif known_labels or net.labels != "none":
        net = replace(net, labels="own" if exchange == "single" else "all")
    kinds = base.kinds
    if gates is False:
        kinds = tuple(dict.fromkeys(replace(kind, gates=False, mixture=False) for kind in kinds))
    return replace(base, net=net, train=train, members=members or base.members, kinds=kinds)
