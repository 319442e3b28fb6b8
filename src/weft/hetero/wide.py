"""The wide half of a network: sparse features that go straight to the outputs, through one linear map.

Rare words and names of neighbours are remembered best by weights of their own (Cheng et al. 2016, Wide & Deep).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from weft.data.hetero import HeteroGraph
from weft.hetero.features import FeatureScaler, unit_rows
from weft.hetero.paths import Path, neighbours, pairs, paths_into

#: A block of more entries per node than this costs more than it has been seen to bring.
MOST_ENTRIES = 250
#: Nor is one made that would take gigabytes on the way.
MOST_PAIRS = 20_000_000
#: A column that fewer nodes have cannot tell anything of another node.
LEAST_NODES = 2


def wide_blocks(graph: HeteroGraph, kind: str, scaler: FeatureScaler) -> dict[str, Any]:
    """Return the wide features of the nodes of a type: name -> CSR `[n, V]`, rows of length 1.

    They are its own sparse features, the names of its neighbours one relation away, and the summed sparse
    features of those and of nodes of its own type two relations away, itself left out.
    """
    blocks: dict[str, Any] = {}
    own = scaler.sparse(kind, graph.nodes[kind])
    if own is not None:
        blocks["own"] = own
    for path in paths_into(graph, kind):
        if path.second is None:
            blocks[f"{path.name}: names"] = unit_rows(path.first)
            blocks[f"{path.name}: features"] = _gathered(graph, path, scaler)
        elif path.returns:
            blocks[f"{path.name}: features"] = _gathered(graph, path, scaler)
    return {name: block for name, block in blocks.items() if block is not None}


def _gathered(graph: HeteroGraph, path: Path, scaler: FeatureScaler) -> Any:
    n = max(graph.nodes[path.target].n, 1)
    features = scaler.sparse(path.source, graph.nodes[path.source])
    if features is None or pairs(path) > min(MOST_ENTRIES * n, MOST_PAIRS):
        return None
    summed: Any = neighbours(path) @ features
    return None if summed.nnz > MOST_ENTRIES * n else unit_rows(summed)


def join(blocks: dict[str, Any]) -> tuple[Any, np.ndarray]:
    """Return the blocks side by side without columns that are too rare, and which columns were kept, int64 `[V]`."""
    whole: Any = sp.csr_array(sp.hstack(list(blocks.values()), format="csr"))
    width = sum(int(block.shape[1]) for block in blocks.values())
    seen = np.bincount(whole.indices, minlength=width)
    kept = np.flatnonzero(seen >= LEAST_NODES)
    return sp.csr_array(whole[:, kept]), kept
