"""Labels on disk say what the same labels say in memory."""

import numpy as np
import polars as pl
import pytest

from weft.errors import UserError
from weft.label_store import LabelStore
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet

TASKS = TaskSet(
    (
        Task("a"),
        Task("c", Kind.MULTICLASS, ("x", "y", "z")),
        Task("size", Kind.REGRESSION),
        Task("b", classes=("no", "yes")),
    )
)
N = 500


def table(tasks=TASKS, seed=0, share=0.3):
    rng = np.random.default_rng(seed)
    row, col = np.nonzero(rng.random((N, len(tasks))) < share)
    most = np.array([len(task.classes) for task in tasks])[col]
    value = np.where(most > 0, rng.integers(0, np.maximum(most, 1)), rng.normal(size=len(row)))
    return LabelTable(tasks, N, row, col, value)


def chunks(whole, pieces=7, seed=1):
    """The labels in any order, in some tables."""
    piece = np.random.default_rng(seed).integers(0, pieces, len(whole))
    return [whole.where(piece == at) for at in range(pieces)]


def same(a, b):
    assert (a.n_rows, a.tasks) == (b.n_rows, b.tasks)
    for name in ("row", "col", "value"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@pytest.mark.parametrize("tasks", [TASKS, TASKS.select(["a", "c", "b"])], ids=["mixed", "classes"])
def test_the_store_is_the_table(tmp_path, tasks):
    """Protects every label, whatever order and chunks it came in, opened anew; against the table in memory."""
    whole = table(tasks)
    LabelStore.build(tmp_path / "store", tasks, N, chunks(whole))
    store = LabelStore.open(tmp_path / "store")
    same(store.to_table(), whole)
    assert len(store) == len(whole)
    rows = np.array([3, 499, 3, 0, 77])
    same(store.take(rows), whole.take(rows))
    np.testing.assert_array_equal(store.counts(), whole.counts())
    np.testing.assert_array_equal(store.row_counts(), whole.row_counts())
    np.testing.assert_array_equal(store.class_counts("c"), whole.class_counts("c"))
    np.testing.assert_array_equal(store.class_counts("b"), whole.class_counts("b"))
    parts = [(first, part) for first, part in store.blocks(128)]
    assert [first for first, _ in parts] == [0, 128, 256, 384]
    same(parts[1][1], whole.take(np.arange(128, 256)))
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == [
        "col.bin", "labels.json", "start.bin", "value.bin",
    ]  # fmt: skip


def test_nothing_and_gaps(tmp_path):
    """Protects empty stores, empty chunks, and data without a label at both ends."""
    none = LabelStore.build(tmp_path / "none", TASKS, N, [LabelTable.empty(TASKS, N)])
    assert len(none) == 0
    assert len(none.take([0, 7])) == 0
    assert len(none.support(3, np.random.default_rng(0))) == 0
    one = LabelStore.build(tmp_path / "one", TASKS, N, [LabelTable(TASKS, N, [250], [1], [2.0])])
    assert one.take([249, 250, 251]).value.tolist() == [2.0]
    rows, labels = one.draw(5, np.random.default_rng(0))
    assert (rows.tolist(), len(labels)) == ([250], 1)


def test_draws_are_labelled_data_each_once(tmp_path):
    """Protects episodes: data with labels only, none twice, every one with the same chance, the same for a seed."""
    whole = table(share=0.1)
    store = LabelStore.build(tmp_path / "store", TASKS, N, [whole])
    rng, count = np.random.default_rng(0), np.zeros(N)
    for _ in range(400):
        rows, labels = store.draw(40, rng)
        assert len(np.unique(rows)) == 40
        count[rows] += 1
    same(labels, whole.take(rows))
    known = whole.row_counts() > 0
    assert not count[~known].any()
    expected = 400 * 40 / known.sum()
    assert abs(count[known] - expected).max() < 5 * np.sqrt(expected)
    np.testing.assert_array_equal(
        store.draw(9, np.random.default_rng(3))[0], store.draw(9, np.random.default_rng(3))[0]
    )


def test_support_speaks_for_every_class(tmp_path, monkeypatch):
    """Protects rare classes in a support: as many of each as asked, or all there are, and only true labels."""
    monkeypatch.setattr("weft.label_store._BLOCK", 100)
    whole = table()
    kept = whole.where(~((whole.col == 1) & (whole.value == 2) & (whole.row > 60)))
    store = LabelStore.build(tmp_path / "store", TASKS, N, chunks(kept))
    found = store.support(5, np.random.default_rng(0))
    left = kept.class_counts("c")[2]
    assert found.class_counts("c").tolist() == [5, 5, min(5, left)]
    assert found.counts().tolist() == [10, 10 + min(5, left), 5, 10]
    value, known = kept.to_dense()
    assert known[found.row, found.col].all()
    np.testing.assert_array_equal(value[found.row, found.col], found.value)


def test_from_parquet(tmp_path):
    """Protects names and positions of tasks in long tables, in folders of several files."""
    whole = table()
    long = whole.to_long()
    (tmp_path / "long").mkdir()
    long[::2].write_parquet(tmp_path / "long" / "b.parquet")
    long[1::2].write_parquet(tmp_path / "long" / "a.parquet")
    same(LabelStore.from_parquet(tmp_path / "s", TASKS, N, tmp_path / "long").to_table(), whole)
    frame = pl.DataFrame({"row": whole.row, "task": whole.col, "value": whole.value})
    frame.write_parquet(tmp_path / "at.parquet")
    same(LabelStore.from_parquet(tmp_path / "t", TASKS, N, tmp_path / "at.parquet").to_table(), whole)


def test_what_is_wrong_is_told(tmp_path):
    """Protects from two labels of a cell in different chunks, and from half-written files."""
    whole = table()
    again = whole.where(np.arange(len(whole)) == 17)
    with pytest.raises(UserError, match=rf"row {again.row[0]}, task \w+: a cell has two labels"):
        LabelStore.build(tmp_path / "twice", TASKS, N, [*chunks(whole), again])
    assert not (tmp_path / "twice").exists()
    with pytest.raises(UserError, match="other data or tasks"):
        LabelStore.build(tmp_path / "other", TASKS, N + 1, [whole])
    with pytest.raises(UserError, match="no label store"):
        LabelStore.open(tmp_path)
    LabelStore.build(tmp_path / "store", TASKS, N, [whole])
    with pytest.raises(UserError, match="not empty"):
        LabelStore.build(tmp_path / "store", TASKS, N, [whole])
    path = tmp_path / "store" / "col.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"col\.bin: the file is not whole"):
        LabelStore.open(tmp_path / "store")
