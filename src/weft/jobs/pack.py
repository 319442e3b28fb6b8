"""Pack a graph: edges sorted once into files that are mapped, so that it opens at once and trains in bounded memory."""

from __future__ import annotations

from pathlib import Path

from weft.data.graph_files import known_layout, read_graph
from weft.data.stored_graph import StoredGraph
from weft.errors import UserError
from weft.training.run import Report, silent


def pack(folder: Path, out: Path, report: Report = silent) -> StoredGraph:
    """Write the graph in `folder` to the new folder `out`.

    Tables described by `graph.toml` are read piece by piece; the other layouts are read whole.

    Raises:
        UserError: for a folder that is no graph or is packed already, files that are wrong, or an `out` that is not
            empty; nothing is left there then.
    """
    layout = known_layout(folder)
    if layout == "store":
        raise UserError("this graph is packed already", where=str(folder), mend="Use it as it is.")
    if layout == "tables":
        from weft.data.stored_tables import pack_tables

        return pack_tables(folder, out, report)
    from weft.data.stored_build import store_graph

    return store_graph(read_graph(folder), out, report)
