"""What a search varies: dotted names of a configuration's fields, each with the values that it may take."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from weft.errors import UserError
from weft.files import read_json
from weft.training.revive import plain


@dataclass(frozen=True)
class Choice:
    """One of some values, without an order.

    Attributes:
        values: JSON-ready.
    """

    values: tuple[Any, ...]

    def with_default(self, value: Any) -> Choice:
        """Return it with `value` among its values."""
        return self if any(same(value, one) for one in self.values) else Choice((value, *self.values))


@dataclass(frozen=True)
class Span:
    """A number between two.

    Attributes:
        low: the least.
        high: the most.
        log: whether its logarithm is even, not itself; both ends are above 0 then.
    """

    low: float
    high: float
    log: bool = False

    def with_default(self, value: Any) -> Span:
        """Return it wide enough for `value`."""
        if not isinstance(value, int | float) or (self.log and value <= 0):
            raise UserError(f"the setting is {value!r}, no number of this span", mend="Give a list of values for it.")
        return Span(min(self.low, value), max(self.high, value), self.log)


Space = Mapping[str, Choice | Span]
"""Dotted name of a field of the model's configuration, such as `loop.lr`, -> its values."""


def same(a: Any, b: Any) -> bool:
    """Whether two JSON-ready values are one."""
    return json.dumps(plain(a)) == json.dumps(plain(b))


def read_space(path: Path) -> dict[str, Choice | Span]:
    """Read a space from a JSON file: a list of values, or `{"low": 1e-4, "high": 1e-2, "log": true}`, by name.

    Raises:
        UserError: naming the setting that is neither.
    """
    return {name: _read(name, value, path) for name, value in read_json(path).items()}


def told_space(space: Space) -> dict[str, Any]:
    """Return a space as `read_space` reads it."""
    return {n: plain(held.values) if isinstance(held, Choice) else asdict(held) for n, held in space.items()}


def _read(name: str, value: Any, path: Path) -> Choice | Span:
    where, mend = f"{path}, {name}", 'Write a list, or {"low": 0.0001, "high": 0.01, "log": true}.'
    if isinstance(value, list) and value:
        return Choice(tuple(value))  # pyright: ignore[reportUnknownArgumentType]
    if not isinstance(value, Mapping) or not {"low", "high"} <= set(value) <= {"low", "high", "log"}:  # pyright: ignore[reportUnknownArgumentType]
        raise UserError(f"{json.dumps(value)} is no list of values and no span", where=where, mend=mend)
    low, high, log = value["low"], value["high"], value.get("log", False)  # pyright: ignore[reportUnknownVariableType]
    if not all(isinstance(end, int | float) and math.isfinite(end) for end in (low, high)) or low >= high:
        raise UserError("a span goes from a number to a greater one", where=where, mend=mend)
    if log and low <= 0:
        raise UserError("a logarithmic span begins above 0", where=where, mend=mend)
    return Span(float(low), float(high), bool(log))  # pyright: ignore[reportUnknownArgumentType]
