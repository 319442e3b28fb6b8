"""One thing that was looked at, and what was found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How much it matters."""

    FINE = "fine"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: `fine`; `note` for what a person may want to know although all works; `wrong` for what does not work.
        topic: what was looked at.
        what: what was found, in one sentence without its stop.
        mend: the next step that puts it right; '' where there is nothing to do.
    """

    level: Level
    topic: str
    what: str
    mend: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return asdict(self)


def fine(topic: str, what: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(Level.FINE, topic, what)


def note(topic: str, what: str, mend: str = "") -> Finding:
    """Return what may be worth knowing."""
    return Finding(Level.NOTE, topic, what, mend)


def wrong(topic: str, what: str, mend: str) -> Finding:
    """Return what does not work, with its mend."""
    return Finding(Level.WRONG, topic, what, mend)
