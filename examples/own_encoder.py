"""An encoder of your own: molecules in, embeddings out, in one file.

This one counts pairs of bonded atoms by element. `check_encoder` tells whether it keeps what weft relies on.
"""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl
import torch
from torch import Tensor, nn

import weft
from weft.data.base import Batch
from weft.data.synthetic import DEMO
from weft.encoders.base import REGISTRY, Encoder
from weft.testing import check_encoder, toy_inputs

ELEMENTS = 16  # the first field of an atom is its element; rarer ones share a place


class BondPairs(Encoder):
    """Counts of (element, element) over the bonds, on a logarithmic scale, through two linear layers."""

    needs: ClassVar[tuple[str, ...]] = ("graph",)  # what it reads; `widths` tells how wide dense kinds are

    def __init__(self, widths: Mapping[str, int], dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.net = nn.Sequential(nn.Linear(ELEMENTS * (ELEMENTS + 1), dim), nn.PReLU(), nn.Linear(dim, dim))

    def forward(self, batch: Batch) -> Tensor:
        """Return embeddings `[B, dim]` of the type of the weights."""
        graph = batch.graph
        element = graph.atom[:, 0].long().clamp(max=ELEMENTS - 1)
        atoms = torch.zeros(graph.n_graphs * ELEMENTS)
        atoms.index_add_(0, graph.graph * ELEMENTS + element, torch.ones(len(element)))
        pair = element[graph.src] * ELEMENTS + element[graph.dst]
        pairs = torch.zeros(graph.n_graphs * ELEMENTS**2)
        pairs.index_add_(0, graph.graph[graph.src] * ELEMENTS**2 + pair, torch.ones(len(pair)))
        counts = torch.cat([atoms.view(-1, ELEMENTS), pairs.view(-1, ELEMENTS**2)], 1)
        return self.net(counts.log1p().to(self.dtype))  # float64 in training under --precision 64


REGISTRY["bond-pairs"] = "own_encoder:BondPairs"  # module:class

if __name__ == "__main__":
    check_encoder(lambda: BondPairs({}, dim=16), toy_inputs())
    table = pl.read_csv(DEMO).head(300)
    model = weft.MetaLink(encoder="bond-pairs", epochs=5, members=1, threads=1)
    model.fit(table["smiles"], table.select("receptor_binding", "receptor_agonist"))
    print(model.predict_proba(["CCO", "c1ccccc1O"]).round(2))
