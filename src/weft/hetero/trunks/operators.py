"""PyG's heterogeneous operators. Its import uses a part of torch that is deprecated and warns: no news to a user."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message=".torch.jit", category=DeprecationWarning)
    from torch_geometric.nn import HANConv, HGTConv, RGCNConv

__all__ = ["HANConv", "HGTConv", "RGCNConv"]
