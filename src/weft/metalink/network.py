"""MetaLink as one network: an encoder and a knowledge graph, trained by episodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from weft.data.base import Inputs
from weft.encoders.base import build_encoder
from weft.group import current
from weft.metalink.graph import GraphConfig, KnowledgeGraph
from weft.training.loop import LoopConfig


@dataclass(frozen=True)
class NetworkConfig:
    """A MetaLink network and its episodes.

    Attributes:
        encoder: name of the encoder.
        encoder_options: its options.
        weights: file or folder of weights that the encoder starts from; empty for none.
        weights_sha256: hash of their content.
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
    weights: str = ""
    weights_sha256: str = ""
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

    def __init__(
        self, config: NetworkConfig, widths: dict[str, int], prior: Tensor, similarity: Tensor | None = None
    ) -> None:
        super().__init__()
        self.encoder = build_encoder(config.encoder, widths, config.dim, **config.encoder_options)
        self.graph = KnowledgeGraph(prior, self.encoder.dim, config.graph, similarity)

    def embed(self, inputs: Inputs, rows: Tensor) -> Tensor:
        """Return embeddings `[B, D]` of `rows`, in chunks, without gradient, in evaluation mode.

        The processes of a group embed a part each and have all.
        """
        self.eval()
        group = current()
        with torch.no_grad():
            chunks = group.part(rows).split(self.encoder.chunk)
            return group.joined(torch.cat([self.encoder(inputs.take(part)) for part in chunks]), len(rows))
