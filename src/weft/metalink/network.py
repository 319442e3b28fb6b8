"""MetaLink as one network: an encoder and a knowledge graph, trained by episodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from weft.data.base import Data, Inputs
from weft.encoders.base import build_encoder
from weft.labels import LabelTable, Shown
from weft.metalink.bank import choose_support
from weft.metalink.columns import ColumnLabels, Layout
from weft.metalink.graph import GraphConfig, KnowledgeGraph, TaskSide
from weft.predictor import Predictions
from weft.settings import Episode, reveal, reveal_at_random
from weft.tasks import TaskSet
from weft.training.loop import History, LoopConfig, Step, train
from weft.training.losses import ColumnLoss
from weft.training.metrics import HEADLINE, score_tasks
from weft.training.run import Run

#: Data encoded at once outside training.
_CHUNK = 512


@dataclass(frozen=True)
class NetworkConfig:
    """A MetaLink network and its episodes.

    Attributes:
        encoder: name of the encoder.
        encoder_options: its options.
        dim: width of embeddings.
        graph: shape of the knowledge graph.
        loop: how to optimise.
        batch: query data per step, and as many support data.
        symmetric: each half of a step is support for the other, so that both are asked; else the first half
            is support only, as in MetaLink's released code.
        reveal: share of a query's labels shown in training: each label by its own draw; None draws a share per
            datum, for one model that serves all ratios; 0 shows nothing.
        bank: training data kept as support at inference.
        imbalance: `none`, `balanced` or `focal`.
        members: networks trained with different seeds and averaged.
        validation_reveal: reveal ratio of the validation score.
    """

    encoder: str = "fusion"
    encoder_options: dict[str, Any] = field(default_factory=dict[str, Any])
    dim: int = 256
    graph: GraphConfig = field(default_factory=GraphConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    batch: int = 128
    symmetric: bool = False
    reveal: float | None = None
    bank: int = 2048
    imbalance: str = "none"
    members: int = 1
    validation_reveal: float = 0.5


class MetaLinkNet(nn.Module):
    """Encoder and knowledge graph in one module."""

    def __init__(self, config: NetworkConfig, widths: dict[str, int], prior: Tensor) -> None:
        super().__init__()
        self.encoder = build_encoder(config.encoder, widths, config.dim, **config.encoder_options)
        self.graph = KnowledgeGraph(prior, self.encoder.dim, config.graph)

    def embed(self, inputs: Inputs, rows: Tensor) -> Tensor:
        """Return embeddings `[B, D]` of `rows`, in chunks, without gradient, in evaluation mode."""
        self.eval()
        with torch.no_grad():
            return torch.cat([self.encoder(inputs.take(part)) for part in rows.split(_CHUNK)])


def train_member(
    config: NetworkConfig,
    data: Data,
    labels: LabelTable,
    layout: Layout,
    parts: Sequence[NDArray[np.int64]],
    run: Run,
    name: str,
) -> tuple[MetaLinkNet, TaskSide, History]:
    """Train one network.

    Args:
        config: the network.
        data: `N` data.
        labels: their labels; only those of the two parts are read.
        layout: columns of the tasks.
        parts: training rows and validation rows.
        run: seed, progress, checkpoints.
        name: stage name.

    Returns:
        the network with its best weights, its task side from the support bank, and its history.
    """
    rows, validation = parts
    prior = column_prior(layout, labels.take(rows))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        widths = {kind: data.dense(kind).shape[1] for kind in data.kinds if kind != "graph"}
        net = MetaLinkNet(config, widths, prior)
    inputs = Inputs.of(data, net.encoder.needs)
    net.encoder.fit_scalers(inputs, torch.from_numpy(rows))
    bank = choose_support(labels, rows, config.bank, run.seed)
    support = layout.columns(labels.take(bank))
    judge = _Judge(config, inputs, labels, layout, bank, support, validation)
    episodes = Episodes(config, net, inputs, labels, layout, rows, prior, run.seed)
    history = train(net, episodes.steps, lambda: judge(net), config.loop, run, name)
    with torch.no_grad():
        side = net.graph.task_side(net.embed(inputs, torch.from_numpy(bank)), support).detached()
    return net, side, history


def column_prior(layout: Layout, labels: LabelTable) -> Tensor:
    """Return the share of label 1 of each column `[L]`; 0 in continuous ones (standardised)."""
    known = layout.columns(labels)
    share = (known.value * known.known).sum(0) + 0.5
    return torch.where(known.continuous, 0.0, share / (known.known.sum(0) + 1))


class Episodes:
    """The training steps of an epoch: shuffled rows in pairs of support and query."""

    def __init__(
        self,
        config: NetworkConfig,
        net: MetaLinkNet,
        inputs: Inputs,
        labels: LabelTable,
        layout: Layout,
        rows: NDArray[np.int64],
        prior: Tensor,
        seed: int,
    ) -> None:
        self.config, self.net, self.inputs, self.labels, self.layout = config, net, inputs, labels, layout
        self.rows, self.seed = rows, seed
        continuous = torch.from_numpy(layout.continuous)
        self.loss = ColumnLoss.make(continuous, layout.groups(), prior, config.imbalance)

    def steps(self, epoch: int) -> Iterator[Step]:
        """Yield the epoch's steps; a trailing half without a partner is left out, as a lone pair never is."""
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(self.rows)
        size = min(self.config.batch, max(len(order) // 2, 1))
        for start in range(0, len(order) - size, 2 * size):
            first, second = order[start : start + size], order[start + size : start + 2 * size]
            yield lambda first=first, second=second: self._loss(first, second, rng)

    def _loss(self, first: NDArray[np.int64], second: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        halves = [self._half(part) for part in (first, second)]
        loss = self._asked_loss(halves[0], halves[1], rng)
        return (loss + self._asked_loss(halves[1], halves[0], rng)) / 2 if self.config.symmetric else loss

    def _half(self, rows: NDArray[np.int64]) -> tuple[Tensor, LabelTable]:
        return self.net.encoder(self.inputs.take(torch.from_numpy(rows))), self.labels.take(rows)

    def _asked_loss(
        self, support: tuple[Tensor, LabelTable], query: tuple[Tensor, LabelTable], rng: np.random.Generator
    ) -> Tensor:
        episode = self._episode(query[1], rng)
        side = self.net.graph.task_side(support[0], self.layout.columns(support[1]))
        score = self.net.graph(query[0], self.layout.columns(episode.shown.table), side)
        asked = self.layout.columns(episode.asked.table)
        return self.loss(score, asked.known, asked.value)

    def _episode(self, labels: LabelTable, rng: np.random.Generator) -> Episode:
        ratio = self.config.reveal
        if ratio is None:
            return reveal_at_random(labels, rng)
        return Episode(*labels.split(rng.random(len(labels)) < ratio))


class _Judge:
    """The validation score: mean over tasks of ROC-AUC (R² for regression) on fixed reveal masks."""

    def __init__(
        self,
        config: NetworkConfig,
        inputs: Inputs,
        labels: LabelTable,
        layout: Layout,
        bank: NDArray[np.int64],
        support: ColumnLabels,
        rows: NDArray[np.int64],
    ) -> None:
        self.inputs, self.layout, self.support = inputs, layout, support
        self.bank, self.rows = torch.from_numpy(bank), torch.from_numpy(rows)
        part, ratio = labels.take(rows), config.validation_reveal
        self.episodes = [reveal(part, ratio, seed) for seed in range(3 if ratio else 1)] if len(part) else []

    def __call__(self, net: MetaLinkNet) -> float | None:
        if not self.episodes:
            return None
        side = net.graph.task_side(net.embed(self.inputs, self.bank), self.support)
        h = net.embed(self.inputs, self.rows)
        found: list[float] = []
        for episode in self.episodes:
            score = net.graph(h, self.layout.columns(episode.shown.table), side)
            scores = score_tasks(to_predictions(self.layout, [score]), episode.asked)
            found += [v for s in scores.tasks if (v := s.values[HEADLINE[s.kind]]) is not None]
        return float(np.mean(found)) if found else None


def to_predictions(layout: Layout, scores: Sequence[Tensor], ok: NDArray[np.bool_] | None = None) -> Predictions:
    """Turn the members' scores `[B, L]` into mean predictions and their spread over members.

    One member alone has no spread: its standard deviation is NaN.
    """
    answers = [_answers(layout, score.double()) for score in scores]
    stack = np.stack([answer.numpy() for answer in answers])
    values = np.where(layout.continuous, layout.unscale(stack), stack)
    std = values.std(0, ddof=1) if len(values) > 1 else np.full(values.shape[1:], np.nan)
    return Predictions(layout.tasks, values.mean(0), std, np.ones(values.shape[1], bool) if ok is None else ok)


def _answers(layout: Layout, score: Tensor) -> Tensor:
    """Probabilities of binary and class columns, scores of continuous ones."""
    answer = torch.where(torch.from_numpy(layout.continuous), score, torch.sigmoid(score))
    for start, stop in layout.groups():
        answer[:, start:stop] = torch.softmax(score[:, start:stop], 1)
    return answer


class NetworkEngine:
    """An ensemble of MetaLink networks behind the predictor."""

    def __init__(self, config: NetworkConfig) -> None:
        self.config = config
        self.nets: list[MetaLinkNet] = []
        self.sides: list[TaskSide] = []

    def fit(
        self, data: Data, labels: LabelTable, rows: NDArray[np.int64], validation: NDArray[np.int64], run: Run
    ) -> None:
        """Train every member on `rows`."""
        self.layout = Layout.fit(labels.on_rows(rows))
        self.widths = {kind: data.dense(kind).shape[1] for kind in data.kinds if kind != "graph"}
        self.history: list[History] = []
        for k in range(self.config.members):
            member_run = replace(run, seed=run.seed + 7919 * k)
            name = "train" if self.config.members == 1 else f"train {k + 1} of {self.config.members}"
            parts = (rows, validation)
            net, side, history = train_member(self.config, data, labels, self.layout, parts, member_run, name)
            self.nets.append(net)
            self.sides.append(side)
            self.history.append(history)

    def encode(self, data: Data) -> tuple[list[Tensor], NDArray[np.bool_]]:
        """Embed the data with every member."""
        inputs = Inputs.of(data, self.nets[0].encoder.needs)
        rows = torch.arange(len(data))
        return [net.embed(inputs, rows) for net in self.nets], data.ok

    def predict(self, encoded: tuple[list[Tensor], NDArray[np.bool_]], known: Shown) -> Predictions:
        """Read the known labels."""
        columns = self.layout.columns(known.table)
        embeddings, ok = encoded
        with torch.no_grad():
            scores = [
                net.graph(h, columns, side) for net, side, h in zip(self.nets, self.sides, embeddings, strict=True)
            ]
        return to_predictions(self.layout, scores, ok)

    def add_task(self, data: Data, labels: LabelTable, run: Run) -> None:
        """Give the tasks of `labels` their nodes from the support `data` (inductive graphs only)."""
        del run  # one forward pass: nothing random, nothing to report
        old = self.layout.width
        self.layout = self.layout.extend(labels)
        shifted = LabelTable(
            self.layout.tasks,
            labels.n_rows,
            labels.row,
            labels.col + len(self.layout.tasks) - len(labels.tasks),
            labels.value,
        )
        known = self.layout.columns(shifted)
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
            arrays |= {f"net{k}.{key}": value.detach().numpy() for key, value in net.state_dict().items()}
            arrays |= {f"tasks{k}.{n}": t.numpy() for n, t in enumerate(side.tasks)}
            arrays |= {f"support{k}.{n}": h.numpy() for n, h in enumerate(side.support)}
        return {"widths": self.widths}, arrays

    def restore(self, tasks: TaskSet, config: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state` gave."""
        self.layout, self.widths = Layout.restore(tasks, arrays), config["widths"]
        for k in range(self.config.members):
            state, side = tensors(f"net{k}.", arrays), tensors(f"tasks{k}.", arrays)
            support = tensors(f"support{k}.", arrays)
            width = len(state["graph.nodes.embedding"]) if "graph.nodes.embedding" in state else self.layout.width
            net = MetaLinkNet(self.config, self.widths, torch.zeros(width))
            net.load_state_dict(state)
            self.nets.append(net.eval())
            self.sides.append(TaskSide(_in_order(side), _in_order(support)))


def _in_order(parts: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    return tuple(parts[str(n)] for n in range(len(parts)))


def tensors(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    """Return the arrays whose name begins with `prefix`, without it, as tensors."""
    return {
        key[len(prefix) :]: torch.from_numpy(np.array(value)) for key, value in arrays.items() if key.startswith(prefix)
    }
