"""`info.dat` of `graph_hgb`: what types, relations and classes are called."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weft.data.hetero import Relation
from weft.files import disk_errors


@dataclass(frozen=True)
class Info:
    """Names by number; what is not there is called by its number.

    Attributes:
        types: of node types.
        relations: with their types.
        classes: of each type's labels.
    """

    types: Mapping[int, str]
    relations: Mapping[int, Relation]
    classes: Mapping[int, Mapping[int, str]]

    def type_name(self, code: int) -> str:
        """Return what a type is called."""
        return self.types.get(code, f"type{code}")


def read_info(path: Path) -> Info:
    """Read the names; a file that is missing, or is no JSON (as of some of the benchmark's sets), names nothing."""
    if not path.exists():
        return Info({}, {}, {})
    with disk_errors(path):
        text = path.read_text(encoding="utf-8", errors="replace")
    try:
        held: object = json.loads(text)
    except (ValueError, RecursionError):
        held = {}
    types = {code: _name(name) for code, name in _numbered(held, "node.dat", "node type").items()}
    types = types if len(set(types.values())) == len(types) and all(types.values()) else {}
    relations: dict[int, Relation] = {}
    for code, about in _numbered(held, "link.dat", "link type").items():
        ends = [about.get(key) for key in ("start", "end")] if isinstance(about, Mapping) else []
        codes = [int(str(end)) for end in ends if str(end).isdecimal()]
        if len(codes) == 2 and all(code in types for code in codes):
            source, target = (types[end] for end in codes)
            relations[code] = Relation(source, _relation_name(str(about.get("meaning", "")), source, target), target)
    labels = _numbered(held, "label.dat", "node type")
    classes = {code: {at: str(name) for at, name in _keys(names).items()} for code, names in labels.items()}
    return Info(types, relations, classes)


def _numbered(held: object, *path: str) -> dict[int, Any]:
    for key in path:
        held = held.get(key) if isinstance(held, Mapping) else None
    return _keys(held)


def _keys(held: object) -> dict[int, Any]:
    items = held.items() if isinstance(held, Mapping) else ()
    return {int(key): value for key, value in items if str(key).isdecimal()}


def _name(text: object) -> str:
    """Return a name without what `SOURCE__NAME__TARGET` cannot hold."""
    return re.sub(r"__+", "_", re.sub(r"\s+", "_", str(text).strip())).strip("_")


def _relation_name(meaning: str, source: str, target: str) -> str:
    """Return what stands between the types in `paper-cite-paper`; `to` for `author-paper`.

    Example:
        >>> _relation_name("paper-cite-paper", "paper", "paper"), _relation_name("author-paper", "author", "paper")
        ('cite', 'to')
    """
    text = meaning.removeprefix(f"{source}-").removesuffix(target).strip("-<>")
    return _name(text) or "to"
