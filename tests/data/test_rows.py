"""Rows of images, texts and vectors: which can be used, and what they are known by."""

from __future__ import annotations

import numpy as np
import pytest

from weft.data.images import Images
from weft.data.texts import Texts
from weft.data.vectors import Vectors
from weft.errors import UserError

ROWS = {
    "images": lambda keys: Images.from_arrays(np.arange(3 * 16, dtype=np.uint8).reshape(3, 4, 4), keys),
    "texts": lambda keys: Texts(["a cat", "a dog", "a cow"], keys),
    "vectors": lambda keys: Vectors(np.eye(3), keys),
}


@pytest.mark.parametrize("make", ROWS.values(), ids=ROWS)
def test_equal_keys_are_one_group_and_rows_are_taken_with_theirs(make):
    data = make(["b", "a", "b"])
    assert data.groups().tolist() == [1, 0, 1]
    part = data.take(np.array([2, 1]))
    assert part.keys == ["b", "a"]
    assert part.ok.tolist() == [True, True]
    assert len(part) == 2
    np.testing.assert_array_equal(part.dense(part.kinds[-1]), data.dense(data.kinds[-1])[[2, 1]])


@pytest.mark.parametrize("make", ROWS.values(), ids=ROWS)
def test_a_key_per_row(make):
    with pytest.raises(UserError, match="2 keys for 3"):
        make(["a", "b"])


@pytest.mark.parametrize("make", ROWS.values(), ids=ROWS)
def test_what_there_is_not_names_the_encoder_to_use(make):
    data = make(None)
    with pytest.raises(UserError, match=f"have no graphs. Use the encoder '{data.encoder}'"):
        data.graphs()
    with pytest.raises(UserError, match="have no features 'distances'"):
        data.ragged("distances")
