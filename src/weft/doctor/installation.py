"""An installation: the interpreter, packages, compiled libraries, torch, the machine."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import weft
from weft.doctor.finding import Finding, fine, note
from weft.doctor.imports import card, imports, torch_build
from weft.doctor.machine import machine
from weft.doctor.packages import packages, python


def installation() -> Iterator[Finding]:
    """Look at everything that a model is not needed for."""
    yield fine("weft", f"{weft.__version__}, {Path(weft.__file__).parent}")
    yield python()
    yield from _command()
    yield from packages()
    loaded, torch = imports()
    yield from loaded
    if torch:
        yield torch_build(torch, card().exists())
    yield from machine()


def _command() -> Iterator[Finding]:
    """Look whether the `weft` that a person types is this one."""
    found, own = shutil.which("weft"), Path(sys.executable).parent
    if found is None:
        mend = f"Type {own / 'weft'}, or activate the environment."
        yield note("command", "'weft' is not found by its name alone", mend)
    elif Path(found).parent.resolve() != own.resolve():
        mend = "Activate the environment you mean, or deactivate the other."
        yield note("command", f"'weft' typed alone is {found}, of another Python than {sys.executable}", mend)
    if sys.getfilesystemencoding().lower().replace("-", "") != "utf8":
        mend = "Run: export LC_ALL=C.UTF-8"
        yield note("names of files", f"their encoding here is {sys.getfilesystemencoding()}, not UTF-8", mend)
