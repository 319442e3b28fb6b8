"""The whole network: inputs, a trunk, and per family a head that also reads wide features and known labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.data.hetero import Relation
from weft.hetero.families import Family, trunk_families
from weft.hetero.graph_batch import GraphBatch
from weft.hetero.heads import Head, HeadConfig
from weft.hetero.inputs import InputConfig, InputProjection, Widths
from weft.hetero.topology import Schema
from weft.hetero.trunks.base import GateReading, TrunkConfig, build_trunk

LABELS = ("all", "own", "none")
OUTPUTS = ("linear", "unit", "graph")


@dataclass(frozen=True)
class NetConfig:
    """The parts of a network.

    Attributes:
        exchange: a name of `weft.hetero.trunks.base.REGISTRY`.
        trunk: its size.
        inputs: how features become states.
        head: what heads read beside the state.
        raw: features are taken as they are, unscaled.
        loops: nodes of the tasks' types also hear themselves.
        composed: nodes of the tasks' types also hear those of their own type two relations away.
        wide: sparse features also go straight to the outputs.
        labels: known labels as structure: of `all` tasks, of a task's `own` alone, or `none`.
        output: `linear`; `unit`, whose outputs have length 1; `graph`, InLINE's published last layer (else `unit`).
    """

    exchange: str = "inline"
    trunk: TrunkConfig = field(default_factory=TrunkConfig)
    inputs: InputConfig = field(default_factory=InputConfig)
    head: HeadConfig = field(default_factory=HeadConfig)
    raw: bool = False
    loops: bool = False
    composed: bool = True
    wide: bool = True
    labels: str = "all"
    output: str = "linear"


@dataclass(frozen=True)
class NetShape:
    """What a network's parameters depend on besides its configuration.

    Attributes:
        schema: types and relations.
        widths: feature widths by type.
        wide: number of wide columns by type of task.
        around: by type of task, the family that each column of label structure speaks of.
        own: by type of task, the family of each column of the nodes' own labels.
    """

    schema: Schema
    widths: Mapping[str, Widths]
    wide: Mapping[str, int]
    around: Mapping[str, tuple[str, ...]]
    own: Mapping[str, tuple[str, ...]]

    def to_json(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return asdict(self)

    @classmethod
    def from_json(cls, note: Mapping[str, Any]) -> NetShape:
        """Rebuild from `to_json`."""
        relations = tuple(Relation(*relation) for relation in note["schema"]["relations"])
        widths = {kind: Widths(**found) for kind, found in note["widths"].items()}
        around, own = ({kind: tuple(names) for kind, names in note[part].items()} for part in ("around", "own"))
        return cls(Schema(tuple(note["schema"]["types"]), relations), widths, note["wide"], around, own)


class HeteroNet(nn.Module):
    """Inputs, trunk and heads for several families of tasks.

    Labels of one type of node are inputs of the trunk only while tasks of other types are predicted: there is one
    pass per type that carries tasks, so no label of a type reaches any prediction on that type through a hop.
    Within a type labels reach the heads only (`weft.hetero.label_structure`, `weft.hetero.heads`).

    Args:
        config: the parts.
        shape: widths of the graph's features.
        families: what is predicted.
        bias: starting bias of each family's outputs, such as the log of class shares.
    """

    def __init__(self, config: NetConfig, shape: NetShape, families: Sequence[Family], bias: Sequence[Tensor]) -> None:
        super().__init__()
        self.config, self.families = config, tuple(families)
        self.published = config.output == "graph" and config.exchange == "inline"
        widths = tuple(family.width for family in families) if self.published else ()
        trunk = replace(config.trunk, widths=widths)
        self.trunk = build_trunk(config.exchange, shape.schema, trunk_families(families), trunk)
        self.inputs = InputProjection(shape.widths, self.trunk.copies, config.inputs)
        self.heads = nn.ModuleList(self._head(shape, f, b) for f, b in zip(families, bias, strict=True))

    def _head(self, shape: NetShape, family: Family, bias: Tensor) -> Head:
        around = shape.around.get(family.node_type, ())
        mine = [c for c, name in enumerate(around) if self.config.labels == "all" or name == family.name]
        own = [c for c, name in enumerate(shape.own.get(family.node_type, ())) if name != family.name]
        dim = 0 if self.published else self.trunk.width
        return Head(self.config.head, dim, shape.wide.get(family.node_type, 0), mine, own, bias)

    def forward(self, batch: GraphBatch) -> list[Tensor]:
        """Return each family's logits at the asked nodes of its type, `[N_type, C]`."""
        scores: list[Tensor] = [torch.empty(0, device=batch.device)] * len(self.families)
        for kinds, given in self._passes(batch):
            states = self.trunk(self.inputs(batch.inputs, given), batch.topology)
            for at, (head, family) in enumerate(zip(self.heads, self.families, strict=True)):
                if family.node_type in kinds:
                    score = head(states[at][: batch.asked.get(family.node_type)], *batch.beside(family.node_type))
                    scores[at] = score if self.config.output == "linear" else _unit(score)
        return scores

    def read_gates(self, batch: GraphBatch) -> list[GateReading]:
        """Return what the gates do on a graph, with every label shown that the last pass may see."""
        *_, (_, given) = self._passes(batch)
        return self.trunk.read_gates(self.inputs(batch.inputs, given), batch.topology)

    def _passes(self, batch: GraphBatch) -> Iterator[tuple[set[str], dict[str, Tensor]]]:
        """Yield types of tasks and the labels their pass may see: those of all other types."""
        kinds = {family.node_type: None for family in self.families}
        if not batch.given or len(kinds) == 1:
            yield set(kinds), {}
            return
        for kind in kinds:
            if batch.asked.get(kind) == 0:
                continue
            yield {kind}, {other: columns for other, columns in batch.given.items() if other != kind}


def _unit(score: Tensor) -> Tensor:
    """Return logits of length 1; a single column would lose all but its sign and is left as it is."""
    return F.normalize(score, dim=1, eps=1e-12) if score.shape[1] > 1 else score
