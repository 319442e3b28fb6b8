"""Settings shared by all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# One thread, and waiting threads sleep: a busy machine would stall tests that spin. Read when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shared machine may pause for longer than the default deadline; the same examples every time.
settings.register_profile("weft", deadline=None, derandomize=True)
settings.load_profile("weft")


@pytest.fixture(scope="session", autouse=True)
def cache_of_tests(tmp_path_factory: pytest.TempPathFactory):
    """Give the tests a cache of their own, so that nothing of the person's cache is read or written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEFT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk():
    """Do not wait until files are on the disk: a busy one takes seconds for each, and no test pulls the plug."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield
