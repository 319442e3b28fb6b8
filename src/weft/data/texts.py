"""Texts, such as captions, as the data that predictors read: hashed counts of words and pairs of words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.data.rows import Rows
from weft.errors import UserError, nearest

#: Columns that words and pairs of neighbouring words are hashed to.
COLUMNS = 2048
_SPACE = re.compile(r"\s+")


class Texts(Rows):
    """Texts, one per input row, bad rows included; implements `weft.data.base.Data`.

    Words are counted in lower case, hashed to columns without a vocabulary: a new text never has a word that the
    model's columns do not know. No language is assumed; a text without a word is a bad row.

    Args:
        texts: the texts `[N]`; None is a bad row.
        keys: what each is known by across tables, `[N]`; by default the text itself without case and extra spaces.

    Raises:
        UserError: when a value is neither text nor missing, or `keys` are not one per row.

    Example:
        >>> Texts(["A cat.", None, "..."]).status
        ['ok', 'empty text', 'no word in the text']
    """

    encoder = "words"

    def __init__(self, texts: Sequence[str | None], keys: Sequence[str] | None = None) -> None:
        self._texts = [_text(value, at) for at, value in enumerate(texts)]
        names = [_key(text) for text in self._texts] if keys is None else keys
        super().__init__([_status(text) for text in self._texts], names, "texts")
        self._words: NDArray[np.float32] | None = None

    @property
    def texts(self) -> list[str | None]:
        """The texts as given, `[N]`."""
        return list(self._texts)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The one feature kind, words."""
        return ("words",)

    def dense(self, kind: str) -> NDArray[np.float32]:
        """Return counts of hashed words and pairs of words, float32 `[N, 2048]`; bad rows are zeros."""
        self._check(kind)
        if self._words is None:
            self._words = np.asarray(_vectorizer().transform([text or "" for text in self._texts]).toarray())
        return self._words.copy()

    def feature_hash(self, kind: str) -> str:
        """Return the hash of how words are counted."""
        self._check(kind)
        return hashlib.sha256(f"words 1-2 lower {COLUMNS}".encode()).hexdigest()

    def take(self, rows: NDArray[np.int64]) -> Texts:
        """Return the texts at `rows`, with their status and keys."""
        index = np.arange(len(self))[np.asarray(rows)]
        part = self._at(index)
        part._texts = [self._texts[at] for at in index]
        part._words = None if self._words is None else self._words[index]
        return part

    def _check(self, kind: str) -> None:
        if kind != "words":
            raise UserError(f"texts have no features {kind!r}", mend=nearest(kind, self.kinds))


def _vectorizer() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    options: dict[str, Any] = {"norm": None, "dtype": np.float32}  # its types say less than it takes
    pattern = r"(?u)\b\w+\b"
    return HashingVectorizer(
        n_features=COLUMNS, ngram_range=(1, 2), alternate_sign=False, token_pattern=pattern, **options
    )


def _text(value: object, at: int) -> str | None:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if not isinstance(value, str):
        raise UserError(f"expected a text, got {type(value).__name__} {value!r}", where=f"row {at + 1}")
    return value


def _key(text: str | None) -> str:
    return _SPACE.sub(" ", text or "").strip().lower()


def _status(text: str | None) -> str:
    if text is None or not text.strip():
        return "empty text"
    return "ok" if re.search(r"\w", text) else "no word in the text"
