"""Frozen dataclasses of configuration back from JSON, with unknown keys refused."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from weft.errors import UserError, nearest

T = TypeVar("T")


def revive(kind: type[T], values: Mapping[str, Any]) -> T:
    """Rebuild a (nested) dataclass from `dataclasses.asdict`.

    Raises:
        UserError: for a key that the dataclass does not have.
    """
    types = typing.get_type_hints(kind)
    known: dict[str, Any] = {}
    for name, value in values.items():
        if name not in types:
            raise UserError(f"unknown setting {name!r} of {kind.__name__}", mend=nearest(name, types))
        known[name] = _field(types[name], value)
    return kind(**known)


def _field(kind: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return revive(kind, value)
    return _tuples(value)


def _tuples(value: Any) -> Any:
    """Return lists as tuples, all the way down: JSON has no tuples."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]
