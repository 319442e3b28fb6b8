"""Servers of three models: a tiny one known by heart, a small real one of molecules, and one of a graph."""

from pathlib import Path

import pytest

from tests import tiny
from tests.serve import models
from tests.serve.client import Client


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    tiny.register(monkeypatch)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        tiny.register(patch)
        return models.tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def real_folder(tmp_path_factory) -> Path:
    return models.real(tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="session")
def graph_folder(tmp_path_factory) -> Path:
    return models.graph(tmp_path_factory.mktemp("graph"))


@pytest.fixture
def client(tiny_folder):
    found = Client.of(tiny_folder)
    yield found
    found.close()


@pytest.fixture
def real(real_folder):
    """Nine binary tasks and log_clearance."""
    found = Client.of(real_folder)
    yield found
    found.close()


@pytest.fixture
def graph(graph_folder):
    found = Client.of(graph_folder)
    yield found
    found.close()
