"""An encoder and a head, trained by episodes of training classes and judged on episodes of other classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.data.base import Inputs
from weft.encoders.base import build_encoder
from weft.fewshot.episodes import Drawn, Ints, Shape, draw, members
from weft.fewshot.heads import Head, make_head
from weft.group import current
from weft.training.loop import History, LoopConfig, Step, train
from weft.training.run import Run

#: What a model is judged by in validation, and asked in tests.
CELLS = ((5, 1), (5, 5), (20, 1), (20, 5))


@dataclass(frozen=True)
class FewShotConfig:
    """A network and its episodes.

    Attributes:
        encoder: name of the encoder.
        encoder_options: its options.
        dim: width of embeddings; 0 takes the features of an encoder of images.
        head: of `weft.fewshot.heads.HEADS`.
        layers: of the knowledge graph of the head `graph`, trained with the encoder.
        ways: classes of a training episode.
        shots: support data of each class; every episode draws one of these.
        queries: query data of each class.
        steps: episodes per epoch.
        loop: how to optimise.
        judged: validation episodes of each of `CELLS` that the validation classes allow.
        exact_layers: layers of the knowledge graph over exact class nodes, learnt once the encoder is
            (`weft.fewshot.layered`).
    """

    encoder: str = "conv4"
    encoder_options: dict[str, Any] = field(default_factory=dict[str, Any])
    dim: int = 0
    head: str = "graph"
    layers: int = 1
    ways: int = 20
    shots: tuple[int, ...] = (1, 5)
    queries: int = 5
    steps: int = 50
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(30, 1e-3, 0.0, schedule="cosine"))
    judged: int = 100
    exact_layers: int = 0


class FewShotNet(nn.Module):
    """Encoder and head in one module."""

    def __init__(self, config: FewShotConfig, widths: Mapping[str, int]) -> None:
        super().__init__()
        self.encoder = build_encoder(config.encoder, widths, config.dim, **config.encoder_options)
        self.head: Head = make_head(config.head, self.encoder.dim, config.layers)

    def embed(self, inputs: Inputs, rows: Tensor) -> Tensor:
        """Return embeddings `[B, D]` of `rows` on the processor, in chunks, without gradient, in evaluation mode.

        The encoder computes where it is; the processes of a group embed a part each and have all.
        """
        self.eval()
        group, placed = current(), inputs.to(next(self.encoder.parameters()).device)
        with torch.no_grad():
            chunks = group.part(rows).split(self.encoder.chunk)
            return group.joined(torch.cat([self.encoder(placed.take(part)) for part in chunks]), len(rows)).cpu()


def one_hot(answer: Ints, ways: int) -> Tensor:
    """Return which class each datum is of as float `[S, N]`."""
    return F.one_hot(torch.from_numpy(answer), ways).float()


def learn(
    config: FewShotConfig, inputs: Inputs, widths: Mapping[str, int], label: Ints, parts: Sequence[Ints], run: Run
) -> tuple[FewShotNet, History]:
    """Train a network.

    Args:
        config: which.
        inputs: of all data.
        widths: what its encoder is built for.
        label: class of every datum, int64 `[N]`.
        parts: training and validation rows; a class is in one of them, or rows of all classes are in both.
        run: seed, device, progress and checkpoints.

    Returns:
        the network with the weights of its best epoch in validation, and what every epoch reached. Its encoder stays
        on the run's device, its head answers on the processor.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        net = FewShotNet(config, widths)
    net.encoder.fit_scalers(inputs, torch.from_numpy(np.sort(parts[0])))
    net, inputs = net.to(run.device), inputs.to(run.device)
    steps = Episodes(config, net, inputs, members(label, parts[0]), run.seed)
    judge = Judge(config, inputs, label, parts[1], run.device)
    split = list(net.encoder.parameters())
    history = train(net, steps, lambda: judge(net), config.loop, run, "episodes", split=split)
    net.head.to("cpu")
    return net, history


