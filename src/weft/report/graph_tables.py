"""What a graph is, as tables: types and relations."""

from __future__ import annotations

from weft.data.hetero import HeteroGraph
from weft.report.page import table


def graph_tables(graph: HeteroGraph) -> str:
    """Types of node with their features, relations with their edges."""
    nodes = [
        [
            kind,
            str(t.n),
            "-" if t.dense is None else str(t.dense.shape[1]),
            "-" if t.sparse is None else str(t.sparse.shape[1]),
        ]
        for kind, t in graph.nodes.items()
    ]
    relations = [
        [
            " → ".join(relation),
            str(edge.shape[1]),
            f"{edge.shape[1] / max(graph.nodes[relation.source].n, 1):.2f}",
            f"{edge.shape[1] / max(graph.nodes[relation.target].n, 1):.2f}",
        ]
        for relation, edge in graph.edges.items()
    ]
    body = table("Types of node", ["type", "nodes", "dense features", "sparse features"], nodes)
    body += table("Relations", ["relation", "edges", "per source", "per target"], relations)
    return body
