"""From what a client asks about to what the predictor reads: molecules, images, ... (encodings kept) or nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.data.cache import uncached
from weft.data.graph_known import unlabelled
from weft.data.hetero import HeteroGraph
from weft.data.molecules import Molecules
from weft.data.nodes import Nodes
from weft.errors import UserError, nearest
from weft.explain.rows import take_rows
from weft.jobs.node_input import finder
from weft.predictor import Predictions
from weft.serve.encodings import Kept, Recent, join
from weft.serve.loaded import Loaded
from weft.serve.others import content, data_of
from weft.serve.schema import NodeName, Subject

if TYPE_CHECKING:
    from weft.data.base import Data


@dataclass(frozen=True)
class Query:
    """One datum that is asked about.

    Attributes:
        status: `ok`, or why it cannot be used.
        key: canonical SMILES, or `TYPE/ID` of a node.
        smiles: the SMILES as given; None for a node.
        row: global row of the node.
        name: by which its encoding is kept: the SMILES, or the hash of other content.
        content: what an image, text or vector is made of.
    """

    status: str
    key: str
    smiles: str | None = None
    row: int = 0
    name: str = ""
    content: Any = None


class Queries:
    """Finds data and encodes them.

    Args:
        most: molecules whose encodings are kept, or answers about nodes.
    """

    def __init__(self, most: int) -> None:
        self.recent: Recent[Kept] = Recent(most)
        self.answers: Recent[Predictions] = Recent(most)
        self._bare: HeteroGraph | None = None
        self._finders: dict[str, Callable[[str], int | None]] = {}

    def find(self, loaded: Loaded, subjects: Sequence[Subject]) -> list[Query]:
        """Return what is asked about; molecules are encoded on the way.

        Raises:
            UserError: for a node where molecules are asked for, or the other way round.
        """
        if loaded.graph is not None:
            return [self._node(loaded.graph, subject.node, at) for at, subject in enumerate(subjects)]
        if loaded.subject is not None:
            kind = loaded.subject
            asked = [content(kind, subject, at) for at, subject in enumerate(subjects)]
            kept = self.keep(loaded, asked)
            each = zip(asked, kept, strict=True)
            return [Query(k.status, k.key, name=name, content=value) for (name, value), k in each]
        smiles = [_smiles(subject, at) for at, subject in enumerate(subjects)]
        kept = self.keep(loaded, [(text, text) for text in smiles])
        return [Query(k.status, k.key, text, name=text, content=text) for text, k in zip(smiles, kept, strict=True)]

    def keep(self, loaded: Loaded, asked: Sequence[tuple[str, Any]]) -> list[Kept]:
        """Return status, key and encoding of each datum; only those not seen of late are encoded.

        Args:
            loaded: the model.
            asked: name and content of each.
        """
        found = {name: kept for name, _ in asked if (kept := self.recent.get(name)) is not None}
        missing = {name: value for name, value in asked if name not in found}
        if missing:
            with uncached():
                data = _data(loaded, list(missing.values()))
                encoded, status, keys = loaded.predictor.encode(data), data.status, data.keys
            for at, name in enumerate(missing):
                found[name] = Kept(status[at], keys[at], take_rows(encoded, np.array([at]), len(missing)))
                self.recent.put(name, found[name])
        return [found[name] for name, _ in asked]

    def encoded(self, loaded: Loaded, queries: Sequence[Query]) -> Any:
        """Return the encoding of some queries, a row each."""
        if loaded.graph is not None:
            return loaded.predictor.encode(self.nodes(loaded.graph, [query.row for query in queries]))
        return join([kept.encoded for kept in self.keep(loaded, [(query.name, query.content) for query in queries])])

    def nodes(self, graph: HeteroGraph, rows: Sequence[int]) -> Nodes:
        """Return nodes of the graph, which is handed over without its labels."""
        if self._bare is None:
            self._bare = unlabelled(graph)
        return Nodes(self._bare, np.array(rows, np.int64))

    def place(self, graph: HeteroGraph, node: NodeName) -> int:
        """Return the global row of a node.

        Raises:
            UserError: when there is none.
        """
        if node.type not in graph.nodes:
            raise UserError(
                f"the graph has no type {node.type[:60]!r}", where="node", mend=nearest(node.type, graph.nodes)
            )
        if node.type not in self._finders:
            self._finders[node.type] = finder(graph.nodes[node.type])
        at = self._finders[node.type](node.id)
        if at is None:
            mend = "Look it up: GET /api/nodes?type=TYPE&query=TEXT."
            raise UserError(f"the graph has no {node.type} {node.id[:60]!r}", where="node", mend=mend)
        return graph.offset[node.type] + at

    def _node(self, graph: HeteroGraph, node: NodeName | None, at: int) -> Query:
        if node is None:
            mend = 'Send {"node": {"type": ..., "id": ...}} instead of smiles.'
            raise UserError("this model reads nodes of a graph", where=f"item {at + 1}", mend=mend)
        return Query("ok", f"{node.type}/{node.id}", row=self.place(graph, node))


def _data(loaded: Loaded, contents: Sequence[Any]) -> Data:
    if loaded.subject is not None:
        return data_of(loaded.subject, contents)
    return Molecules.from_smiles(list(contents), workers=0)


def _smiles(subject: Subject, at: int) -> str:
    if subject.smiles is None:
        raise UserError("this model reads molecules", where=f"item {at + 1}", mend="Send smiles.")
    return subject.smiles
