"""What every trunk is: node inputs in, one state per task and node out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from torch import Tensor, nn

from weft.hetero.layer import LayerConfig, States
from weft.hetero.topology import Schema, Topology
from weft.registry import registered

#: Name on the command line -> module and class. A new trunk is one file and one line here.
REGISTRY: dict[str, str] = {
    "inline": "weft.hetero.trunks.inline:Inline",
    "single": "weft.hetero.trunks.single:SingleTask",
    "shared": "weft.hetero.trunks.shared:SharedBottom",
    "cross-stitch": "weft.hetero.trunks.cross_stitch:CrossStitch",
    "mmoe": "weft.hetero.trunks.mmoe:MMoE",
    "ple": "weft.hetero.trunks.ple:PLE",
    "rgcn": "weft.hetero.trunks.rgcn:RGCN",
    "han": "weft.hetero.trunks.han:HAN",
    "hgt": "weft.hetero.trunks.hgt:HGT",
    "simple-hgn": "weft.hetero.trunks.simple_hgn:SimpleHGN",
}


@dataclass(frozen=True)
class TrunkConfig:
    """The size of a trunk, and InLINE's options.

    Attributes:
        layers: number of relation layers.
        layer: how each works.
        experts: experts beyond one per task: of MMoE all of them, of PLE and InLINE the shared ones.
        gate: InLINE's gates: `relation` (a weight per node, relation and source task), `edge` (per edge), or
            `none` (every task keeps to its own messages).
        gate_sees: what a gate reads: the task's own `state` (as published) or also the relation's `message`.
        own_share: what a gate takes from the task's own expert at the start; the rest is spread over the others. 0
            starts with equal shares.
        group: the most tasks among which a gate chooses; more exchange in groups, other ones from layer to layer, so
            that the cost grows with their number and not with its square. 0 sets no limit; gates per edge have none.
        narrow: the most tasks whose experts are `layer.dim` wide; experts of more tasks are narrower, by
        narrow_power: (`narrow` / their number) ** this, so that the cost grows more slowly than their number. 0 as
            `narrow` keeps them all `layer.dim` wide.
        gate_prior: whether that bias is there and trained; the released code has none.
        gate_spread: standard deviation of the gates' first weights at the start.
        gate_twice: gates read the state beside itself, as the released code's do.
        mixture: heads read a mixture of all tasks' last states, as MMoE's do, instead of their task's own.
        first_residual: whether the first layer adds the inputs to its update, if the others do.
        widths: number of classes of each family, for InLINE's published output layer; then the trunk returns
            logits `[N_type, C]` instead of states.
    """

    layers: int = 2
    layer: LayerConfig = field(default_factory=LayerConfig)
    experts: int = 0
    gate: str = "relation"
    gate_sees: str = "message"
    own_share: float = 0.0
    group: int = 8
    narrow: int = 4
    narrow_power: float = 1 / 3
    gate_prior: bool = True
    gate_spread: float = 1e-2
    gate_twice: bool = False
    mixture: bool = False
    first_residual: bool = True
    widths: tuple[int, ...] = ()


@dataclass(frozen=True)
class Families:
    """The tasks that a trunk serves: a family is one task, or all labels of a multi-label task.

    Attributes:
        names: in order, `T` of them.
        kinds: node type of each.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class GateReading:
    """What one layer's gates did, for one receiving type.

    Attributes:
        layer: from 0.
        kind: receiving type.
        relations: keys, `R` of them.
        weight: `[T, R, N, S]`: of task t at node v under relation r, the share taken from source expert s
            (the `T` tasks, then shared experts).
    """

    layer: int
    kind: str
    relations: tuple[str, ...]
    weight: Tensor


class Trunk(nn.Module, ABC):
    """States of every task from the inputs of all nodes.

    Attributes:
        copies: how many copies of the input it reads: 1 when tasks share it, `T` when each has its own.
        width: of the states that it returns.
    """

    copies: int = 1

    @abstractmethod
    def __init__(self, schema: Schema, families: Families, config: TrunkConfig) -> None:
        """Build for a schema; no node is needed."""
        super().__init__()
        self.width = config.layer.dim

    @abstractmethod
    def forward(self, x: States, topology: Topology) -> list[Tensor]:
        """Return the state of every family at the nodes of its type, `T` tensors `[N_type, dim]`.

        Args:
            x: type -> inputs `[copies, N, dim]`.
            topology: the graph.
        """

    def read_gates(self, x: States, topology: Topology) -> list[GateReading]:  # noqa: ARG002 - for those that have gates
        """Return what the gates do on this graph; nothing for trunks without gates."""
        return []


def trunk_class(name: str) -> type[Trunk]:
    """Return the class registered as `name`.

    Raises:
        UserError: for an unknown name.
    """
    return registered("exchange", name, REGISTRY)


def build_trunk(name: str, schema: Schema, families: Families, config: TrunkConfig) -> Trunk:
    """Build a trunk by its registered name."""
    return trunk_class(name)(schema, families, config)


def own_states(h: States, families: Families) -> list[Tensor]:
    """Return each family's own state at the nodes of its type, `T` tensors `[N_type, D]`.

    Args:
        h: type -> `[T or more, N, D]`.
        families: the tasks.
    """
    # Taken apart at once: the gradient of a single slice is as large as all tasks' states.
    each = {kind: h[kind].unbind(0) for kind in dict.fromkeys(families.kinds)}
    return [each[kind][t] for t, kind in enumerate(families.kinds)]


def layer_kinds(schema: Schema, families: Families, layers: int) -> list[tuple[str, ...]]:
    """Return which types each layer must compute, so that the last serves the tasks' types only."""
    wanted = tuple(kind for kind in schema.types if kind in families.kinds)
    found: list[tuple[str, ...]] = []
    for _ in range(layers):
        found.append(wanted)
        wanted = schema.senders(wanted)
    return found[::-1]
