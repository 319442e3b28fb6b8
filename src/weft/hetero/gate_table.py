"""What gates did, in a table: which task takes what from which, by layer, type and relation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from weft.hetero.trunks.base import GateReading

SHARED = "shared"


@dataclass(frozen=True)
class GateSummary:
    """How much `task` takes from the expert of `source` under a relation, over the nodes that receive.

    Attributes:
        layer: from 0.
        kind: type of the receiving nodes.
        relation: `source__name__target`.
        task: the family that takes.
        source: the family whose expert gives, or `shared 1`, ...
        mean: over nodes, a share from 0 to 1.
        sd: over nodes.
    """

    layer: int
    kind: str
    relation: str
    task: str
    source: str
    mean: float
    sd: float


def summarise(readings: Sequence[GateReading], names: Sequence[str]) -> list[GateSummary]:
    """Return a row per layer, receiving type, relation, task and source."""
    rows: list[GateSummary] = []
    for reading in readings:
        mean, sd = reading.weight.mean(2).cpu(), reading.weight.std(2, unbiased=False).cpu()
        sources = [*names, *(f"{SHARED} {k + 1}" for k in range(reading.weight.shape[3] - len(names)))]
        rows += [
            GateSummary(reading.layer, reading.kind, relation, task, source, float(mean[t, r, s]), float(sd[t, r, s]))
            for t, task in enumerate(names)
            for r, relation in enumerate(reading.relations)
            for s, source in enumerate(sources)
        ]
    return rows
