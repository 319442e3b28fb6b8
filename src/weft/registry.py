"""Things that a person names: found by their name, imported when first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from weft.errors import UserError, nearest


def registered(what: str, name: str, registry: Mapping[str, str]) -> Any:
    """Return what is registered as `name`.

    Args:
        what: the kind of thing, for the message.
        name: as a person wrote it.
        registry: name -> `module:attribute`.

    Raises:
        UserError: for an unknown name, with the nearest known one.
    """
    if name not in registry:
        raise UserError(f"there is no {what} {name!r}", mend=nearest(name, registry))
    module, _, attribute = registry[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
