"""From node features to the states that a trunk reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.hetero.dropout import dropout
from weft.hetero.features import NodeInputs
from weft.hetero.starts import slot


@dataclass(frozen=True)
class InputConfig:
    """How features become states.

    Attributes:
        dim: width of states.
        dropout: of the states.
        entry_dropout: of the entries of sparse features.
        norm: whether states are normalised.
        plain_start: weights start within 1 / sqrt(columns), as torch's linear maps (and InLINE's released code) do.
    """

    dim: int = 64
    dropout: float = 0.0
    entry_dropout: float = 0.4
    norm: bool = False
    plain_start: bool = False


@dataclass(frozen=True)
class Widths:
    """Feature widths of one type: dense and sparse columns; a type without either is known by identity.

    Attributes:
        n: nodes when the network was built, for embeddings by identity.
        dense: dense columns.
        sparse: sparse columns.
        given: columns of known labels, when they are inputs.
    """

    n: int
    dense: int
    sparse: int
    given: int = 0

    @property
    def featured(self) -> bool:
        """Whether the type has features."""
        return bool(self.dense or self.sparse)


class InputProjection(nn.Module):
    """One linear map per type from features to `[copies, N, dim]`; nodes without features get an embedding each.

    Args:
        widths: type -> feature widths.
        copies: independent copies of the map (one per task where tasks share nothing).
        config: how.
    """

    def __init__(self, widths: Mapping[str, Widths], copies: int, config: InputConfig) -> None:
        super().__init__()
        self.config = config
        d = config.dim
        make = {
            "dense": {kind: w.dense for kind, w in widths.items() if w.dense},
            "sparse": {kind: w.sparse for kind, w in widths.items() if w.sparse},
            "given": {kind: w.given for kind, w in widths.items() if w.given},
            "identity": {kind: w.n for kind, w in widths.items() if not w.featured},
        }
        plain = config.plain_start
        fan_in = {k: 3 * max(w.dense + w.sparse, 1) for k, w in widths.items()}  # bound 1 / sqrt(columns)
        dense, sparse = make["dense"].items(), make["sparse"].items()
        self.dense = nn.ParameterDict({slot(k): _uniform(copies, n, d, fan_in[k] if plain else n) for k, n in dense})
        self.sparse = nn.ParameterDict({slot(k): _uniform(copies, n, d, fan_in[k] if plain else 16) for k, n in sparse})
        self.identity = nn.ParameterDict({slot(k): _uniform(copies, n, d, d) for k, n in make["identity"].items()})
        self.given = nn.ParameterDict({slot(k): _uniform(copies, n, d, 3) for k, n in make["given"].items()})
        zeros = {slot(k): nn.Parameter(torch.zeros(copies, 1, d)) for k in widths}
        self.bias = nn.ParameterDict({slot(k): _uniform(copies, 1, d, fan_in[k]) for k in widths} if plain else zeros)

    def forward(self, inputs: Mapping[str, NodeInputs], given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return type -> `[copies, N, dim]`.

        Args:
            inputs: features by type.
            given: columns of labels that may be seen, by type, float32 `[N, C]`; a type left out shows none.
        """
        return {kind: self._state(kind, table, given.get(kind)) for kind, table in inputs.items()}

    def _state(self, kind: str, table: NodeInputs, given: Tensor | None) -> Tensor:
        name = slot(kind)
        x = self.bias[name].expand(-1, table.n, -1)
        if table.dense is not None and name in self.dense:
            x = x + torch.matmul(table.dense, self.dense[name])
        if table.sparse is not None and name in self.sparse:
            x = x + table.sparse.times(self.sparse[name], self.config.entry_dropout, self.training)
        if given is not None and name in self.given:
            x = x + torch.matmul(given, self.given[name])
        if name in self.identity:
            x = x + self.identity[name][:, table.at]
        if self.config.norm:
            x = F.layer_norm(x, x.shape[-1:])
        return dropout(x, self.config.dropout, self.training)


def _uniform(copies: int, rows: int, columns: int, fan_in: int) -> nn.Parameter:
    bound = (3 / max(fan_in, 1)) ** 0.5
    return nn.Parameter(torch.empty(copies, rows, columns).uniform_(-bound, bound))
