"""Layers of the knowledge graph over exact class nodes: a correction that starts at none and is learnt last.

Trained together with an encoder, layers fit its training classes and carry over to others worse than no layer
(docs/fewshot.md). Here the encoder is that of a prototypical network and stays as it is; class nodes and queries stand
in the coordinates of `weft.fewshot.exact`, where the spread within classes is one; layers begin as none, learn from
episodes of the training classes, and validation says how much of their correction is taken, nothing included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.fewshot.episodes import Drawn, Ints, Shape, draw
from weft.fewshot.exact import ClassGaussian, ExactHead
from weft.fewshot.heads import ClassLayer, moved_nodes, moved_queries
from weft.fewshot.network import Answer, FewShotConfig, correct, one_hot
from weft.training.loop import LoopConfig, Step, train
from weft.training.run import Run

#: Shares of the correction that are tried on validation episodes.
SHARES = (0.0, 0.25, 0.5, 1.0)
#: A thousand episodes of embeddings, which cost a twentieth of those of images.
_LOOP = LoopConfig(epochs=10, lr=2e-3, weight_decay=0.0, schedule="cosine")
_STEPS = 100


class NodeLayers(nn.Module):
    """Layers of the knowledge graph over class nodes in the coordinates of a `ClassGaussian`.

    Args:
        gaussian: of the training classes.
        layers: how many.
    """

    def __init__(self, gaussian: ClassGaussian, layers: int) -> None:
        super().__init__()
        self.gaussian = gaussian
        self.layers = nn.ModuleList(ClassLayer(len(gaussian.center)) for _ in range(layers))

    def forward(self, placed: Tensor, known: Tensor, q: Tensor) -> Tensor:
        """Score placed queries `[B, D]` of one episode, `[B, N]`, given placed support; fresh layers change nothing."""
        nodes = moved_nodes(self.layers, placed, known)
        return self.gaussian.scores(moved_queries(self.layers, q, nodes)[-1], nodes[-1], known.sum(0))


def with_layers(
    head: ExactHead,
    config: FewShotConfig,
    h: Tensor,
    among: Sequence[Ints],
    held: tuple[Tensor, Sequence[Ints]],
    shapes: Sequence[Shape],
    run: Run,
) -> ExactHead:
    """Return an exact head with layers over its nodes, of whose correction as much is taken as validation chose.

    Args:
        head: without layers.
        config: how many, and the sizes of training episodes.
        h: embeddings of the training data `[N, D]`.
        among: rows of each training class.
        held: the same two of validation.
        shapes: sizes of episodes that validation allows; without any nothing of the correction is taken.
        run: seed, progress and checkpoints.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        net = NodeLayers(head.gaussian, config.exact_layers)
    made = ExactHead(head.learnt, head.gaussian, head.weights, net.eval())
    if not shapes or not config.judged:
        return made
    placed = head.gaussian.place(held[0])
    steps = _Episodes(config, net, head.gaussian.place(h), among, run.seed)
    here = replace(run, device="cpu")  # class nodes are few numbers
    train(net, steps, lambda: _accuracy(net, placed, held[1], shapes, config.judged), _LOOP, here, "layers")
    found: dict[float, float] = {}
    for share in SHARES:
        made.weights = replace(head.weights, share=share)
        found[share] = _accuracy(made, *held, shapes, 4 * config.judged)
    made.weights = replace(head.weights, share=max(found, key=found.__getitem__))
    return made


def _accuracy(answer: Answer, h: Tensor, among: Sequence[Ints], shapes: Sequence[Shape], count: int) -> float:
    """Return the mean accuracy over fixed episodes of all sizes."""
    return float(np.mean([correct(answer, h, among, shape, count) for shape in shapes]))


class _Episodes:
    """Training episodes of placed embeddings."""

    def __init__(
        self, config: FewShotConfig, net: NodeLayers, placed: Tensor, among: Sequence[Ints], seed: int
    ) -> None:
        self.config, self.net, self.placed, self.among, self.seed = config, net, placed, among, seed
        self.ways = min(config.ways, len(among))

    def __call__(self, epoch: int) -> Iterator[Step]:
        """Yield the epoch's steps."""
        rng = np.random.default_rng([self.seed, epoch, 1])
        for _ in range(_STEPS):
            shape = Shape(self.ways, int(rng.choice(self.config.shots)), self.config.queries)
            episode = draw(self.among, shape, rng)
            yield lambda episode=episode: self._loss(episode)

    def _loss(self, episode: Drawn) -> Tensor:
        support, query = (self.placed[torch.from_numpy(rows)] for rows in (episode.support, episode.query))
        score = self.net(support, one_hot(episode.support_answer, self.ways), query)
        return F.cross_entropy(score, torch.from_numpy(episode.answer))
