"""An ensemble of MetaLink networks: trained, asked, grown by new tasks, saved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.arrays import tensors
from weft.data.base import RAGGED, Data, Inputs, widths
from weft.devices import number_type
from weft.encoders.base import encoder_class
from weft.labels import LabelTable, Shown
from weft.metalink.answers import to_predictions
from weft.metalink.bank import choose_support
from weft.metalink.columns import Layout
from weft.metalink.episodes import Episodes, Judge, column_prior, task_similarity
from weft.metalink.graph import TaskSide
from weft.metalink.network import MetaLinkNet, NetworkConfig
from weft.metalink.path_start import starting_path
from weft.predictor import Predictions
from weft.tasks import TaskSet
from weft.training.loop import train
from weft.training.run import Run


class NetworkEngine:
    """An ensemble of MetaLink networks behind the predictor."""

    def __init__(self, config: NetworkConfig) -> None:
        self.config = config
        self.nets: list[MetaLinkNet] = []
        #: Per member: loss and validation score of every epoch; empty for models of before it was kept.
        self.history: list[list[dict[str, float]]] = []
        self.sides: list[TaskSide] = []
        self.device = torch.device("cpu")

    def to(self, device: str) -> None:
        """Move the networks and what they read of the support to a device."""
        self.device = torch.device(device)
        self.nets = [net.to(device) for net in self.nets]
        self.sides = [side.to(device) for side in self.sides]

    @property
    def ragged(self) -> tuple[str, ...]:
        """The ragged feature kinds that the encoder reads."""
        return tuple(kind for kind in encoder_class(self.config.encoder).needs if kind in RAGGED)

    def fit(
        self, data: Data, labels: LabelTable, rows: NDArray[np.int64], validation: NDArray[np.int64], run: Run
    ) -> None:
        """Train every member on `rows`; they stay on the run's device."""
        self.device = torch.device(run.device)
        self.layout = Layout.fit(labels.on_rows(rows))
        self.widths = widths(data, encoder_class(self.config.encoder).needs)  # other features are not even computed
        for k in range(self.config.members):
            member_run = replace(run, seed=run.seed + 7919 * k)
            name = "train" if self.config.members == 1 else f"train {k + 1} of {self.config.members}"
            parts = (rows, validation)
            net, side, epochs = train_member(
                self.config, self.widths, data, labels, self.layout, parts, member_run, name
            )
            self.nets.append(net)
            self.history.append(epochs)
            self.sides.append(side)

    def encode(self, data: Data) -> tuple[list[Tensor], NDArray[np.bool_]]:
        """Embed the data with every member."""
        inputs = Inputs.of(data, self.nets[0].encoder.needs).to(self.device)
        rows = torch.arange(len(data))
        return [net.embed(inputs, rows) for net in self.nets], data.ok

    def predict(self, encoded: tuple[list[Tensor], NDArray[np.bool_]], known: Shown) -> Predictions:
        """Read the known labels."""
        columns = self.layout.columns(known.table).to(self.device)
        embeddings, ok = encoded
        members = zip(self.nets, self.sides, embeddings, strict=True)
        with torch.no_grad():
            scores = [net.graph(h.to(self.device), columns, side).cpu() for net, side, h in members]
        return to_predictions(self.layout, scores, ok)

    def add_task(self, data: Data, labels: LabelTable, run: Run) -> None:
        """Give the tasks of `labels` their nodes from the support `data` (inductive graphs only)."""
        del run  # one forward pass: nothing random, nothing to report
        old = self.layout.width
        none = LabelTable.empty(self.layout.tasks, labels.n_rows)
        self.layout = self.layout.extend(labels)
        known = self.layout.columns(none.beside(labels)).to(self.device)
        embeddings, _ = self.encode(data)
        for k, (net, side, h) in enumerate(zip(self.nets, self.sides, embeddings, strict=True)):
            with torch.no_grad():
                new = net.graph.task_side(h, known)
            tasks = tuple(torch.cat([a, b[old:]]) for a, b in zip(side.tasks, new.tasks, strict=True))
            self.sides[k] = replace(side, tasks=tasks)

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return configuration and arrays: weights, task sides and layout."""
        arrays = self.layout.state()
        for k, (net, side) in enumerate(zip(self.nets, self.sides, strict=True)):
            arrays |= {f"net{k}.{key}": value.detach().cpu().numpy() for key, value in net.state_dict().items()}
            arrays |= {f"tasks{k}.{n}": t.cpu().numpy() for n, t in enumerate(side.tasks)}
            arrays |= {f"support{k}.{n}": h.cpu().numpy() for n, h in enumerate(side.support)}
        return {"widths": self.widths, "history": self.history}, arrays

    def restore(self, tasks: TaskSet, config: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state` gave."""
        self.layout, self.widths = Layout.restore(tasks, arrays), config["widths"]
        self.history = config.get("history", [])
        for k in range(self.config.members):
            state, side = tensors(f"net{k}.", arrays), tensors(f"tasks{k}.", arrays)
            support = tensors(f"support{k}.", arrays)
            width = len(state["graph.nodes.embedding"]) if "graph.nodes.embedding" in state else self.layout.width
            similarity = torch.zeros(width, width) if "graph.near_tasks" in state else None
            net = MetaLinkNet(self.config, self.widths, torch.zeros(width), similarity)
            net.load_state_dict(state)
            self.nets.append(net.eval())
            self.sides.append(TaskSide(_in_order(side), _in_order(support)))


