"""From a graph and the labels that may be seen to the tensors that a network reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from weft.arrays import Arrays, put_under, under
from weft.data.hetero import HeteroGraph, Relation
from weft.hetero.families import Family, Scale
from weft.hetero.features import FeatureScaler
from weft.hetero.graph_batch import GraphBatch, LabelColumns
from weft.hetero.heads import OwnLabels
from weft.hetero.inputs import Widths
from weft.hetero.label_structure import dense_labels, label_views
from weft.hetero.network import NetConfig, NetShape
from weft.hetero.paths import neighbours, pairs, paths_into
from weft.hetero.sparse import SparseMatrix
from weft.hetero.topology import Adjacency, Topology, build_topology
from weft.hetero.wide import join, wide_blocks
from weft.labels import LabelTable

#: A composed relation with more edges per node than this is left out: it would cost more than all others.
MOST_COMPOSED = 32
#: Nor is one made that would take gigabytes to write down.
MOST_PAIRS = 20_000_000


@dataclass(frozen=True, eq=False)
class Preparer:
    """How graphs are made ready for one network: fitted once, then the same for every graph.

    Attributes:
        config: the network's.
        families: what is predicted.
        scaler: of features.
        scale: of regression labels.
        kept: type -> wide columns that are used, int64.
        composed: names of the composed relations.
    """

    config: NetConfig
    families: Sequence[Family]
    scaler: FeatureScaler
    scale: Scale
    kept: dict[str, NDArray[np.int64]]
    composed: tuple[str, ...]

    @classmethod
    def fit(cls, config: NetConfig, graph: HeteroGraph, families: Sequence[Family], labels: LabelTable) -> Preparer:
        """Fit to a graph; of the labels only the scale of regression tasks is taken."""
        scaler = FeatureScaler.fit(graph, config.raw)
        kinds = task_types(families)
        kept: dict[str, NDArray[np.int64]] = {}
        if config.wide:
            for kind in kinds:
                blocks = wide_blocks(graph, kind, scaler)
                if blocks:
                    kept[kind] = join(blocks)[1]
        composed = tuple(name for kind in kinds for name in composed_relations(graph, kind)) if config.composed else ()
        return cls(config, families, scaler, Scale.fit(labels), kept, composed)

    def batch(self, graph: HeteroGraph, known: LabelTable, shown: LabelTable) -> GraphBatch:
        """Return the tensors of a graph.

        Args:
            graph: its own labels are not read.
            known: all labels that may be seen, by other nodes than their own.
            shown: those that their own node may see, too.
        """
        kinds = task_types(self.families)
        inputs = {kind: self.scaler.inputs(kind, table) for kind, table in graph.nodes.items()}
        wide = {kind: SparseMatrix.of(self._wide(graph, kind)) for kind in self.kept}
        around: dict[str, LabelColumns] = {}
        if self.config.labels != "none":
            views = label_views(graph, known, self.families, self.scale, kinds)
            around = {
                kind: LabelColumns(torch.from_numpy(view.columns), tuple(family for _, family in view.names))
                for kind, view in views.items()
                if view.names
            }
        given = {kind: self._own(graph, known, kind).value for kind in kinds} if self.config.labels == "all" else {}
        own = {kind: self._own(graph, shown, kind) for kind in kinds} if self.config.labels == "all" else {}
        return GraphBatch(self._topology(graph), inputs, wide, around, given, own)

    def shape(self, graph: HeteroGraph, batch: GraphBatch) -> NetShape:
        """Return what the network's parameters depend on."""
        kinds = task_types(self.families)
        own = {kind: tuple(f.name for f in self._on(kind) for _ in range(f.width)) for kind in kinds}
        widths = {
            kind: Widths(
                table.n,
                self.scaler.width(kind, table),
                0 if table.sparse is None else int(table.sparse.shape[1]),
                batch.given[kind].shape[1] if kind in batch.given and len(kinds) > 1 else 0,
            )
            for kind, table in graph.nodes.items()
        }
        around = {kind: columns.families for kind, columns in batch.around.items()}
        return NetShape(batch.topology.schema, widths, {k: len(v) for k, v in self.kept.items()}, around, own)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return what was fitted, as arrays."""
        return {
            **put_under("features.", self.scaler.arrays),
            **put_under("wide.", self.kept),
            "scale.mean": self.scale.mean,
            "scale.sd": self.scale.sd,
        }

    @classmethod
    def restore(
        cls, config: NetConfig, families: Sequence[Family], composed: Sequence[str], arrays: Arrays
    ) -> Preparer:
        """Take back what `state` returned."""
        scaler = FeatureScaler(under("features.", arrays), config.raw)
        scale = Scale(arrays["scale.mean"], arrays["scale.sd"])
        return cls(config, families, scaler, scale, under("wide.", arrays), tuple(composed))

    def _on(self, kind: str) -> list[Family]:
        return [family for family in self.families if family.node_type == kind]

    def _own(self, graph: HeteroGraph, labels: LabelTable, kind: str) -> OwnLabels:
        pairs = [dense_labels(graph, labels, family, self.scale) for family in self._on(kind)]
        value, known = (torch.from_numpy(np.hstack(part).astype(np.float32)) for part in zip(*pairs, strict=True))
        tasks = [at for family in self._on(kind) for at in _tasks_of_columns(family)]
        return OwnLabels(value, known, torch.unique(torch.tensor(tasks), return_inverse=True)[1])

    def _wide(self, graph: HeteroGraph, kind: str) -> Any:
        import scipy.sparse as sp

        whole: Any = sp.hstack(list(wide_blocks(graph, kind, self.scaler).values()), format="csr")
        return whole[:, self.kept[kind]]

    def _topology(self, graph: HeteroGraph) -> Topology:
        kinds = task_types(self.families)
        base = build_topology(graph, kinds if self.config.loops else ())
        edges = dict(base.edges)
        for kind in kinds if self.composed else ():
            for name, matrix in composed_relations(graph, kind).items():
                if name in self.composed:
                    coo = matrix.tocoo()
                    target, source = (torch.from_numpy(at.astype(np.int64)) for at in coo.coords)
                    edges[Relation(kind, name, kind)] = Adjacency(
                        source, target, graph.nodes[kind].n, graph.nodes[kind].n
                    )
        return Topology(base.counts, edges, base.loops)


def _tasks_of_columns(family: Family) -> list[int]:
    return list(family.tasks) if len(family.tasks) == family.width else [family.tasks[0]] * family.width


def task_types(families: Sequence[Family]) -> tuple[str, ...]:
    """Return the node types that carry tasks, each once, in order."""
    return tuple(dict.fromkeys(family.node_type for family in families))


def composed_relations(graph: HeteroGraph, kind: str) -> dict[str, Any]:
    """Return relations between nodes of one type that share a neighbour: name -> CSR `[n, n]`, not too many edges."""
    found: dict[str, Any] = {}
    for path in paths_into(graph, kind):
        if (
            path.second is not None
            and path.returns
            and pairs(path) <= min(MOST_COMPOSED * graph.nodes[kind].n, MOST_PAIRS)
        ):
            matrix = neighbours(path)
            if matrix.nnz:
                found[path.name.replace(" < ", "_").replace(" ", "_")] = matrix
    return found
