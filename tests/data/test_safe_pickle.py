"""Pickles of arrays are read; whatever else they name is refused before it is called."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from weft.data.safe_pickle import read_pickle
from weft.errors import UserError

HELD = {
    "a": np.arange(6, dtype=np.uint8).reshape(2, 3),
    "b": {"n01": [0, 1]},
    "c": [b"png", np.int64(3), 1.5, "x", None],
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_lists_and_words_come_back(protocol, tmp_path):
    # Protects: every protocol, numbers and bytes of NumPy among them.
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(HELD, protocol=protocol))
    found = read_pickle(path)
    assert np.array_equal(found["a"], HELD["a"])
    assert found["a"].dtype == np.uint8
    assert (found["b"], found["c"]) == (HELD["b"], HELD["c"])


class _Call:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


@pytest.mark.parametrize(
    ("call", "named"),
    [
        ((os.system, "touch owned"), "system"),
        ((eval, "open('owned', 'w')"), "builtins.eval"),
        ((getattr, "a", "upper"), "builtins.getattr"),
        ((np.load, "x"), "numpy"),
        ((exec, "1"), "builtins.exec"),
    ],
)
def test_a_pickle_that_calls_something_is_refused(call, named, tmp_path, monkeypatch):
    # Protects: nothing is run; the message names what was asked for.
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps({"images": _Call(*call)}, protocol=4))
    with pytest.raises(UserError, match="does not unpickle") as error:
        read_pickle(path)
    assert named in str(error.value)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("data", [b"", b"text", pickle.dumps(HELD)[:-9], b"\x80\x04ctorch\nload\n."])
def test_a_damaged_pickle_is_told(data, tmp_path):
    # Protects: a user error, whatever the bytes.
    (tmp_path / "x.pkl").write_bytes(data)
    with pytest.raises(UserError):
        read_pickle(tmp_path / "x.pkl")
