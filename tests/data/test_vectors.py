"""Vectors as `Data`: rows that are not finite are bad rows, in their place."""

from __future__ import annotations

import numpy as np
import pytest

from weft.data.base import Data
from weft.data.vectors import Vectors
from weft.errors import UserError

X = np.array([[1.0, 2.0], [np.nan, 0.0], [3.0, np.inf], [4.0, 5.0], [1e300, 0.0]])


def test_bad_rows_are_zeros_with_a_reason():
    # Protects: no NaN reaches a network, no row is dropped; a number beyond float32 counts as infinite.
    data: Data = Vectors(X, keys=list("abcde"))
    assert data.ok.tolist() == [True, False, False, True, False]
    assert data.status[1:3] == ["column 1 is not a finite number", "column 2 is not a finite number"]
    assert data.keys == ["a", "", "", "d", ""]
    assert data.dense("vectors").tolist() == [[1, 2], [0, 0], [0, 0], [4, 5], [0, 0]]


def test_take_keeps_what_belongs_to_a_row():
    # Protects: status and keys move with the numbers.
    part = Vectors(X, keys=list("abcde")).take(np.array([3, 1]))
    assert (part.keys, part.ok.tolist(), part.dense("vectors").tolist()) == (["d", ""], [True, False], [[4, 5], [0, 0]])
    assert part.status == ["ok", "column 1 is not a finite number"]


def test_wrong_shapes_and_kinds_are_user_errors():
    # Protects: each names what was got.
    data = Vectors(X)
    for call in (
        lambda: Vectors(np.zeros(3)),
        lambda: Vectors(X, keys=["a"]),
        lambda: data.dense("morgan"),
        lambda: data.graphs(),
        lambda: data.feature_hash("graph"),
        lambda: Vectors([["a", "b"]]),
    ):
        with pytest.raises(UserError):
            call()


def test_the_hash_knows_the_width():
    # Protects: a model of two columns is not used on three.
    assert Vectors(X).feature_hash("vectors") != Vectors(np.zeros((2, 3))).feature_hash("vectors")
