"""A graph on disk: edges in compressed rows and features in files that are mapped and not read.

`StoredGraph` is a `HeteroGraph` whose arrays stay where they are: opening one reads a card and the labels, and a
neighbourhood brings in what it touches. The files of a relation hold its edges twice: by source (`pairs`), and the
sources by target (`into`), each with the first edge and the number of edges of every node, so that nothing is
sorted when it is opened. `weft.data.stored_build` writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self, overload

import numpy as np
from numpy.typing import NDArray

from weft.data.buckets import mapped
from weft.data.hetero import HeteroGraph, Ints, NodeTable, Relation
from weft.data.splits import Split
from weft.errors import UserError
from weft.files import read_json
from weft.labels import LabelTable
from weft.tasks import TaskSet

CARD = "store.json"
SCHEMA = 1
LABELS, SPLIT = "labels.parquet", "split.parquet"


class StoredKeys(Sequence[str]):
    """What nodes are called, in a file.

    Args:
        end: int64 `[n + 1]`, where each key ends, from 0.
        text: uint8, all keys.
    """

    def __init__(self, end: Ints, text: NDArray[np.uint8]) -> None:
        self._end, self._text = end, text

    def __len__(self) -> int:
        return len(self._end) - 1

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return [self[k] for k in range(*at.indices(len(self)))]
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._text[int(self._end[at]) : int(self._end[at + 1])].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        return (self[at] for at in range(len(self)))


@dataclass(frozen=True, eq=False)
class StoredNodes(NodeTable):
    """The nodes of one type; `dense` is mapped.

    Nothing is checked here: that was done when the store was built.

    Attributes:
        statistics: mean, standard deviation and columns with gaps of the features, over all nodes.
    """

    statistics: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])

    def __post_init__(self) -> None:
        """Check nothing: that was done when the store was built."""


class Side(NamedTuple):
    """The edges of a relation by one of their ends.

    Attributes:
        other: the other end of every edge, int64 `[E]`; those of a node together, ascending.
        start: first edge of each node, int64 `[n]`.
        degree: number of edges of each node, int64 `[n]`.
    """

    other: Ints
    start: Ints
    degree: Ints


@dataclass(frozen=True, eq=False)
class StoredGraph(HeteroGraph):
    """A graph in a folder of its own.

    Attributes:
        folder: of the files.
        content: hash of all of them but labels and split.
    """

    folder: Path = field(default_factory=Path)
    content: str = ""

    def __post_init__(self) -> None:
        """Check nothing: that was done when the store was built."""

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        """Open a store; edges and features are not read.

        Raises:
            UserError: when it is none, or a file is not as long as it should be.
        """
        folder = Path(folder)
        if not (folder / CARD).is_file():
            raise UserError(
                f"this is no packed graph (no {CARD})", where=str(folder), mend="Make one with 'weft pack'."
            )
        card: Any = read_json(folder / CARD)
        if card.get("schema") != SCHEMA:
            told = f"the packed graph has format {card.get('schema')}, this weft reads {SCHEMA}"
            raise UserError(told, where=str(folder), mend="Pack it again.")
        nodes = {kind: _nodes(folder, at, about) for at, (kind, about) in enumerate(card["types"].items())}
        edges = {
            Relation.parse(key): _mapped(folder / f"edges{at}.pairs", np.int64, (2, int(count)))
            for at, (key, count) in enumerate(card["relations"].items())
        }
        n_rows = sum(table.n for table in nodes.values())
        labels = _labels(folder / LABELS, TaskSet.from_json(card["tasks"]), n_rows)
        split = Split.load(folder / SPLIT) if (folder / SPLIT).is_file() else None
        return cls(nodes, edges, labels, split, str(card["name"]), folder, str(card["content"]))

    def into(self, relation: Relation) -> Side:
        """Return a relation's edges by target: a target's sources."""
        at, n = list(self.edges).index(relation), self.nodes[relation.target].n
        other = _mapped(self.folder / f"edges{at}.into", np.int64, (self.edges[relation].shape[1],))
        return Side(other, *self._places(f"edges{at}.into", n))

    def out_of(self, relation: Relation) -> Side:
        """Return a relation's edges by source: a source's targets."""
        at, n = list(self.edges).index(relation), self.nodes[relation.source].n
        return Side(self.edges[relation][1], *self._places(f"edges{at}.pairs", n))

    def _places(self, name: str, n: int) -> tuple[Ints, Ints]:
        start, count = (_mapped(self.folder / f"{name}.{part}", np.int64, (n,)) for part in ("start", "count"))
        return start, count


def _nodes(folder: Path, at: int, about: Any) -> StoredNodes:
    n, width = int(about["n"]), int(about["width"])
    dense = _mapped(folder / f"nodes{at}.dense", np.float32, (n, width)) if width else None
    keys: Sequence[str] = ()
    if about["keys"]:
        end = _mapped(folder / f"nodes{at}.keys.end", np.int64, (n + 1,))
        keys = StoredKeys(end, _mapped(folder / f"nodes{at}.keys.text", np.uint8, (int(about["keys"]),)))
    told = about["statistics"]
    kinds = {"mean": np.float32, "sd": np.float32, "gaps": np.int64}
    return StoredNodes(n, dense, None, keys, {name: np.array(told[name], kind) for name, kind in kinds.items()})


def _mapped(path: Path, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if not path.is_file() or path.stat().st_size != size:
        raise UserError("the file is not whole", where=str(path), mend="Pack the graph again.")
    return mapped(path, dtype, shape)


def _labels(path: Path, tasks: TaskSet, n_rows: int) -> LabelTable:
    import polars as pl

    frame = pl.read_parquet(path)
    row, col, value = (frame[name].to_numpy() for name in ("row", "task", "value"))
    return LabelTable(tasks, n_rows, row, col, value)
