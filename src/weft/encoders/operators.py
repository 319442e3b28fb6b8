"""PyG's operators. Its import uses a part of torch that is deprecated and warns; that is no news to a user."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message=".torch.jit", category=DeprecationWarning)
    from torch_geometric.nn import GATConv, GINEConv
    from torch_geometric.nn.aggr import Set2Set
    from torch_geometric.nn.models.attentive_fp import GATEConv

__all__ = ["GATConv", "GATEConv", "GINEConv", "Set2Set"]
