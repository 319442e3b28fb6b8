"""A cache of their own for the tests of data, so that nothing of the person's cache is read or written."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def cache_of_tests(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
