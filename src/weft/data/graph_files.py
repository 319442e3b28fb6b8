"""A graph from a folder, whatever its layout: `read_graph`."""

from __future__ import annotations

from pathlib import Path

from weft.data.hetero import HeteroGraph
from weft.errors import UserError

#: Layout -> the file in the folder that tells it; the first that is there counts.
LAYOUTS = {"store": "store.json", "tables": "graph.toml", "npz": "edges.npz", "hgb": "link.dat"}
_MEND = (
    "A graph's folder has graph.toml (tables of nodes and edges), edges.npz (arrays), link.dat and node.dat (HGB), "
    "or store.json (packed by 'weft pack')."
)


def layout(path: Path | str) -> str | None:
    """Return `tables`, `npz` or `hgb`; None when `path` is no folder of a graph."""
    return next((name for name, file in LAYOUTS.items() if (Path(path) / file).is_file()), None)


def is_graph(path: Path | str) -> bool:
    """Whether `path` is a folder that `read_graph` knows how to read."""
    return layout(path) is not None


def read_graph(path: Path | str, split: str | None = None) -> HeteroGraph:
    """Read a graph from a folder of any of the three layouts.

    Args:
        path: the folder.
        split: one of the published splits by name, where the layout has several (npz).

    Raises:
        UserError: when there is no such folder, it is no graph, or something in it is wrong.
    """
    found = known_layout(path)
    if found == "store" and split is None:
        from weft.data.stored_graph import StoredGraph

        return StoredGraph.open(path)
    if found == "npz":
        from weft.data.graph_npz import read_npz_graph

        return read_npz_graph(path, split)
    if split is not None:
        mend = "Leave --split out, or name the nodes' parts in the files."
        raise UserError(f"there is no split {split!r}", where=str(path), mend=mend)
    if found == "tables":
        from weft.data.graph_tables import read_graph_tables

        return read_graph_tables(path)
    from weft.data.graph_hgb import read_hgb_graph

    return read_hgb_graph(path)


def known_layout(path: Path | str) -> str:
    """Return the layout of a folder.

    Raises:
        UserError: when it is missing, a file, or no graph.
    """
    found = layout(path)
    if found is None:
        here = Path(path)
        what = (
            "no graph is in this folder" if here.is_dir() else "this is a file" if here.exists() else "no such folder"
        )
        raise UserError(what, where=str(path), mend=_MEND)
    return found
