"""An exchange of your own: how tasks share on the way through a graph network, in one file.

Here every task has layers of its own, and after each layer takes a learned share of the mean of all tasks' states.
"""

import torch
from torch import Tensor, nn

import weft
from weft.data.customers import CustomerConfig, customer_graph
from weft.hetero.layer import RelationLayer, States
from weft.hetero.topology import Schema, Topology
from weft.hetero.trunks.base import REGISTRY, Families, Trunk, TrunkConfig, layer_kinds, own_states


class MeanOfTasks(Trunk):
    """`h_t <- (1 - a_t) h_t + a_t mean over s of h_s` after each layer, `a_t` between 0 and 1."""

    def __init__(self, schema: Schema, families: Families, config: TrunkConfig) -> None:
        super().__init__(schema, families, config)
        self.families = families
        kinds = layer_kinds(schema, families, config.layers)  # which types each layer must compute
        self.layers = nn.ModuleList(RelationLayer(schema, k, len(families), config.layer) for k in kinds)
        self.share = nn.Parameter(torch.full((config.layers, len(families)), -2.0))  # begins at 12 percent

    def forward(self, x: States, topology: Topology) -> list[Tensor]:
        """Return each task's state at the nodes of its type, from inputs `[1, N, dim]` per type."""
        for layer, share in zip(self.layers, self.share, strict=True):
            h = layer(x, topology)  # type -> [T, N, dim]: a head per task
            a = share.sigmoid()[:, None, None]
            x = {kind: (1 - a) * state + a * state.mean(0, keepdim=True) for kind, state in h.items()}
        return own_states(x, self.families)


REGISTRY["mean-of-tasks"] = "own_exchange:MeanOfTasks"  # module:class

if __name__ == "__main__":
    graph = customer_graph(CustomerConfig(n_customers=400))
    for exchange in ("shared", "mean-of-tasks"):
        model = weft.InLINE(exchange=exchange, epochs=10, members=1, threads=1).fit(graph)
        print(exchange, round(model.score(graph), 3))