class Episodes:
    """The training steps of an epoch."""

    def __init__(
        self, config: FewShotConfig, net: FewShotNet, inputs: Inputs, among: Sequence[Ints], seed: int
    ) -> None:
        self.config, self.net, self.inputs, self.among, self.seed = config, net, inputs, among, seed
        self.ways = min(config.ways, len(among))

    def __call__(self, epoch: int) -> Iterator[Step]:
        """Yield the epoch's steps, the same for every head with one seed."""
        rng = np.random.default_rng([self.seed, epoch])
        for _ in range(self.config.steps):
            shape = Shape(self.ways, int(rng.choice(self.config.shots)), self.config.queries)
            episode = draw(self.among, shape, rng)
            yield lambda episode=episode: self._loss(episode)

    def _loss(self, episode: Drawn) -> Tensor:
        group, rows = current(), torch.from_numpy(np.concatenate([episode.support, episode.query]))
        h = group.joined(self.net.encoder(self.inputs.take(group.part(rows))), len(rows))
        support, query = h[: len(episode.support)], h[len(episode.support) :]
        score = self.net.head(support, one_hot(episode.support_answer, self.ways).to(h.device), query)
        return F.cross_entropy(score, torch.from_numpy(episode.answer).to(h.device))


class Judge:
    """The validation score: mean accuracy over fixed episodes of the sizes that the validation classes allow."""

    def __init__(
        self, config: FewShotConfig, inputs: Inputs, label: Ints, rows: Ints, device: torch.device | str = "cpu"
    ) -> None:
        self.inputs, self.rows, self.config, self.device = inputs, np.sort(rows), config, device
        self.among = [np.searchsorted(self.rows, part) for part in members(label, self.rows)]
        self.shapes = [
            shape for n, k in CELLS if allows(self.among, shape := Shape(n, k, config.queries)) and config.judged
        ]

    def __call__(self, net: FewShotNet) -> float | None:
        """Return the score; None when there is nothing to judge by."""
        if not self.shapes:
            return None
        h = net.embed(self.inputs, torch.from_numpy(self.rows)).to(self.device)
        return float(np.mean([correct(net.head, h, self.among, s, self.config.judged) for s in self.shapes]))


def allows(among: Sequence[Ints], shape: Shape) -> bool:
    """Whether there are classes enough for an episode."""
    return sum(len(rows) >= shape.shots + shape.queries for rows in among) >= shape.ways


Answer = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Support embeddings, which class each is of, and query embeddings, to scores."""


def correct(answer: Answer, h: Tensor, among: Sequence[Ints], shape: Shape, count: int, seed: int = 0) -> Any:
    """Return the share of right answers in each of `count` fixed episodes, float64 `[E]`.

    Args:
        answer: a head, or what else answers an episode.
        h: embeddings of the data `[N, D]`.
        among: rows of each class.
        shape: of the episodes.
        count: how many.
        seed: of the draws, which depend on nothing else: every model is asked the same episodes.
    """
    found: list[float] = []
    for support, known, query, right in fixed_episodes(h, among, shape, count, seed):
        with torch.no_grad():
            score = answer(support, known, query)
        found.append(float(np.mean(score.argmax(1).cpu().numpy() == right)))
    return np.array(found)


def fixed_episodes(
    h: Tensor, among: Sequence[Ints], shape: Shape, count: int, seed: int = 0
) -> Iterator[tuple[Tensor, Tensor, Tensor, Ints]]:
    """Yield the episodes of `correct`: support, which class each is of, queries, and the classes of these."""
    rng = np.random.default_rng([seed, shape.ways, shape.shots])
    for _ in range(count):
        episode = draw(among, shape, rng)
        support, query = (h[torch.from_numpy(rows)] for rows in (episode.support, episode.query))
        yield support, one_hot(episode.support_answer, shape.ways).to(h.device), query, episode.answer
