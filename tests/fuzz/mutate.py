"""Files made wrong: bytes turned, lines and cells shuffled, containers opened, changed inside and closed again."""

from __future__ import annotations

import copy
import gzip
import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

NUMBERS = (*b"0 -1 nan inf -inf 1e309 1e-320 99999999999999999999 0x10 1_000".split(), b"")
TEXTS = (
    b"", b" ", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b"\n", b"\r\n", b"\t", b",", b";", b"#", b"%",
    b"{", b"[", b"]]", b"NA", b"None", b"true", "é".encode(), "\u202e".encode(), "😀".encode(), b"../../../etc/passwd",
    b"C" * 300, b"__class__", b"$$$$\n", b"M  END\n", b"@data\n", b"[[", b"= ",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 3, 10**20, 1.5, 1e308, float("nan"), float("inf"), "", "x", "0", "../..", "é", [], {}, [0], [[]],
    {"a": 1}, ["x", 1], [None],
)  # fmt: skip


def mutate(data: bytes, name: str, draw: random.Random) -> bytes:
    """Return a file's content made wrong in a few places; a container is mostly wrong inside.

    Args:
        data: the whole file.
        name: of the file: its ending tells what it is.
        draw: where and how.
    """
    if draw.random() < 0.7:
        if name.endswith(".gz"):
            return gzip.compress(mutate(gzip.decompress(data), name[:-3], draw), 1, mtime=0)
        if name.endswith((".npz", ".pt")) and zipfile.is_zipfile(io.BytesIO(data)):
            return _inside(data, draw)
        if name.endswith(".json"):
            return _json(data, draw)
        if name.endswith(".safetensors"):
            return _header(data, draw)
    if name.endswith(TEXT) and draw.random() < 0.6:
        return _lines(data, draw)
    return _bytes(data, draw)


#: Endings of files made of lines.
TEXT = (".csv", ".tsv", ".smi", ".sdf", ".arff", ".toml", ".dat", ".test")


def _bytes(data: bytes, draw: random.Random) -> bytes:
    content = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        at = draw.randrange(len(content) + 1)
        match draw.randrange(7):
            case 0 if content:
                content[at % len(content)] ^= 1 << draw.randrange(8)
            case 1 if content:
                content[at % len(content)] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
            case 2:
                del content[at : at + draw.choice((1, 2, 8, 64))]
            case 3:
                content[at:at] = draw.choice(TEXTS + NUMBERS)
            case 4:
                start = draw.randrange(len(content) + 1)
                content[at:at] = content[start : start + draw.choice((1, 4, 32, 200))]
            case 5:
                del content[at:]
            case _:
                content[at : at + 4] = draw.choice((0, 1, 2**31 - 1, 2**32 - 1, len(content))).to_bytes(4, "little")
    return bytes(content)


def _lines(data: bytes, draw: random.Random) -> bytes:
    lines = data.split(b"\n")
    for _ in range(draw.choice((1, 1, 2, 5))):
        at = draw.randrange(len(lines))
        match draw.randrange(6):
            case 0:
                lines[at : at + 1] = []
            case 1:
                lines.insert(at, draw.choice(lines) if lines else b"")
            case 2:
                other = draw.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines.insert(at, draw.choice(TEXTS))
            case _:
                lines[at] = _cells(lines[at], draw)
        lines = lines or [b""]
    return b"\n".join(lines)


def _cells(line: bytes, draw: random.Random) -> bytes:
    mark = next((mark for mark in (b"\t", b",", b"=", b" ") if mark in line), b",")
    cells = line.split(mark)
    at = draw.randrange(len(cells))
    match draw.randrange(4):
        case 0:
            cells[at] = draw.choice(NUMBERS + TEXTS)
        case 1:
            cells[at] = _bytes(cells[at], draw)
        case 2:
            del cells[at]
        case _:
            cells.insert(at, draw.choice(cells + list(NUMBERS)))
    return mark.join(cells)


def _inside(data: bytes, draw: random.Random) -> bytes:
    """Change one member of a zip, its name, or leave it out; the checksums fit again."""
    with zipfile.ZipFile(io.BytesIO(data)) as held:
        members = {info.filename: held.read(info) for info in held.infolist()}
    chosen = draw.choice(sorted(members))
    match draw.randrange(6):
        case 0:
            del members[chosen]
        case 1:
            members[draw.choice(("x.npy", "../x.npy", chosen + "2", chosen.upper()))] = members.pop(chosen)
        case 2:
            members[chosen] = members[draw.choice(sorted(members))]
        case _:
            members[chosen] = _bytes(members[chosen], draw)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as held:
        for name, content in members.items():
            held.writestr(name, content)
    return made.getvalue()


def _json(data: bytes, draw: random.Random) -> bytes:
    """Change a few places of a JSON value, whatever their types."""
    whole = json.loads(data)
    for _ in range(draw.choice((1, 1, 2, 4))):
        whole = _value(whole, draw)
    return json.dumps(whole).encode()


def _value(value: Any, draw: random.Random, depth: int = 0) -> Any:
    if not value or not isinstance(value, dict | list) or (depth and draw.random() < 0.15):
        return copy.deepcopy(draw.choice(VALUES))
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = draw.choice(keys)
    match draw.randrange(8):
        case 0:
            del value[key]
        case 1 if isinstance(value, dict):
            value[draw.choice(("x", "", "é", str(key) + " "))] = value.pop(key)
        case 2 if isinstance(value, list):
            value.insert(key, copy.deepcopy(value[draw.choice(keys)]))
        case _:
            value[key] = _value(value[key], draw, depth + 1)
    return value


def _header(data: bytes, draw: random.Random) -> bytes:
    """Change the header of a safetensors file; its length is told rightly."""
    n = int.from_bytes(data[:8], "little")
    header = _json(data[8 : 8 + n], draw)
    return len(header).to_bytes(8, "little") + header + data[8 + n :]


def resealed(card: bytes) -> bytes:
    """Return a changed `model.json` whose own hash fits again, as one who means harm would make it."""
    from weft.seal import SEAL, card_hash

    told = json.loads(card)
    return json.dumps({**told, SEAL: card_hash(told)}).encode() if isinstance(told, dict) else card


def files_of(seed: Path) -> list[Path]:
    """Return the files of a seed, a file or a folder, in a fixed order."""
    return [seed] if seed.is_file() else sorted(path for path in seed.rglob("*") if path.is_file())
