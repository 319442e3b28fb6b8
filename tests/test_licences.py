"""Licences of everything that is installed with weft, extras included; and vulnerabilities that are known of it."""

from __future__ import annotations

import importlib.metadata as metadata
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
#: Extras that a user installs.
EXTRAS = ("balance", "serve", "images", "tune", "ray")
#: What may be used beside Apache-2.0, as SPDX identifiers: nothing that asks a user's own code to be opened.
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "HPND", "ISC", "LLVM-exception", "MIT",
    "MIT-CMU", "MPL-2.0", "PSF-2.0", "Unlicense", "Zlib",
}  # fmt: skip
#: Words of older metadata -> SPDX identifier; the first that is found.
WORDS = (
    ("apache", "Apache-2.0"), ("mozilla", "MPL-2.0"), ("mpl", "MPL-2.0"), ("python software foundation", "PSF-2.0"),
    ("isc", "ISC"), ("mit", "MIT"), ("bsd", "BSD-3-Clause"), ("gpl", "GPL"),
)  # fmt: skip


def installed() -> dict[str, metadata.Distribution]:
    """Return every package that weft and its extras bring, as far as it is installed."""
    found: dict[str, metadata.Distribution] = {}
    _walk("weft", EXTRAS, found, set())
    return found


def _walk(name: str, extras: tuple[str, ...], found: dict[str, metadata.Distribution], seen: set) -> None:
    key = re.sub(r"[-_.]+", "-", name).lower()
    if (key, extras) in seen:
        return
    seen.add((key, extras))
    try:
        found[key] = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return
    for need in map(Requirement, found[key].requires or []):
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            _walk(need.name, tuple(sorted(need.extras)), found, seen)


def licences(of: metadata.PackageMetadata) -> Iterator[str]:
    """Return the SPDX identifiers of a package's licence: from its expression, its classifiers, or its words."""
    if expression := of.get("License-Expression"):
        yield from re.findall(r"[\w.+-]+", re.sub(r"\b(AND|OR|WITH)\b", " ", expression))
        return
    told = [text.rpartition("::")[2] for text in of.get_all("Classifier") or [] if text.startswith("License ::")]
    for text in told or [(of.get("License") or "")[:80]]:
        words = text.lower()
        short = [part for part in re.findall(r"[\w.+-]+", text) if part in ALLOWED]
        yield from short or [
            next((spdx for word, spdx in WORDS if re.search(rf"\b{word}", words)), f"unknown: {text!r}")
        ]


def test_licences_are_on_the_list() -> None:
    """Protects a user from a dependency whose licence reaches their own code. Seen to catch: GPL, and no licence."""
    packages = installed()
    assert {"torch", "rdkit", "polars", "lightgbm"} <= set(packages)
    bad = {name: sorted(set(licences(each.metadata)) - ALLOWED) for name, each in packages.items()}
    assert not {name: found for name, found in bad.items() if found}


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["License-Expression: MIT OR GPL-3.0-only"], {"MIT", "GPL-3.0-only"}),
        (["Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)"], {"GPL"}),
        (["License: BSD 3-Clause License\n        Copyright"], {"BSD-3-Clause"}),
        (["License: Apache-2.0"], {"Apache-2.0"}),
        ([], {"unknown: ''"}),
    ],
)
def test_how_licences_are_read(lines: list[str], found: set[str]) -> None:
    """Protects the test above from taking what it does not know."""
    from email import message_from_string

    assert set(licences(message_from_string("\n".join([*lines, "", ""])))) == found  # pyright: ignore[reportArgumentType]


def test_no_vulnerability_is_known_of_the_pinned_versions() -> None:
    """Protects a user from versions with known holes; where no service answers it is skipped, and says so."""
    pytest.importorskip("pip_audit", reason="pip-audit is not installed (extra dev)")
    words = ["--format", "json", "--timeout", "5", "--progress-spinner", "off", "--disable-pip", "--no-deps"]
    command = [sys.executable, "-m", "pip_audit", *words, "--requirement", str(ROOT / "constraints.txt")]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
        packages = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        pytest.skip("no vulnerability service answered: nothing was audited")
    audited = [package for package in packages if "vulns" in package]
    if not audited:
        pytest.skip("the vulnerability service knows none of the packages: nothing was audited")
    assert not {package["name"]: package["vulns"] for package in audited if package["vulns"]}
