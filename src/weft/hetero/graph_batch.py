"""A graph, or a sampled part of it, as the tensors that a network reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from weft.hetero.features import NodeInputs
from weft.hetero.heads import OwnLabels
from weft.hetero.sampler import Sample
from weft.hetero.sparse import SparseMatrix
from weft.hetero.topology import Topology


@dataclass(frozen=True, eq=False)
class LabelColumns:
    """Label structure of the nodes of one type.

    Attributes:
        columns: float32 `[N, S]`.
        families: the family that each column speaks of.
    """

    columns: Tensor
    families: tuple[str, ...]

    def to(self, device: torch.device | str) -> LabelColumns:
        """Return the columns on a device."""
        return LabelColumns(self.columns.to(device), self.families)

    def take(self, rows: Tensor) -> LabelColumns:
        """Return the columns of `rows`."""
        return LabelColumns(self.columns[rows], self.families)


@dataclass(frozen=True, eq=False)
class GraphBatch:
    """A graph, or a sampled part of it, as tensors.

    Attributes:
        topology: its relations.
        inputs: features by type.
        wide: wide features by type of task.
        around: label structure by type of task.
        given: known labels as columns by type of task, float32 `[N, C]`: inputs for tasks of other types.
        own: known labels of the nodes themselves by type of task: inputs for other tasks of the node.
        asked: type -> how many of its first nodes are asked; `wide`, `around` and `own` have those only. Types that
            are not named are asked whole.
    """

    topology: Topology
    inputs: Mapping[str, NodeInputs]
    wide: Mapping[str, SparseMatrix]
    around: Mapping[str, LabelColumns]
    given: Mapping[str, Tensor]
    own: Mapping[str, OwnLabels]
    asked: Mapping[str, int] = field(default_factory=dict[str, int])

    def beside(self, kind: str) -> tuple[SparseMatrix | None, Tensor | None, OwnLabels | None]:
        """Return what heads on nodes of a type read beside states: wide features, label structure, own labels."""
        around = self.around.get(kind)
        return self.wide.get(kind), None if around is None else around.columns, self.own.get(kind)

    def to(self, device: torch.device | str) -> GraphBatch:
        """Return the graph on a device."""
        return replace(self.features_to(device), topology=self.topology.to(device))

    def features_to(self, device: torch.device | str) -> GraphBatch:
        """Return the graph with features and labels on a device, and its edges where they are: to cut parts out."""
        return GraphBatch(
            topology=self.topology,
            inputs={kind: table.to(device) for kind, table in self.inputs.items()},
            wide={kind: matrix.to(device) for kind, matrix in self.wide.items()},
            around={kind: columns.to(device) for kind, columns in self.around.items()},
            given={kind: columns.to(device) for kind, columns in self.given.items()},
            own={kind: labels.to(device) for kind, labels in self.own.items()},
            asked=self.asked,
        )

    @property
    def device(self) -> torch.device:
        """Where the features are."""
        return next(iter(self.inputs.values())).at.device

    def part(self, sample: Sample) -> GraphBatch:
        """Return a sampled part, of which the seeds alone are asked, on the device of the features."""
        nodes = {kind: ids.to(self.device) for kind, ids in sample.nodes.items()}
        seeds = {kind: nodes[kind][:n] for kind, n in sample.seeds.items()}
        return GraphBatch(
            topology=sample.topology.to(self.device),
            inputs={kind: table.take(nodes[kind]) for kind, table in self.inputs.items()},
            wide={kind: matrix.take(seeds[kind]) for kind, matrix in self.wide.items()},
            around={kind: columns.take(seeds[kind]) for kind, columns in self.around.items()},
            given={kind: columns[nodes[kind]] for kind, columns in self.given.items()},
            own={kind: labels.take(seeds[kind]) for kind, labels in self.own.items()},
            asked=sample.seeds,
        )
