"""Texts as `Data`: hashed words, rows without a word are bad rows, in their place."""

from __future__ import annotations

import numpy as np
import pytest

from weft.data.base import Data
from weft.data.texts import Texts
from weft.errors import UserError

TEXTS = ["A cat on a mat", None, "  ", "a  CAT on a mat ", "—!", "Ein Kätzchen"]


def test_rows_without_a_word_are_bad_rows():
    # Protects: nothing shifts, every reason is told, a bad row counts nothing.
    data: Data = Texts(TEXTS)
    assert data.ok.tolist() == [True, False, False, True, False, True]
    assert data.status[1:5] == ["empty text", "empty text", "ok", "no word in the text"]
    assert data.dense("words").shape == (6, 2048)
    assert not data.dense("words")[[1, 2, 4]].any()


def test_words_and_pairs_are_counted_without_case():
    # Protects: 5 words, one of them twice, and 4 pairs; the same text however it is typed.
    counts = Texts(TEXTS).dense("words")
    assert counts[0].sum() == 9
    assert counts[0].max() == 2
    assert np.array_equal(counts[0], counts[3])
    assert counts[5].sum() == 3


def test_keys_are_texts_without_case_and_spaces():
    # Protects: a copy of a caption is the same datum; groups follow.
    data = Texts(TEXTS)
    assert data.keys[0] == data.keys[3] == "a cat on a mat"
    assert data.groups()[0] == data.groups()[3] != data.groups()[5]


def test_take_keeps_what_belongs_to_a_row():
    # Protects: counts, status and keys move together, before and after they were computed.
    data = Texts(TEXTS)
    before, whole = data.take(np.array([5, 1])), data.dense("words")
    after = data.take(np.array([5, 1]))
    assert np.array_equal(before.dense("words"), whole[[5, 1]])
    assert np.array_equal(after.dense("words"), whole[[5, 1]])
    assert after.status == ["ok", "empty text"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: Texts([1]),
        lambda: Texts(["a"], keys=[]),
        lambda: Texts(["a"]).dense("vectors"),
        lambda: Texts(["a"]).images(),
        lambda: Texts(["a"]).graphs(),
        lambda: Texts(["a"]).ragged("distances"),
    ],
)
def test_what_is_no_text_is_told(call):
    # Protects: a user error and not a traceback.
    with pytest.raises(UserError):
        call()
