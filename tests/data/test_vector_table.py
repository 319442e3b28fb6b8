"""Vectors from tables and arrays: which columns they are, and what is beside them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix

from weft.data.vector_table import read_vectors
from weft.errors import UserError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4)).astype(np.float32)
Y = RNG.integers(0, 2, (12, 3))


def _frame():
    columns = {f"x{j}": X[:, j].astype(float) for j in range(4)} | {f"y{j}": Y[:, j] for j in range(3)}
    return pl.DataFrame({"id": np.arange(12), **columns, "name": [f"n{k}" for k in range(12)]})


@pytest.mark.parametrize("ending", ["csv", "parquet", "tsv", "csv.gz"])
@pytest.mark.parametrize(
    ("features", "tasks"), [((), ()), (("x*",), ()), (("x0", "x1", "x2", "x3"), ()), ((), ("y0", "y1", "y2"))]
)
def test_the_columns_of_vectors_are_found_or_named(ending, features, tasks, tmp_path):
    # Protects: numbered columns of measures, not those of 0 and 1, nor ids and names; by name or pattern.
    from weft.data.tables import write_table

    write_table(_frame(), tmp_path / f"t.{ending}")
    found = read_vectors(tmp_path / f"t.{ending}", features, tasks)
    assert found.features == ("x0", "x1", "x2", "x3")
    assert np.allclose(found.data.dense("vectors"), X)
    assert found.table.frame.columns == _frame().columns


def test_equal_rows_have_one_key_in_every_table(tmp_path):
    # Protects: a row is known again in another file, at another place; a row number is no key.
    for name, rows in (("a", [0, 1, 2]), ("b", [2, 2, 5])):
        _frame()[rows].write_csv(tmp_path / f"{name}.csv")
    a, b = (read_vectors(tmp_path / f"{name}.csv", ["x*"]).data.keys for name in "ab")
    assert a[2] == b[0] == b[1]
    assert len({*a, *b}) == 4


def test_a_cell_that_is_no_number_is_a_bad_row(tmp_path):
    # Protects: it keeps its place, with a reason.
    (tmp_path / "t.csv").write_text("x0,x1,x2,y\n1,2,3,0\n4,?,6,1\n7,oops,9,1\n")
    found = read_vectors(tmp_path / "t.csv", ["x*"])
    assert found.data.ok.tolist() == [True, False, False]


def test_an_array_alone_and_arrays_with_labels(tmp_path):
    # Protects: .npy is vectors; .npz has labels, their names, a published split, and may be sparse.
    np.save(tmp_path / "a.npy", X)
    assert np.array_equal(read_vectors(tmp_path / "a.npy").data.dense("vectors"), X)
    told = {"labels": Y.astype(np.uint8), "label_names": np.array(["p", "q", "r"]), "train": np.arange(12) < 8}
    np.savez(tmp_path / "b.npz", features=X, **told)
    sparse = csr_matrix((X > 0).astype(np.float32))
    parts = {f"features_csr_{k}": getattr(sparse, k) for k in ("data", "indices", "indptr", "shape")}
    np.savez(tmp_path / "c.npz", **parts, **told)
    dense, packed = (read_vectors(tmp_path / name) for name in ("b.npz", "c.npz"))
    assert np.array_equal(packed.data.dense("vectors"), X > 0)
    for found in (dense, packed):
        assert found.labels == ("p", "q", "r")
        assert found.table.frame.columns == ["row", "p", "q", "r", "split"]
        assert found.table.frame["q"].to_list() == Y[:, 1].tolist()
        assert found.table.frame["split"].to_list() == ["train"] * 8 + ["test"] * 4


@pytest.mark.parametrize(
    ("name", "make", "told"),
    [
        ("a.npz", lambda p: np.savez(p, y=Y), "no matrix of features"),
        ("a.npz", lambda p: np.savez(p, features=X, labels=Y[:5]), "labels have shape"),
        ("a.npy", lambda p: np.save(p, np.array([{}], object), allow_pickle=True), "cannot be read"),
        ("a.npy", lambda p: p.write_bytes(b"text"), "cannot be read"),
        ("a.csv", lambda p: p.write_text("a,b\n1,0\n2,1\n"), "not clear which columns"),
        ("a.smi", lambda p: p.write_text("CCO\n"), "molecules"),
    ],
)
def test_what_holds_no_vectors_is_told(name, make, told, tmp_path):
    # Protects: a user error with a mend; nothing is unpickled.
    make(tmp_path / name)
    with pytest.raises(UserError, match=told):
        read_vectors(tmp_path / name)


def test_an_unknown_column_is_told(tmp_path):
    # Protects: a pattern that fits nothing is not ignored.
    _frame().write_csv(tmp_path / "t.csv")
    with pytest.raises(UserError, match="no column 'z"):
        read_vectors(tmp_path / "t.csv", ["x*", "z*"])
