"""The cache is a convenience: it never fails a computation and never gives what does not belong to the key."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.data import cache

ARRAYS = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3), "b": np.zeros((0, 4), np.float32)}
texts = st.lists(st.none() | st.text(max_size=4), max_size=4)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "features"


def once():
    return dict(ARRAYS)


def never():
    pytest.fail("computed again")


def same(a):
    return all(np.array_equal(a[name], ARRAYS[name]) and a[name].dtype == ARRAYS[name].dtype for name in ARRAYS)


def test_computed_once(folder):
    # Protects: the second call reads what the first wrote, with dtypes and shapes.
    assert same(cache.cached("x", "key", once))
    assert same(cache.cached("x", "key", never))
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text"])
def test_a_damaged_file_is_computed_again(folder, caplog, damage):
    # Protects: a flipped bit in the data is noticed, not only a cut file.
    cache.cached("x", "key", once)
    (path,) = folder.iterdir()
    data = bytearray(path.read_bytes())
    at = data.index(bytes(range(6)))
    data[at + 2] ^= 1
    path.write_bytes({"cut": data[:-3], "flip": data, "empty": b"", "text": b"not a cache"}[damage])
    assert same(cache.cached("x", "key", once))
    assert "damaged" in caplog.text
    assert same(cache.cached("x", "key", never))


def test_an_unwritable_folder_is_a_note_only(tmp_path, monkeypatch, caplog):
    # Protects: a read-only or nonsense cache folder never stops the work.
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path / "file"))
    assert same(cache.cached("x", "key", once))
    assert "not cached" in caplog.text


def test_a_full_disk_is_a_note_only(folder, monkeypatch, caplog):
    # Protects: ENOSPC while writing the cache.
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.numpy.save_file", full)
    assert same(cache.cached("x", "key", once))
    assert "No space left" in caplog.text
    assert list(folder.iterdir()) == []


def test_the_oldest_files_go_first(folder, monkeypatch):
    # Protects: the folder does not grow without end, and the file just written stays.
    import os

    for at, key in enumerate(("one", "two", "three")):
        cache.cached("x", key, once)
        os.utime(folder / f"x-{key}.safetensors", (at, at))
    monkeypatch.setattr(cache, "MAX_BYTES", 2 * (folder / "x-one.safetensors").stat().st_size)
    cache.cached("x", "four", once)
    assert sorted(path.name for path in folder.iterdir()) == ["x-four.safetensors", "x-three.safetensors"]


@given(texts, texts)
def test_different_rows_have_different_keys(a, b):
    # Protects: rows cannot run together (["ab"] and ["a", "b"]), and missing is not ''.
    assert (cache.content_key("r", a) == cache.content_key("r", b)) == (a == b)


def test_the_recipe_is_part_of_the_key():
    # Protects: another featuriser does not read the files of this one.
    assert cache.content_key("r", ["a"]) != cache.content_key("s", ["a"])
