r"""From support embeddings to task nodes of classes, and from these to scores of queries.

A class is a task node; the N nodes of an episode are a group whose scores share a softmax. In the meta setting a node
is made of its support alone: first the mean :math:`c_k` of its K support embeddings (prototypical networks, Snell et
al., arXiv 1703.05175, equation 1), then moved by layers of the knowledge graph (`GraphHead`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from weft.errors import UserError, nearest


@dataclass(frozen=True)
class ClassNodes:
    """Task nodes of the classes of one group.

    Attributes:
        layers: nodes before each layer of the graph and after the last, each `[N, D]`.
        count: support data of each class, float `[N]`.
    """

    layers: tuple[Tensor, ...]
    count: Tensor


class Head(nn.Module, ABC):
    """What an episode is answered with."""

    @abstractmethod
    def nodes(self, h: Tensor, known: Tensor) -> ClassNodes:
        """Return the task nodes of the classes.

        Args:
            h: support embeddings `[S, D]`.
            known: float `[S, N]`, 1 where a support datum is of a class; every class has one at least.
        """

    @abstractmethod
    def scores(self, h: Tensor, nodes: ClassNodes) -> Tensor:
        """Return logits `[B, N]` of queries `[B, D]`; a query reads the nodes and no other query."""

    def forward(self, support: Tensor, known: Tensor, query: Tensor) -> Tensor:
        """Score the queries `[B, D]` of one episode, `[B, N]`."""
        return self.scores(query, self.nodes(support, known))


def class_means(h: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean embedding `[N, D]` and the number `[N]` of each class's support data."""
    count = known.sum(0)
    return (known.T @ h) / count.clamp(min=1)[:, None], count


def square_distances(a: Tensor, b: Tensor) -> Tensor:
    """Return squared Euclidean distances `[A, B]` of rows."""
    return (a.square().sum(1)[:, None] - 2 * a @ b.T + b.square().sum(1)).clamp(min=0)


class PrototypeHead(Head):
    r"""Prototypical network: :math:`s_k = -\tau\,\lVert q - c_k \rVert^2`.

    Args:
        temperature: first value of :math:`\tau`, which is learnt as in later work (with 1 the paper's).
    """

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        self.log_temperature = nn.Parameter(torch.tensor(math.log(temperature)))

    def nodes(self, h: Tensor, known: Tensor) -> ClassNodes:
        """Return class means."""
        mean, count = class_means(h, known)
        return ClassNodes((mean,), count)

    def scores(self, h: Tensor, nodes: ClassNodes) -> Tensor:
        """Return negative squared distances times the temperature."""
        return -self.log_temperature.exp() * square_distances(h, nodes.layers[0])


