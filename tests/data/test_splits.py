"""Splits: every usable row in one part, the same seed the same split, no scaffold in two parts."""

from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.molecules_strategy import real_smiles
from weft.data import splits as s
from weft.data.molecules import Molecules
from weft.errors import UserError

masks = st.lists(st.booleans(), min_size=3, max_size=80).filter(lambda ok: sum(ok) >= 3).map(np.array)
RINGS = ["C1CC1", "c1ccccc1", "C1CCNCC1", "c1ccncc1", "C1CCC1", "c1ccsc1", "C1CCOC1", "c1ccoc1", "C1CCCC1", "C1COC1"]


def everything(split):
    return np.sort(np.concatenate(list(split.parts().values()))).tolist()


@given(masks, st.integers(0, 5))
def test_random_split_covers_the_usable_rows_once(ok, seed):
    # Protects: nothing lost, nothing twice, no bad row; same seed, same split.
    split = s.random_split(ok, seed)
    assert everything(split) == np.flatnonzero(ok).tolist()
    again = s.random_split(ok, seed).parts()
    assert all(np.array_equal(part, again[name]) for name, part in split.parts().items())
    assert len(split.train) >= len(split.test) >= 1


def slow_scaffold_split(scaffolds: list[str], ok: list[bool], seed: int) -> list[list[int]]:
    """Follow the rule step by step, as its text says."""
    groups: dict[str, list[int]] = {}
    for row, scaffold in enumerate(scaffolds):
        if ok[row]:
            groups.setdefault(scaffold, []).append(row)
    n = sum(ok)
    train, val, test = 0.8 * n, 0.1 * n, 0.1 * n
    big = [g for g in groups.values() if len(g) > val / 2 or len(g) > test / 2]
    small = [g for g in groups.values() if not (len(g) > val / 2 or len(g) > test / 2)]
    generator = random.Random(seed)
    generator.shuffle(big)
    generator.shuffle(small)
    parts: list[list[int]] = [[], [], []]
    for group in big + small:
        if len(parts[0]) + len(group) <= train:
            parts[0] += group
        elif len(parts[1]) + len(group) <= val:
            parts[1] += group
        else:
            parts[2] += group
    return [sorted(part) for part in parts]


@given(st.lists(st.tuples(st.sampled_from(RINGS), st.integers(0, 3), st.booleans()), max_size=60), st.integers(0, 3))
def test_scaffold_split_follows_the_rule(molecules, seed):
    # Protects: the balanced rule and its draws; seen to catch the shuffle before the big and small are parted.
    keys = ["C" * tail + ring for ring, tail, _ in molecules]
    ok = [usable for *_, usable in molecules]
    expected = slow_scaffold_split([ring for ring, *_ in molecules], ok, seed)
    if all(expected):
        split = s.scaffold_split(keys, np.array(ok, bool), seed)
        assert [part.tolist() for part in split.parts().values()] == expected
    else:
        with pytest.raises(UserError, match="leaves no rows for"):
            s.scaffold_split(keys, np.array(ok, bool), seed)


@pytest.mark.parametrize(("name", "usable", "test"), [("tox21", 7823, 783), ("sider", 1427, 144)])
def test_scaffold_split_of_real_data(name, usable, test):
    # Protects: the test rows on which published figures rest (seed 0); no scaffold in two parts.
    data = Molecules.from_smiles(real_smiles(name))
    split = s.scaffold_split(data.keys, data.ok, 0)
    groups = s.scaffold_groups(data.keys)
    assert everything(split) == np.flatnonzero(data.ok).tolist()
    assert (len(everything(split)), len(split.test)) == (usable, test)
    used = [np.unique(groups[part]) for part in split.parts().values()]
    assert len(np.unique(np.concatenate(used))) == sum(map(len, used))


def test_scaffolds_ignore_chirality_and_tails():
    # Protects: which molecules count as alike; -1 for no molecule.
    keys = ["CC1CCCO1", "C[C@H]1CCCO1", "C1CCCO1", "CCO", "C", "", "O=C1CCCO1"]
    assert s.scaffold_groups(keys).tolist() == [0, 0, 0, 1, 1, -1, 2]


