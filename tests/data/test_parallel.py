"""Workers that die or hang: only the row to blame is lost, and it says why."""

from __future__ import annotations

import numpy as np
import pytest

from weft.data import parallel

FUNCTION = "tests.data.misbehaviour:lengths"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(parallel, "LOCAL_ROWS", 0)
    monkeypatch.setattr(parallel, "CHUNK_ROWS", 5)


def joined(rows, workers=2):
    parts = parallel.run_rows(FUNCTION, rows, workers)
    return np.concatenate([part.arrays["n"] for part in parts]).tolist(), [s for part in parts for s in part.status]


@pytest.mark.parametrize("word", ["end", "raise"])
def test_a_crash_costs_one_row(word):
    # Protects: the neighbours of a row that ends the process; seen to catch a chunk that was dropped whole.
    rows = ["x" * n for n in range(23)]
    rows[7] = word
    n, status = joined(rows)
    assert n == [-1 if at == 7 else at for at in range(23)]
    assert [at for at, reason in enumerate(status) if reason != "ok"] == [7]
    assert status[7] == "crashed the chemistry library"


def test_a_row_that_hangs_is_given_up(monkeypatch):
    # Protects: no table can hang the command.
    monkeypatch.setattr(parallel, "CHUNK_SECONDS", 4.0)
    monkeypatch.setattr(parallel, "ROW_SECONDS", 1.0)
    n, status = joined(["a", "hang", "bb"], workers=1)
    assert n == [1, -1, 2]
    assert status == ["ok", "took more than 1 s", "ok"]


def test_what_a_library_prints_is_not_an_answer():
    # Protects: the pipe of answers from output of C++ code.
    assert joined(["print", "a"]) == ([5, 1], ["ok", "ok"])


def test_without_processes_the_work_is_done_here(monkeypatch, caplog):
    # Protects: an interpreter that cannot start itself again still works.
    monkeypatch.setattr(parallel.sys, "executable", "/nowhere/python")
    assert joined(["a", None, "ccc"]) == ([1, -1, 3], ["ok", "failed", "ok"])
    assert "working in this one" in caplog.text


def test_long_rows_go_to_a_process(monkeypatch):
    # Protects: a small table with one huge text is not read in the calling process.
    monkeypatch.setattr(parallel, "LOCAL_ROWS", 100)
    monkeypatch.setattr(parallel, "_resolve", lambda name: pytest.fail("read in this process"))
    assert joined(["a", "b" * (parallel.SAFE_CHARS + 1)])[0] == [1, parallel.SAFE_CHARS + 1]


def test_no_rows():
    # Protects: an empty table is a part without rows, not an error.
    assert joined([]) == ([], [])
