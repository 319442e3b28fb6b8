"""Which epoch's weights are kept: validation picks, per family or by one rule for all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from weft.errors import UserError, nearest
from weft.training.checkpoint import Tensors

RULES = ("task", "all-improve", "last")


class Selection:
    """The weights kept for each family.

    Rules: `task` keeps each family's best evaluation; `all-improve` those at which no family is worse than when
    weights were last kept (InLINE's released rule: whichever task overfits first decides for all); `last` the newest.

    Args:
        names: families.
        rule: one of `RULES`.
        window: an evaluation is judged by the mean score of the newest so many.

    Attributes:
        rows: one per evaluation: epoch, `FAMILY` scores and `loss FAMILY`.
        best: family -> (score, epoch) of what is kept.
    """

    def __init__(self, names: Sequence[str], rule: str = "task", window: int = 1) -> None:
        if rule not in RULES:
            raise UserError(f"there is no rule of selection {rule!r}", mend=nearest(rule, RULES))
        self.names, self.rule, self.window = tuple(names), rule, window
        self.rows: list[dict[str, float]] = []
        self.best: dict[str, tuple[float, int]] = {}
        self._weights: dict[int, Tensors] = {}

    def take(self, epoch: int, scores: Mapping[str, float], losses: Mapping[str, float], weights: Tensors) -> None:
        """Take an evaluation: scores per family (larger is better) of `weights`."""
        self.rows.append({"epoch": epoch, **scores, **{f"loss {name}": loss for name, loss in losses.items()}})
        newest = self.rows[-self.window :]
        scores = {name: sum(row.get(name, scores[name]) for row in newest) / len(newest) for name in scores}
        chosen = self._chosen(scores)
        if not chosen:
            return
        self._weights[epoch] = {key: value.clone() for key, value in weights.items()}
        for name in chosen:
            self.best[name] = (scores.get(name, -math.inf), epoch)
        held = {at for _, at in self.best.values()}
        self._weights = {at: kept for at, kept in self._weights.items() if at in held}

    def _chosen(self, scores: Mapping[str, float]) -> list[str]:
        before = {name: self.best[name][0] if name in self.best else -math.inf for name in scores}
        if self.rule == "last":
            return list(self.names)
        if self.rule == "task":
            return [name for name in scores if scores[name] > before[name]]
        return list(self.names) if all(scores[name] >= before[name] for name in scores) else []

    def fill(self, weights: Tensors) -> None:
        """Keep `weights` for families that nothing was kept for, such as those without validation labels."""
        missing = [name for name in self.names if name not in self.best]
        if missing:
            self._weights[-1] = {key: value.clone() for key, value in weights.items()}
            self.best |= dict.fromkeys(missing, (-math.inf, -1))

    def weights(self) -> list[tuple[Tensors, list[str]]]:
        """Return each distinct set of weights that is kept, and the families that it is kept for."""
        return [
            (kept, [name for name in self.names if self.best[name][1] == epoch])
            for epoch, kept in sorted(self._weights.items())
        ]

    def stale(self) -> int:
        """Return the number of evaluations since any family was last better."""
        newest = max((epoch for _, epoch in self.best.values()), default=-1)
        return sum(row["epoch"] > newest for row in self.rows)

    def words(self, loss: float) -> str:
        """Say where training stands."""
        told = [f"{name} {score:.3f}" for name, (score, _) in list(self.best.items())[:4] if score > -math.inf]
        return f"loss {loss:.4f}" + (f", best validation: {', '.join(told)}" if told else "")

    def state(self) -> tuple[dict[str, Tensors], dict[str, Any]]:
        """Return all weights that are kept, and a JSON-ready note."""
        best = {name: [repr(score), epoch] for name, (score, epoch) in self.best.items()}
        return {f"kept{epoch}": kept for epoch, kept in self._weights.items()}, {"rows": self.rows, "best": best}

    def restore(self, parts: Mapping[str, Tensors], note: Mapping[str, Any]) -> None:
        """Take back what `state` returned."""
        self.rows = list(note["rows"])
        self.best = {name: (float(score), int(epoch)) for name, (score, epoch) in note["best"].items()}
        self._weights = {int(name.removeprefix("kept")): dict(kept) for name, kept in parts.items()}
