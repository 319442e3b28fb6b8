"""Everybody can use it: axe-core finds no serious fault, light and dark, and nothing sticks out of a small screen."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.test_molecule import ASPIRIN, mark, row

RULES = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


def serious(page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in ("serious", "critical")]


def fits(page) -> bool:
    """Whether the page, and every control within its sheet, is no wider than there is room."""
    out = """() => [...document.querySelectorAll(".sheet *")].filter((part) =>
        part.getBoundingClientRect().right > part.closest(".sheet").getBoundingClientRect().right + 1 &&
        !part.closest(".scroll")).length"""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth") and page.evaluate(out) == 0


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (768, "light"), (1440, "light")])
def test_a_molecule(molecules, visit, width, scheme):
    page = visit(f"{molecules}/#/molecule/{quote(ASPIRIN, safe='')}", width, scheme)
    mark(page, "receptor_binding", "yes")
    expect(page.locator(".chips")).to_contain_text("receptor_binding")
    row(page, "receptor_agonist").click()
    expect(page.locator(".effects li")).to_have_count(1)
    assert fits(page)
    if width != 768:
        assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_node(graph, visit, scheme):
    page = visit(f"{graph}/#/node/paper/p3", 360 if scheme == "dark" else 1440, scheme)
    row(page, "late").click()
    expect(page.locator(".gates").first).to_be_visible()
    assert fits(page)
    assert serious(page) == []


@pytest.mark.parametrize("view", ["table", "task", "card"])
def test_the_other_views(molecules, visit, view):
    page = visit(f"{molecules}/#/{view}", 360, "dark")
    expect(page.get_by_role("heading", level=2)).to_be_visible()
    assert fits(page)
    assert serious(page) == []


def test_the_card_compares_with_and_without_known_labels(molecules, visit):
    page = visit(f"{molecules}/#/card")
    expect(page.get_by_role("row", name="receptor_binding")).to_contain_text("ROC AUC")
    expect(page.get_by_role("columnheader", name="50 % shown")).to_be_visible()
    expect(page.locator(".notes li").first).to_be_visible()
