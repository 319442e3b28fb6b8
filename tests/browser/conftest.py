"""A browser, servers of small models, and pages that let no console error pass."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra: pip install 'weft[serve]'")
pytest.importorskip("playwright", reason="needs playwright: pip install playwright")

from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.browser import models
from tests.serve.live import served

DEBIAN = "/usr/bin/chromium"
#: A busy machine may be slow.
PATIENCE_MS = 30_000


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "refused: the server refuses something, which the browser's console tells")


def chromium(playwright: Playwright) -> str:
    found = [shutil.which("chromium"), DEBIAN, playwright.chromium.executable_path]
    there = [path for path in found if path and Path(path).exists()]
    if not there:
        pytest.skip("no chromium: apt-get install chromium, or playwright install chromium")
    return there[0]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        # the sandbox cannot be had as root, and the only page that is opened is our own
        browser = playwright.chromium.launch(executable_path=chromium(playwright), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def molecule_model(browser, tmp_path_factory) -> Path:
    return models.molecules(tmp_path_factory.mktemp("molecules"))


@pytest.fixture(scope="package")
def molecules(molecule_model) -> Iterator[str]:
    with served(molecule_model) as address:
        yield address


@pytest.fixture
def own_molecules(molecule_model) -> Iterator[str]:
    """A server that a test may teach."""
    with served(molecule_model) as address:
        yield address


@pytest.fixture(scope="package")
def graph(browser, tmp_path_factory) -> Iterator[str]:
    model, tables = models.graph(tmp_path_factory.mktemp("graph"))
    with served(model, tables) as address:
        yield address


@pytest.fixture(scope="package")
def many(browser, tmp_path_factory) -> Iterator[str]:
    with served(models.many_tasks(tmp_path_factory.mktemp("many"))) as address:
        yield address


@pytest.fixture
def visit(browser, request) -> Iterator[Callable[..., Page]]:
    """Open pages; at the end, none may have written an error to its console.

    A test marked `refused` makes the server refuse something, which a browser reports by itself.
    """
    faults: list[str] = []
    contexts = []

    def visit(address: str, width: int = 1280, scheme: str = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 850}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda told: faults.append(told.text) if told.type in ("error", "warning") else None)
        page.goto(address)
        return page

    yield visit
    for context in contexts:
        context.close()
    if request.node.get_closest_marker("refused"):
        faults = [fault for fault in faults if "the server responded with a status of 4" not in fault]
    assert not faults
