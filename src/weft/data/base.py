"""What a predictor reads: `Data` of any kind, and the tensors a network reads of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

    from weft.data.pixels import Pixels
    from weft.data.ragged import Ragged
    from weft.data.store import GraphBatch, PackedGraphs

#: Feature kinds with values per atom or per pair of atoms, which only the encoders that need them make.
RAGGED = ("grover", "distances")
#: Feature kinds that are not a matrix `[N, D]` and stay packed until a batch is asked for.
PACKED = ("graph", "images", *RAGGED)


class Data(Protocol):
    """A table of data, one per input row, bad rows included so that nothing shifts.

    Feature kinds are named: `graph` (packed molecule graphs), `images` (packed pixels) and dense ones such as
    `morgan`, `descriptors`, `vectors`, `words` and `thumbnail`. Some encoders read further, ragged kinds, with values
    per atom or per pair of atoms. Features are computed when first asked for and cached.
    """

    def __len__(self) -> int:
        """Return the number of input rows, `N`."""
        ...

    @property
    def status(self) -> list[str]:
        """`ok` or the reason why the row cannot be used, `[N]`."""
        ...

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Whether the row can be used, bool `[N]`."""
        ...

    @property
    def keys(self) -> list[str]:
        """What a datum is known by across tables, such as its canonical SMILES; '' for bad rows."""
        ...

    @property
    def kinds(self) -> tuple[str, ...]:
        """The feature kinds this data can give, ragged ones aside."""
        ...

    def dense(self, kind: str) -> NDArray[np.float32]:
        """Return dense features `[N, D]`; bad rows are zeros, undefined values NaN."""
        ...

    def graphs(self) -> PackedGraphs:
        """Return the packed graphs of all `N` rows; bad rows are empty graphs."""
        ...

    def images(self) -> Pixels:
        """Return the packed images of all `N` rows; the pixels of bad rows mean nothing.

        Raises:
            UserError: when the data are no images.
        """
        ...

    def ragged(self, kind: str) -> Ragged:
        """Return features of changing number per row; bad rows have none.

        Raises:
            UserError: when the data has no such kind.
        """
        ...

    def groups(self) -> NDArray[np.int64]:
        """Return what should stay together in cross-validation, such as a scaffold's molecules, int64 `[N]`."""
        ...

    def feature_hash(self, kind: str) -> str:
        """Return the hash of how a feature kind is made; stored with a model and checked on use."""
        ...

    def take(self, rows: NDArray[np.int64]) -> Data:
        """Return the data at `rows`."""
        ...


@dataclass(frozen=True)
class Batch:
    """Tensors of some data: what an encoder reads.

    Attributes:
        graph: their graphs, when asked for.
        dense: float32 (float64 in training with that precision) `[B, D]` per dense kind.
        ragged: `[M, ...]` per ragged kind, the parts of one datum after those of the other.
        images: uint8 `[B, C, H, W]`, when asked for.
    """

    graph: GraphBatch | None = None
    dense: dict[str, torch.Tensor] = field(default_factory=dict[str, "torch.Tensor"])
    ragged: dict[str, torch.Tensor] = field(default_factory=dict[str, "torch.Tensor"])
    images: torch.Tensor | None = None


@dataclass(frozen=True)
class Inputs:
    """The tensors of a whole data set; a batch is an index gather."""

    graph: PackedGraphs | None = None
    dense: dict[str, torch.Tensor] = field(default_factory=dict[str, "torch.Tensor"])
    ragged: dict[str, Ragged] = field(default_factory=dict[str, "Ragged"])
    images: Pixels | None = None

    @classmethod
    def of(cls, data: Data, kinds: Collection[str]) -> Inputs:
        """Collect the named feature kinds of `data`."""
        import torch

        graph = data.graphs() if "graph" in kinds else None
        images = data.images() if "images" in kinds else None
        dense = {kind: torch.from_numpy(data.dense(kind)) for kind in kinds if kind not in PACKED}
        return cls(graph, dense, {kind: data.ragged(kind) for kind in kinds if kind in RAGGED}, images)

    @property
    def widths(self) -> dict[str, int]:
        """Columns of each dense kind; channels, height and width of images: what an encoder is built for."""
        return {kind: x.shape[1] for kind, x in self.dense.items()} | (self.images.shape if self.images else {})

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Inputs:
        """Return the whole data set on a device, where batches are then gathered; dense kinds as another type."""
        graph = None if self.graph is None else self.graph.to(device)
        dense = {kind: x.to(device, dtype) for kind, x in self.dense.items()}
        ragged = {kind: parts.to(device) for kind, parts in self.ragged.items()}
        return Inputs(graph, dense, ragged, self.images)  # images may be a map of a file: each batch is sent

    def take(self, rows: torch.Tensor) -> Batch:
        """Gather the batch of `rows`, int64 `[B]`, on the device of the data.

        Row numbers on the processor are best: a card then gathers without being waited for.
        """
        from weft.data.ragged import placed

        graph = None if self.graph is None else self.graph.batch(rows)
        ragged = {kind: parts.gather(rows) for kind, parts in self.ragged.items()}
        images = None if self.images is None else self.images.gather(rows).to(self.device)
        dense = {kind: x[placed(rows, x.device)] for kind, x in self.dense.items()}
        return Batch(graph, dense, ragged, images)

    @property
    def device(self) -> torch.device:
        """Where batches are gathered."""
        import torch

        held = [parts.ptr for parts in self.ragged.values()] + list(self.dense.values())
        held += [] if self.graph is None else [self.graph.atom]
        return held[0].device if held else torch.device("cpu")


def widths(data: Data, kinds: Collection[str]) -> dict[str, int]:
    """Return what an encoder is built for: columns of each dense kind; channels, height and width of images.

    Args:
        data: the data.
        kinds: the kinds that the encoder reads; those that the data do not give are left out.
    """
    return Inputs.of(data, [kind for kind in data.kinds if kind in kinds and kind != "graph"]).widths