def test_a_saved_split_is_the_same_split(tmp_path):
    # Protects: rows, method and seed survive the file.
    split = s.random_split(np.ones(20, bool), 3)
    split.save(tmp_path / "split.parquet")
    again = s.Split.load(tmp_path / "split.parquet")
    assert (again.method, again.seed) == ("random", 3)
    assert all(np.array_equal(split.parts()[name], part) for name, part in again.parts().items())
    used = s.make_split(f"file:{tmp_path / 'split.parquet'}", np.ones(20, bool), [""] * 20, 0)
    assert all(np.array_equal(split.parts()[name], part) for name, part in used.parts().items())


@pytest.mark.parametrize("content", [None, b"", b"PAR1 nonsense PAR1", "cut", "other"])
def test_a_file_that_is_no_split_is_a_user_error(tmp_path, content):
    # Protects: missing, cut and foreign files are told by name.
    path = tmp_path / "split.parquet"
    s.random_split(np.ones(20, bool), 3).save(path)
    data = path.read_bytes()
    if content == "other":
        pl.DataFrame({"a": [1]}).write_parquet(path)
    elif content is None:
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if content == "cut" else content)
    with pytest.raises(UserError, match=r"split\.parquet"):
        s.Split.load(path)


def test_a_split_of_another_table_is_a_user_error(tmp_path):
    # Protects: a saved split is not read beyond the table; its rows that are bad now are left out.
    path = tmp_path / "split.parquet"
    s.random_split(np.ones(20, bool), 3).save(path)
    with pytest.raises(UserError, match="the split has row 20, the table 10 rows"):
        s.make_split(f"file:{path}", np.ones(10, bool), [""] * 10, 0)
    ok = np.arange(20) != s.Split.load(path).train[0]
    assert everything(s.make_split(f"file:{path}", ok, [""] * 20, 0)) == np.flatnonzero(ok).tolist()


def test_column_split_reads_words():
    # Protects: spelling, and rows that are bad anyway.
    words = ["train", " Val", "TEST", "training", "validation", None, "x"]
    ok = np.array([True, True, True, True, True, False, False])
    split = s.column_split(words, ok)
    assert [part.tolist() for part in split.parts().values()] == [[0, 3], [1, 4], [2]]


@pytest.mark.parametrize(("word", "message"), [("tset", "'tset' stands"), (None, "nothing stands"), (" ", "nothing")])
def test_column_split_names_the_row(word, message):
    # Protects: the message says which row and column to mend.
    with pytest.raises(UserError, match=rf"row 3, column fold: {message}"):
        s.column_split(["train", "val", word], np.ones(3, bool), "fold")


def test_parts_that_overlap_are_a_user_error():
    # Protects: a test row can never be trained on.
    with pytest.raises(UserError, match="row 2 twice"):
        s.Split(np.array([0, 1]), np.array([2]), np.array([1]), "mine")
    with pytest.raises(UserError, match="row -1"):
        s.Split(np.array([0, -1]), np.array([2]), np.array([1]), "mine")


@pytest.mark.parametrize("spec", ["rnadom", "column:fould", "file:nowhere.parquet", "column:", "scaffold:x"])
def test_unknown_splits_are_user_errors(spec):
    # Protects: each tells what is known.
    with pytest.raises(UserError):
        s.make_split(spec, np.ones(9, bool), ["C"] * 9, 0, pl.DataFrame({"fold": ["train"] * 9}))


def test_make_split_by_name():
    # Protects: each word reaches its method.
    keys, ok = RINGS * 3, np.ones(30, bool)
    table = pl.DataFrame({"fold": ["train", "val", "test"] * 10})
    for spec in ("random", "scaffold", "column:fold"):
        assert s.make_split(spec, ok, keys, 0, table).method == spec


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_rows_to_split(n):
    # Protects: an empty part is told before training.
    with pytest.raises(UserError, match="leaves no rows for"):
        s.random_split(np.ones(n, bool), 0)
