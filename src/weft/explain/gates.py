"""InLINE's gates, by relation and layer: which task takes what from which."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from weft.errors import UserError
from weft.explain.numbers import number
from weft.hetero.gate_table import GateSummary
from weft.predictor import Predictor

if TYPE_CHECKING:
    from weft.data.hetero import HeteroGraph


@dataclass(frozen=True)
class Gates:
    """What each task takes from which expert.

    Attributes:
        rows: one per layer, receiving type, relation, task and source; the shares of a task along a relation add up
            to 1.
    """

    rows: tuple[GateSummary, ...]

    def to_json(self) -> list[dict[str, object]]:
        """Return it JSON-ready."""
        return [{**asdict(row), "mean": number(row.mean), "sd": number(row.sd)} for row in self.rows]


def gates(model: Predictor, graph: HeteroGraph) -> Gates:
    """Read the gates of a model of a graph, means over the nodes of `graph`.

    Raises:
        UserError: for a model that has none.
    """
    from weft.hetero.model import InlinePredictor

    rows = model.gate_table(graph) if isinstance(model, InlinePredictor) else []
    if not rows:
        mend = "Ask a model of '--exchange inline' with several tasks."
        raise UserError("this model has no gates between its tasks", mend=mend)
    return Gates(tuple(rows))
