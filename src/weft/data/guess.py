"""Guesses about a column from its name and a look at its cells."""

from __future__ import annotations

import re
from typing import cast

import numpy as np
import polars as pl

from weft.data.cells import YES_NO, cell_texts, normal, numbers
from weft.tasks import Kind, Task

_SMILES_NAMES = ("smiles", "canonical_smiles", "canonicalsmiles", "isomeric_smiles", "std_smiles", "smi", "mol")
_ID_WORDS = "id|ids|idx|index|key|cas|casrn|cid|sid|no|nr|num|number|row|fold|split"
_ID_NAME = re.compile(rf"(^|[_ .-])({_ID_WORDS})$|^unnamed|^$")
_SPLIT_WORDS = {"train", "training", "val", "valid", "validation", "test"}
_SAMPLE = 100
_LONGEST = 1000


def guess_smiles(frame: pl.DataFrame) -> str | None:
    """Return the column that holds SMILES: by its name, else the one most of whose cells parse, else None.

    Of several columns with a fitting name, the best name that has cells that parse is taken.
    """
    named = sorted((rank, at) for at, name in enumerate(frame.columns) if (rank := _name_rank(name)) is not None)
    likely = [at for _, at in named if parsable_share(frame.to_series(at)) > 0.1]
    if likely:
        return frame.columns[likely[0]]
    best = max(((smiles_share(column), -at) for at, column in enumerate(frame)), default=(0.0, 0))
    if best[0] >= 0.7:
        return frame.columns[-best[1]]
    return next((frame.columns[at] for rank, at in named if rank <= _SMILES_NAMES.index("smi")), None)


def _name_rank(name: str) -> int | None:
    plain = name.strip().lower().replace(" ", "_")
    if plain in _SMILES_NAMES:
        return _SMILES_NAMES.index(plain)
    return len(_SMILES_NAMES) if "smiles" in plain else None


def parsable_share(column: pl.Series) -> float:
    """Return the share of a sample of the known cells that parse as SMILES; 0 where half are numbers."""
    sample = _sample(column)
    if len(sample) == 0 or column.dtype.is_numeric() or 2 * numbers(sample).count() >= len(sample):
        return 0.0
    return float(np.mean([_parses(text) for text in sample]))


def smiles_share(column: pl.Series) -> float:
    """Return `parsable_share`, but 0 for codes that happen to parse: short words, or few that repeat."""
    sample = _sample(column)
    short = len(sample) == 0 or float(np.mean([len(text) for text in sample])) < 3
    return 0.0 if short or (len(sample) > 20 and sample.n_unique() < 10) else parsable_share(column)


def _sample(column: pl.Series) -> pl.Series:
    texts = cell_texts(column).drop_nulls()
    return texts.gather_every(max(len(texts) // _SAMPLE, 1)).head(_SAMPLE)


def _parses(text: str) -> bool:
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        mol = cast("Chem.Mol | None", Chem.MolFromSmiles(text, sanitize=False)) if len(text) <= _LONGEST else None
    return mol is not None


def guess_task(column: pl.Series) -> Task | None:
    """Return the task a column looks like, or None for an id, a name, a split or a note."""
    texts = cell_texts(column)
    known = texts.drop_nulls()
    if _ID_NAME.search(column.name.strip().lower()):
        return None
    if len(known) == 0:
        return None if column.dtype.is_nested() else Task(column.name)
    value = numbers(known).drop_nulls()
    if 2 * len(value) >= len(known):
        return _numeric(column.name, value, len(known))
    return _textual(column.name, known)


def _numeric(name: str, value: pl.Series, n_known: int) -> Task | None:
    if _mostly_binary(value):
        return Task(name)
    unique = value.n_unique()
    whole = bool((value == value.floor()).all())
    counts_up = whole and unique == len(value) and bool(value.diff().drop_nulls().eq(1).all())
    if unique == 1 or (counts_up and n_known == len(value) and unique > 2):
        return None
    return Task(name, Kind.REGRESSION)


def _mostly_binary(value: pl.Series) -> bool:
    """Whether the numbers are 0 and 1, up to a few stray whole ones: reading then names their rows."""
    share = float(value.is_in([0.0, 1.0]).to_numpy().mean()) if len(value) else 0.0
    return share == 1 or (share >= 2 / 3 and bool((value == value.floor()).all()))


def _textual(name: str, known: pl.Series) -> Task | None:
    words = sorted({normal(word) for word in known.unique()})
    pair = yes_no(words)
    if pair is not None:
        return Task(name, Kind.BINARY, pair)
    categorical = 3 <= len(words) <= 20 and len(known) >= 5 * len(words) and not _like_smiles(known)
    if categorical and not _SPLIT_WORDS.issuperset(words):
        return Task(name, Kind.MULTICLASS, _spellings(known))
    return None


def _like_smiles(known: pl.Series) -> bool:
    return float(np.mean([len(text) for text in _sample(known)])) >= 5 and parsable_share(known) > 0.5


def yes_no(words: list[str]) -> tuple[str, str] | None:
    """Return the pair of `YES_NO` that the words are of; one word alone will do."""
    return next((pair for pair in YES_NO if words and set(words) <= set(pair)), None)


def _spellings(known: pl.Series) -> tuple[str, ...]:
    """Return the classes as first spelt; numbers in numeric order, words in alphabetical order."""
    first: dict[str, str] = {}
    for text in known.unique(maintain_order=True):
        first.setdefault(normal(text), text)
    value = numbers(pl.Series(list(first), dtype=pl.String))
    if value.null_count() == 0:
        return tuple(name for _, name in sorted(zip(value, first, strict=True)))
    return tuple(first[word] for word in sorted(first))


def make_task(column: pl.Series, kind: Kind | None) -> Task:
    """Return the task that a column asked for by a person is, of the kind given or else guessed."""
    known = cell_texts(column).drop_nulls()
    words = sorted({normal(word) for word in known.unique()})
    if kind is None:
        kind = _likely_kind(known, words)
    if kind is Kind.REGRESSION:
        return Task(column.name, kind)
    if kind is Kind.MULTICLASS:
        return Task(column.name, kind, _spellings(known))
    pair = yes_no(words)
    if pair is None and len(words) == 2 and numbers(known).null_count() == len(known):
        pair = (words[0], words[1])
    return Task(column.name, Kind.BINARY, pair or ())


def _likely_kind(known: pl.Series, words: list[str]) -> Kind:
    value = numbers(known).drop_nulls()
    if len(known) == 0 or yes_no(words) is not None:
        return Kind.BINARY
    if 2 * len(value) >= len(known):
        return Kind.BINARY if _mostly_binary(value) else Kind.REGRESSION
    return Kind.BINARY if len(words) == 2 else Kind.MULTICLASS
