"""Packages that weft needs, and those of its extras: there, and of a version it works with."""

from __future__ import annotations

import importlib.metadata as metadata
import sys
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

from weft.doctor.finding import Finding, fine, note, wrong

#: Extras for those who work on weft itself: nothing is lacking without them.
_OWN = ("dev", "docs")
_OLDEST = (3, 11)


def python() -> Finding:
    """Look at the interpreter."""
    found = sys.version.split()[0]
    if sys.version_info < _OLDEST:
        mend = "Make an environment with a newer one: python3.12 -m venv .venv"
        return wrong("Python", f"{found} is too old; weft needs {'.'.join(map(str, _OLDEST))} or newer", mend)
    return fine("Python", f"{found}, {sys.executable}")


def packages(name: str = "weft") -> Iterator[Finding]:
    """Look at what an installed package asks for, then at its extras."""
    try:
        told, extras = metadata.requires(name) or [], metadata.metadata(name).get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:
        mend = "Run: pip install weft"
        yield wrong("packages", f"{name} is not installed, only its source is at hand: needs cannot be told", mend)
        return
    needs = list(_parsed(told))
    lacking = [text for need in needs if _applies(need, "") for text in _lacks(need)]
    if lacking:
        yield wrong("packages", "; ".join(lacking), f"Run: pip install --upgrade {name}")
    else:
        yield fine("packages", f"all {sum(_applies(need, '') for need in needs)} that weft needs are there")
    for extra in sorted(set(extras) - set(_OWN)):
        wanted = [need for need in needs if _applies(need, extra) and not _applies(need, "")]
        yield _extra(name, extra, wanted)


def _extra(name: str, extra: str, wanted: list[Requirement]) -> Finding:
    lacking = [text for need in wanted for text in _lacks(need)]
    if not lacking:
        return fine(f"extra {extra}", ", ".join(need.name for need in wanted))
    return note(f"extra {extra}", "; ".join(lacking), f"If you want it: pip install '{name}[{extra}]'")


def _parsed(lines: list[str]) -> Iterator[Requirement]:
    for line in lines:
        try:
            yield Requirement(line)
        except InvalidRequirement:
            continue


def _applies(need: Requirement, extra: str) -> bool:
    return need.marker is None or need.marker.evaluate({"extra": extra})


def _lacks(need: Requirement) -> Iterator[str]:
    """Tell why a need is not met; nothing when it is."""
    try:
        found = metadata.version(need.name)
    except metadata.PackageNotFoundError:
        yield f"{need.name} is not installed"
        return
    if not need.specifier.contains(found, prereleases=True):
        yield f"{need.name} is {found}, needed is {need.specifier}"