class ClassLayer(nn.Module):
    r"""One layer of the knowledge graph over class nodes `c`, support data `h` and a query `q`.

    .. math::
        c_k' &= c_k + A\,\phi\Bigl(\operatorname{mean}_{i \in k} \sigma(G h_i) \odot M h_i
                + \sum_l \alpha_{kl} V c_l + S c_k\Bigr),\qquad
        \alpha_k = \operatorname{softmax}_l \frac{(Q c_k)^\top (K c_l)}{\sqrt D} \\
        q' &= q + B\,\phi\Bigl(\sum_l \beta_l V c_l + S q\Bigr),\qquad
        \beta = \operatorname{softmax}_l \frac{(Q q)^\top (K c_l)}{\sqrt D}

    The first message is MetaLink's gated one (arXiv 2303.07666) along the edges that say 1; in a group of classes the
    other N - 1 edges of a datum say no more. In their place a node reads the other classes of its group, which is what
    tells its own apart in this episode, and so does a query. A and B start at 0: the layer starts as none.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gate, self.message = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.ask, self.key, self.value = (nn.Linear(dim, dim) for _ in range(3))
        self.own = nn.Linear(dim, dim)
        self.to_class, self.to_query = nn.Linear(dim, dim), nn.Linear(dim, dim)
        for out in (self.to_class, self.to_query):
            nn.init.zeros_(out.weight)
            nn.init.zeros_(out.bias)

    def update_classes(self, c: Tensor, h: Tensor, known: Tensor) -> Tensor:
        """Return new class nodes `[N, D]` from support data `h [S, D]` with edges `known [S, N]`."""
        message, _ = class_means(torch.sigmoid(self.gate(h)) * self.message(h), known)
        return c + self.to_class(torch.relu(message + self._read(c, c) + self.own(c)))

    def update_queries(self, q: Tensor, c: Tensor) -> Tensor:
        """Return new embeddings of data `[B, D]`, each from itself and the class nodes `c [N, D]`."""
        return q + self.to_query(torch.relu(self._read(q, c) + self.own(q)))

    def _read(self, x: Tensor, c: Tensor) -> Tensor:
        weight = torch.softmax(self.ask(x) @ self.key(c).T / math.sqrt(c.shape[1]), 1)
        return weight @ self.value(c)


def moved_nodes(layers: nn.ModuleList, h: Tensor, known: Tensor, share: float = 1.0) -> tuple[Tensor, ...]:
    """Return class nodes `[N, D]` before every layer and after the last; support data read the nodes as queries do.

    Args:
        layers: `ClassLayer`s.
        h: support data `[S, D]`.
        known: which class each is of `[S, N]`.
        share: of each layer's step that is taken.
    """
    c, _ = class_means(h, known)
    found = [c]
    for layer in layers:
        assert isinstance(layer, ClassLayer)
        c, h = torch.lerp(c, layer.update_classes(c, h, known), share), layer.update_queries(h, c)
        found.append(c)
    return tuple(found)


def moved_queries(layers: nn.ModuleList, q: Tensor, nodes: Sequence[Tensor], share: float = 1.0) -> tuple[Tensor, ...]:
    """Return queries `[B, D]` before every layer and after the last, each reading the nodes before the layer."""
    found = [q]
    for layer, c in zip(layers, nodes[:-1], strict=True):
        assert isinstance(layer, ClassLayer)
        q = torch.lerp(q, layer.update_queries(q, c), share)
        found.append(q)
    return tuple(found)


class GraphHead(Head):
    r"""MetaLink in the meta setting: class nodes from their support, moved by layers of the knowledge graph.

    The score of a class is summed over the inputs of every layer and the output of the last, as in MetaLink's released
    code, :math:`-\sum_l \tau_l \lVert q^{(l)} - c_k^{(l)} \rVert^2`; without layers it is a prototypical network.

    Args:
        dim: width of embeddings.
        layers: of the knowledge graph.
        temperature: first value of every :math:`\tau_l`.
    """

    def __init__(self, dim: int, layers: int = 1, temperature: float = 0.1) -> None:
        super().__init__()
        self.layers = nn.ModuleList(ClassLayer(dim) for _ in range(layers))
        share = temperature / (layers + 1)
        self.log_temperature = nn.Parameter(torch.full((layers + 1,), math.log(share)))

    def nodes(self, h: Tensor, known: Tensor) -> ClassNodes:
        """Return the nodes before and after every layer."""
        return ClassNodes(moved_nodes(self.layers, h, known), known.sum(0))

    def scores(self, h: Tensor, nodes: ClassNodes) -> Tensor:
        """Return the sum of the layers' scores."""
        placed = moved_queries(self.layers, h, nodes.layers)
        parts = zip(self.log_temperature.exp(), placed, nodes.layers, strict=True)
        return -torch.stack([heat * square_distances(q, c) for heat, q, c in parts]).sum(0)


class TunedHead(Head):
    """A linear head that starts at the prototypes and takes gradient steps on the support (MAML of the head).

    MAML (Finn et al., arXiv 1703.03400) with the head alone adapted (ANIL, Raghu et al., arXiv 1909.09157) from the
    prototypes (Proto-MAML, Triantafillou et al., arXiv 1903.03096); the step size is learnt, through all steps.

    Args:
        steps: gradient steps of full batches.
        temperature: that of the prototypes.
        rate: first step size.
    """

    def __init__(self, steps: int = 5, temperature: float = 0.1, rate: float = 0.005) -> None:
        super().__init__()
        self.steps = steps
        self.log_temperature = nn.Parameter(torch.tensor(math.log(temperature)))
        self.log_rate = nn.Parameter(torch.tensor(math.log(rate)))

    def nodes(self, h: Tensor, known: Tensor) -> ClassNodes:
        """Return weights `[N, D]` and biases `[N, 1]` after the steps."""
        mean, count = class_means(h, known)
        temperature = self.log_temperature.exp()
        weight, bias = 2 * temperature * mean, -temperature * mean.square().sum(1)
        for _ in range(self.steps):
            error = (torch.softmax(h @ weight.T + bias, 1) - known) / len(h)  # gradient of the mean cross-entropy
            weight = weight - self.log_rate.exp() * error.T @ h
            bias = bias - self.log_rate.exp() * error.sum(0)
        return ClassNodes((weight, bias[:, None]), count)

    def scores(self, h: Tensor, nodes: ClassNodes) -> Tensor:
        """Return the linear head's logits."""
        weight, bias = nodes.layers
        return h @ weight.T + bias[:, 0]


HEADS = ("prototype", "graph", "tuned")


def make_head(name: str, dim: int, layers: int = 1) -> Head:
    """Make a head by its name.

    Args:
        name: of `HEADS`.
        dim: width of embeddings.
        layers: of the knowledge graph of `graph`.

    Raises:
        UserError: for another name.
    """
    if name not in HEADS:
        raise UserError(f"there is no head {name!r}", mend=nearest(name, HEADS))
    return {"prototype": PrototypeHead, "tuned": TunedHead}[name]() if name != "graph" else GraphHead(dim, layers)