def _in_order(parts: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    return tuple(parts[str(n)] for n in range(len(parts)))


def _similarity(config: NetworkConfig, layout: Layout, labels: LabelTable) -> Tensor | None:
    """Return what task edges are made from: labels, where tasks are fixed; else embeddings decide."""
    fixed = config.graph.task_neighbours > 0 and not config.graph.inductive
    return task_similarity(layout, labels) if fixed else None


def train_member(
    config: NetworkConfig,
    widths: dict[str, int],
    data: Data,
    labels: LabelTable,
    layout: Layout,
    parts: Sequence[NDArray[np.int64]],
    run: Run,
    name: str,
) -> tuple[MetaLinkNet, TaskSide, list[dict[str, float]]]:
    """Train one network, in the precision that its configuration asks for; what is returned is in float32.

    Args:
        config: the network.
        widths: number of features of each dense kind that its encoder reads.
        data: `N` data.
        labels: their labels; only those of the two parts are read.
        layout: columns of the tasks.
        parts: training rows and validation rows.
        run: seed, device, progress, checkpoints.
        name: stage name.

    Returns:
        the network with its best weights, its task side from the support bank, and what every epoch reached.
    """
    rows, validation = parts
    learnt = labels.take(rows)
    prior = column_prior(layout, learnt)
    net = _new_network(config, widths, layout, learnt, prior, run.seed)
    inputs = Inputs.of(data, net.encoder.needs)
    net.encoder.fit_scalers(inputs, torch.from_numpy(rows))
    device, dtype = torch.device(run.device), number_type(config.loop.precision)
    net, inputs = net.to(device, dtype), inputs.to(device, dtype)
    bank = choose_support(labels, rows, config.bank, run.seed)
    support = layout.columns(labels.take(bank)).to(device, dtype)
    judge = Judge(config, inputs, labels, layout, bank, support, validation)
    episodes = Episodes(config, net, inputs, labels, layout, rows, prior, run.seed)
    before = net.encoder.pretrained() if config.weights else ()
    split = list(net.encoder.parameters())
    history = train(net, episodes.steps, lambda: judge(net), config.loop, run, name, before, split)
    with torch.no_grad():
        side = net.graph.task_side(net.embed(inputs, torch.from_numpy(bank)), support).detached()
    net, side = net.float(), side.to(device, torch.float32)  # as it is saved, so that both answer with the same bits
    return net, side, [{name: value for name, value in row.items() if math.isfinite(value)} for row in history.rows]


def _new_network(
    config: NetworkConfig, widths: dict[str, int], layout: Layout, labels: LabelTable, prior: Tensor, seed: int
) -> MetaLinkNet:
    """Return a network before its first step; `labels` are those of the training rows."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = MetaLinkNet(config, widths, prior, _similarity(config, layout, labels))
    path = net.graph.label_path
    if path is not None and config.reveal != 0:
        path.start(starting_path(layout, labels, prior, seed))
    if config.weights:
        net.encoder.load_pretrained(Path(config.weights))
    return net
