"""ARFF tables, dense and sparse, with Mulan's and MEKA's ways of telling which attributes are labels.

`scipy.io.arff` reads neither sparse rows nor text; the two agree on dense files of numbers and words.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from weft.errors import UserError
from weft.files import disk_errors

_ATTRIBUTE: Final = re.compile(
    r"@attribute\s+(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(\S+))\s+(.+)", re.IGNORECASE
)
_CLASSES: Final = re.compile(r"@relation\s.*-C\s+(-?\d+)", re.IGNORECASE)
_LABEL: Final = re.compile(r"<label\s[^>]*name\s*=\s*[\"']([^\"']+)[\"']")
_MISSING: Final = "?"


def read_arff(path: Path) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the attributes as columns of text (null: missing), and which are told to be labels.

    Labels are told by a file of the same name with `.xml` (Mulan) or `-C n` in the relation's name (MEKA: the first n
    attributes, or the last for a negative n); else none is.

    Raises:
        UserError: naming the line that cannot be read.
    """
    with disk_errors(path):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    names: list[str] = []
    words: list[list[str]] = []
    count = 0
    body = enumerate(lines, 1)
    for number, line in body:
        text = line.strip()
        if text.lower().startswith("@data"):
            break
        if found := _CLASSES.match(text):
            count = int(found[1])
        elif text.lower().startswith("@attribute"):
            name, kind = _attribute(text, path, number)
            names.append(name)
            words.append(kind)
    if not names:
        raise UserError("there is no @attribute", where=str(path), mend="Give an ARFF file.")
    rows = list(_rows(body, words, path))
    if not rows:
        raise UserError("there is no row of data", where=str(path), mend="Check that the right file was saved.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"two attributes are named {twice!r}", where=str(path), mend="Rename one.")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return frame, _labels(path, names, count)


def _attribute(text: str, path: Path, number: int) -> tuple[str, list[str]]:
    """Return an attribute's name and, when it is one of some words, these."""
    found = _ATTRIBUTE.match(text)
    if found is None:
        raise UserError("an attribute has no name or type", where=f"{path}, line {number}", mend="Correct the line.")
    name = found[1] or found[2] or found[3]
    kind = found[4].strip()
    inside = kind[1 : kind.rindex("}")] if kind.startswith("{") and "}" in kind else ""
    return name.replace("\\", ""), _split(inside) if inside else []


def _split(text: str) -> list[str]:
    """Split at commas outside of single or double quotes."""
    quote = "'" if "'" in text and '"' not in text else '"'
    return [word.strip() for word in next(csv.reader([text], quotechar=quote, skipinitialspace=True, escapechar="\\"))]


def _rows(body: Iterator[tuple[int, str]], words: list[list[str]], path: Path) -> Iterator[list[str | None]]:
    for number, line in body:
        text = line.strip()
        if not text or text.startswith("%"):
            continue
        where = f"{path}, line {number}"
        if text.startswith("{"):
            yield _sparse(text, words, where)
            continue
        cells = _split(text)
        if len(cells) != len(words):
            raise UserError(f"{len(cells)} cells for {len(words)} attributes", where=where, mend="Correct the line.")
        yield [None if cell == _MISSING else cell for cell in cells]


def _sparse(text: str, words: list[list[str]], where: str) -> list[str | None]:
    """Return a row of which only some cells are written: the others are 0, or the first of their words."""
    cells: list[str | None] = [kind[0] if kind else "0" for kind in words]
    for item in _split(text[1 : text.rindex("}")] if "}" in text else text[1:]) if text != "{}" else ():
        at, _, value = item.partition(" ")
        if not at.isdigit() or int(at) >= len(words) or not value:
            what = f"{item!r} is no cell of a sparse row of {len(words)} attributes"
            raise UserError(what, where=where, mend="Write INDEX VALUE, indices from 0 on.")
        value = value.strip().strip("'\"")
        cells[int(at)] = None if value == _MISSING else value
    return cells


def _labels(path: Path, names: list[str], count: int) -> tuple[str, ...]:
    beside = path.with_suffix(".xml")
    if beside.is_file():
        with disk_errors(beside):
            found = set(_LABEL.findall(beside.read_text(encoding="utf-8", errors="replace")))
        if unknown := sorted(found - set(names)):
            raise UserError(f"label {unknown[0]!r} is no attribute of {path.name}", where=str(beside))
        return tuple(name for name in names if name in found)
    if abs(count) > len(names):
        raise UserError(f"-C {count} for {len(names)} attributes", where=str(path), mend="Correct the relation's name.")
    return tuple(names[:count] if count >= 0 else names[count:])
