"""SD files: the SMILES of every mol block, and its data items as columns."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import polars as pl

from weft.errors import UserError

_ITEM = re.compile(r"^>.*?<(.+?)>")

Source = Callable[[], IO[bytes]]


@dataclass(frozen=True)
class _Block:
    """One molecule: its mol block and its data items."""

    molblock: str
    items: dict[str, str]


def read_sdf(path: Path, source: Source, chunk_rows: int) -> Iterator[tuple[pl.DataFrame, dict[int, str]]]:
    """Yield frames with a SMILES column and one text column per data item of the file.

    The first column is `smiles` (`molblock_smiles` where an item already has that name). A mol block that
    RDKit cannot read gives a null SMILES and a reason, so that rows do not shift.

    Raises:
        UserError: for a file without a single mol block, or text that is not UTF-8.
    """
    names = list(dict.fromkeys(name for block in _blocks(path, source) for name in block.items))
    smiles = "molblock_smiles" if any(name.casefold() == "smiles" for name in names) else "smiles"
    chunk: list[_Block] = []
    for block in _blocks(path, source):
        chunk.append(block)
        if len(chunk) == chunk_rows:
            yield _frame(chunk, smiles, names)
            chunk = []
    if chunk:
        yield _frame(chunk, smiles, names)


def _frame(blocks: list[_Block], smiles: str, names: list[str]) -> tuple[pl.DataFrame, dict[int, str]]:
    from rdkit import Chem, rdBase

    texts: list[str | None] = []
    problems: dict[int, str] = {}
    with rdBase.BlockLogs():
        for at, block in enumerate(blocks):
            mol = cast("Chem.Mol | None", Chem.MolFromMolBlock(block.molblock))
            texts.append(None if mol is None else Chem.MolToSmiles(mol))
            if mol is None:
                problems[at] = "the mol block cannot be read"
    columns = {smiles: texts} | {name: [block.items.get(name) or None for block in blocks] for name in names}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), problems


def _blocks(path: Path, source: Source) -> Iterator[_Block]:
    """Split the file at its `$$$$` lines; what follows the last of them counts when it is not blank."""
    lines: list[str] = []
    found = False
    try:
        with source() as raw, io.TextIOWrapper(raw, encoding="utf-8-sig") as text:
            for line in text:
                if line.rstrip() == "$$$$":
                    yield _block(lines)
                    lines, found = [], True
                else:
                    lines.append(line.rstrip("\n"))
    except UnicodeDecodeError as error:
        raise UserError("the text is not UTF-8", where=str(path), mend="Save the file as UTF-8.") from error
    if any(line.strip() for line in lines):
        if not found and not any(line.startswith("M  END") for line in lines):
            raise UserError("this is not an SD file", where=str(path), mend="Expected mol blocks ended by $$$$.")
        yield _block(lines)


def _block(lines: list[str]) -> _Block:
    end = next((at for at, line in enumerate(lines) if line.startswith("M  END")), len(lines) - 1)
    items: dict[str, str] = {}
    name: str | None = None
    values: list[str] = []
    for line in [*lines[end + 1 :], ""]:
        header = _ITEM.match(line)
        if header is not None and not values:
            name = header.group(1)
        elif line.strip() and name is not None:
            values.append(line)
        elif name is not None:
            items[name] = "\n".join(values)
            name, values = None, []
    return _Block("\n".join(lines[: end + 1]) + "\n", items)
