"""Multi-task models on a heterogeneous graph behind the one interface: InLINE and what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.arrays import Arrays, put_under, tensors
from weft.data.base import Data
from weft.data.nodes import Nodes
from weft.data.splits import Split
from weft.data.stored_graph import StoredGraph
from weft.errors import UserError
from weft.hetero.answers import to_predictions
from weft.hetero.families import families, targets
from weft.hetero.gate_table import GateSummary, summarise
from weft.hetero.graph_batch import GraphBatch
from weft.hetero.losses import FamilyTargets, answers
from weft.hetero.members import new_network, train_members
from weft.hetero.minibatch import Minibatches
from weft.hetero.network import HeteroNet, NetShape
from weft.hetero.prepare import Preparer
from weft.hetero.presets import GraphConfig, configure
from weft.hetero.sampler import Sampler
from weft.hetero.support import Support
from weft.hetero.weighing import weigh
from weft.labels import Floats, LabelTable, Shown
from weft.memory import keep_freed_memory
from weft.predictor import Predictions, Predictor
from weft.settings import Setting
from weft.tasks import TaskSet
from weft.training.checkpoint import Tensors
from weft.training.revive import changed, revive
from weft.training.run import Run


@dataclass(frozen=True, eq=False)
class Encoded:
    """Nodes to predict, and their graph."""

    nodes: Nodes


class InlinePredictor(Predictor):
    """Several node tasks on one heterogeneous graph (InLINE, arXiv 2410.22089, and beyond).

    Args:
        preset: `default` or `inline-paper`.
        exchange: how tasks share; `inline` by default.
        epochs: and the others as of `weft.hetero.presets.configure`.
        members: networks that are averaged, weighed for each family by validation.
        balance: of the tasks' losses.
        known_labels: whether known labels are structure.
        gates: whether InLINE's tasks exchange at all.
        batch_size: labelled nodes per step; 0 takes the whole graph at once.
        fanout: neighbours per relation and layer in a mini-batch; 0 takes all.
        lr: step size.
        weights: task -> weight of its loss.
        changes: dotted names of fields of the configuration, such as `train.lr` -> other values.

    Raises:
        UserError: for unknown names.
    """

    name: ClassVar[str] = "inline"

    def __init__(
        self,
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
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        config = configure(
            preset, exchange, epochs, members, balance, known_labels, gates, batch_size, fanout, lr, weights
        )
        self.config = changed(config, changes or {})
        self.nets: list[HeteroNet] = []
        #: Per member: sets of weights and the families that each is kept for.
        self.kept: list[list[tuple[Tensors, list[str]]]] = []
        self.history: list[list[dict[str, float]]] = []
        self.settings = frozenset({Setting.STANDARD})
        self.device = "cpu"

    @property
    def on_device(self) -> bool:
        """Networks train and answer on the device that they are given."""
        return True

    def to(self, device: str) -> Self:
        """Move the networks to a device."""
        self.device = device
        self.nets = [net.to(device) for net in self.nets]
        return self

    def _placed(self, batch: GraphBatch) -> GraphBatch:
        """Return a graph on the networks' device; its edges stay on the processor where parts are cut out of it."""
        return batch.features_to(self.device) if self.config.train.batch_size else batch.to(self.device)

    def fit(self, data: Data, labels: LabelTable, split: Split, run: Run) -> None:
        """Learn from the labels of training nodes; validation nodes choose the epoch."""
        keep_freed_memory()
        graph = _nodes(data).graph
        self.tasks, self.families = labels.tasks, families(labels.tasks)
        train, val = labels.on_rows(split.train), labels.on_rows(split.val)
        if not len(train):
            raise UserError("no training node has a label", where=graph.name, mend="Choose another split.")
        self.note_features(data)
        self.config = self.config.suited(any(table.sparse is not None for table in graph.nodes.values()))
        if isinstance(graph, StoredGraph):
            self.config = self.config.packed()
        self.prepare = Preparer.fit(self.config.net, graph, self.families, train)
        self.support = Support.of(graph, train)
        self.settings = _serves(self.config, self.tasks)
        self.device = run.device
        batch = self._placed(self.prepare.batch(graph, train, train))
        self.shape = self.prepare.shape(graph, batch)
        asked, validation = ([self._targets(graph, part, f) for f in self.families] for part in (train, val))
        for net, kept, rows in train_members(self.config, self.shape, self.families, batch, asked, validation, run):
            self.nets.append(net)
            self.kept.append(kept)
            self.history.append(rows)
        self.weight = self._weigh(batch, validation)

    def _weigh(self, batch: GraphBatch, validation: Sequence[FamilyTargets]) -> Floats:
        """Return how much each member counts for each family, `[M, F]`, by its answers on validation nodes."""
        if len(self.nets) == 1:
            return np.ones((1, len(self.families)))
        scores = [self._scores(k, batch, validation) for k in range(len(self.nets))]
        each = [
            weigh(family, [answers(family, member[at][asked.row].double()) for member in scores], asked)
            for at, (family, asked) in enumerate(zip(self.families, validation, strict=True))
        ]
        return np.array(each).T

    def _targets(self, graph: Any, labels: LabelTable, family: Any) -> FamilyTargets:
        return FamilyTargets.of(targets(labels, family, graph.offset[family.node_type], self.prepare.scale))

    def encode(self, data: Data) -> Encoded:
        """Check that the graph is made as the one the model was fitted to."""
        self.check_features(data)
        return Encoded(_nodes(data))

    def predict_encoded(self, encoded: Encoded, known: Shown) -> Predictions:
        """Predict every task of the nodes; NaN where a task is not on a node's type."""
        nodes = encoded.nodes
        batch = self._batch(nodes, known.table)
        scores = [self._scores(k, batch, nodes) for k in range(len(self.nets))]
        return to_predictions(self.tasks, self.families, scores, self.weight, nodes, self.prepare.scale)

    def _batch(self, nodes: Nodes, known: LabelTable) -> GraphBatch:
        shown = LabelTable(self.tasks, len(nodes.graph), nodes.row[known.row], known.col, known.value)
        reads = self.config.net.labels != "none"  # finding all nodes of the support again takes its time
        known = self.support.beside(nodes.graph, shown) if reads else shown
        return self._placed(self.prepare.batch(nodes.graph, known, shown))

    @torch.no_grad()
    def _scores(self, k: int, batch: GraphBatch, asked: Sequence[FamilyTargets] | Nodes) -> list[Tensor]:
        """Return each family's logits from the weights of member `k` that are kept for it."""
        net = self.nets[k].eval()
        found: list[Tensor] = [torch.empty(0)] * len(self.families)
        hops = self.config.net.trunk.layers + net.published
        parts = Minibatches.of(self.config.train, batch, self.families, hops, 0)
        for weights, names in self.kept[k]:
            net.load_state_dict(weights)
            scores = net(batch) if parts is None else parts.predict(net, asked)
            for at, family in enumerate(self.families):
                if family.name in names:
                    found[at] = scores[at]
        return found

    def gate_table(self, graph: Any) -> list[GateSummary]:
        """Return what each task takes from which, by layer, type and relation: means over nodes of the first member."""
        nothing = LabelTable.empty(self.tasks, 0)
        batch = self._batch(Nodes(graph, np.zeros(0, np.int64)), nothing)
        net, (weights, _) = self.nets[0].eval(), self.kept[0][-1]
        net.load_state_dict(weights)
        if isinstance(graph, StoredGraph):
            batch = self._some(batch, graph)
        with torch.no_grad():
            return summarise(net.read_gates(batch), [family.name for family in self.families])

    def _some(self, batch: GraphBatch, graph: StoredGraph, most: int = 1000) -> GraphBatch:
        """Return the part around some nodes of the tasks' types, the same for a graph, whose whole is too big."""
        draw = torch.Generator().manual_seed(0)
        kinds = dict.fromkeys(family.node_type for family in self.families)
        seeds = {kind: torch.randperm(min(graph.nodes[kind].n, 10**6), generator=draw)[:most] for kind in kinds}
        hops = self.config.net.trunk.layers + self.nets[0].published
        fanout = self.config.train.fanout or None
        return batch.part(Sampler(batch.topology, [fanout] * hops).sample(seeds, 0))

    @property
    def n_parameters(self) -> int:
        """Number of trained parameters, over all members."""
        return sum(p.numel() for net in self.nets for p in net.parameters())

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return configuration and arrays: weights, scalers and the training labels."""
        arrays = {"weight": self.weight, **self.prepare.state(), **put_under("support.", self.support.state())}
        kept: list[list[list[str]]] = []
        for k, sets in enumerate(self.kept):
            kept.append([names for _, names in sets])
            for at, (weights, _) in enumerate(sets):
                arrays |= {f"net{k}.{at}.{key}": value.cpu().numpy() for key, value in weights.items()}
        note = {"kept": kept, "shape": self.shape.to_json(), "composed": list(self.prepare.composed)}
        return {"config": asdict(self.config), "state": note, "history": self.history}, arrays

    @classmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        model = cls.__new__(cls)
        note: Mapping[str, Any] = config["state"]
        model.config = revive(GraphConfig, config["config"])
        model.tasks, model.families, model.history = tasks, families(tasks), config["history"]
        model.prepare = Preparer.restore(model.config.net, model.families, note["composed"], arrays)
        model.shape = NetShape.from_json(note["shape"])
        model.support = Support.restore(tasks, arrays, "support.")
        model.nets, model.kept, model.weight, model.device = [], [], arrays["weight"], "cpu"
        nothing = [FamilyTargets.none(family) for family in model.families]
        for k, sets in enumerate(note["kept"]):
            model.nets.append(new_network(model.config.member(k), model.shape, model.families, nothing, 0))
            model.kept.append([(tensors(f"net{k}.{at}.", arrays), list(names)) for at, names in enumerate(sets)])
            model.nets[-1].load_state_dict(model.kept[-1][0][0])
        return model


def _nodes(data: Data) -> Nodes:
    if not isinstance(data, Nodes):
        raise UserError("this model reads nodes of a graph", mend="Give a graph folder, or fit with --model metalink.")
    return data


def _serves(config: GraphConfig, tasks: TaskSet) -> frozenset[Setting]:
    """Return the settings that can be served: labels of a node's other tasks help where a type has several."""
    names = list(dict.fromkeys((task.family, task.node_type) for task in tasks))
    kinds = [kind for _, kind in names]
    several = len(set(kinds)) < len(kinds)
    shows = config.net.labels == "all" and config.net.head.reveal > 0 and several
    return frozenset({Setting.STANDARD, Setting.RELATIONAL} if shows else {Setting.STANDARD})
