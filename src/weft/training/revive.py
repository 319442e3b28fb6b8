"""Frozen dataclasses of configuration back from JSON, or changed by name, with unknown keys refused."""

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


def changed(config: T, changes: Mapping[str, Any]) -> T:
    """Return a (nested) dataclass with other values of some fields.

    Args:
        config: an instance.
        changes: dotted name of a field, such as `graph.layers` -> its value.

    Raises:
        UserError: for a field that the dataclass does not have, or a value of another kind than the field's.
    """
    for name, value in changes.items():
        first, _, rest = name.partition(".")
        held = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}  # pyright: ignore[reportArgumentType]
        inside = held.get(first)
        if first not in held or (rest and not dataclasses.is_dataclass(inside)):
            raise UserError(f"unknown setting {name!r} of {type(config).__name__}", mend=nearest(first, held))
        if not rest:
            value = _like(inside, _tuples(value), name)
        config = dataclasses.replace(config, **{first: changed(inside, {rest: value}) if rest else value})  # pyright: ignore[reportArgumentType, reportUnknownVariableType]
    return config


def plain(value: Any) -> Any:
    """Return a value with lists in the place of tuples, all the way down, as JSON has it."""
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value  # pyright: ignore[reportUnknownVariableType]


def _like(before: Any, value: Any, name: str) -> Any:
    """Return a value for a field that has another; where that is a number, a word or a tuple, so must the value be.

    Raises:
        UserError: where it is not.
    """
    for kind in (bool, int | float, str, tuple):
        if isinstance(before, kind):
            part = isinstance(before, int) and isinstance(value, float)
            if not isinstance(value, kind) or part or (kind is not bool and isinstance(value, bool)):
                what = f"{value!r} does not fit the setting {name}, which is {before!r}"
                raise UserError(what, mend="Give a value of the same kind.")
            return float(value) if isinstance(before, float) else value
    if dataclasses.is_dataclass(before):
        raise UserError(f"{name} is a group of settings", mend=f"Name one of them: {name}.{next(iter(vars(before)))}.")
    return value


def _field(kind: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return revive(kind, value)
    inner = typing.get_args(kind)[:1] if typing.get_origin(kind) is tuple else ()
    if inner and dataclasses.is_dataclass(inner[0]):
        return tuple(_field(inner[0], item) for item in value)
    return _tuples(value)


def _tuples(value: Any) -> Any:
    """Return lists as tuples, all the way down: JSON has no tuples."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]
