"""A node of a graph: looked up, its tasks, gates, neighbours, and what if."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_molecule import row


def test_a_node_is_found_by_a_part_of_its_id(graph, visit):
    page = visit(graph)
    page.get_by_label("Type").select_option("paper")
    page.get_by_label("Id").fill("p3")
    links = page.locator(".nodes a")
    expect(links).to_have_text(["p3", *(f"p3{k}" for k in range(10))])
    links.last.click()
    expect(page.locator(".subject-name")).to_have_text("paper p39")


def test_tasks_labels_gates_and_neighbours_are_told(graph, visit):
    page = visit(f"{graph}/#/node/author/a3")
    expect(page.locator(".row")).to_have_text([re.compile("area")])
    expect(page.locator(".row .bar .share")).to_have_count(3)
    expect(page.locator(".recorded")).to_contain_text("area:")
    row(page, "area").click()
    gates = page.locator(".gates").first
    expect(gates.locator("thead th")).to_have_text(["area", "late", "topic", "pages"])
    shares = [float(text) for text in gates.locator("tbody tr").first.locator("td").all_inner_texts()]
    assert sum(shares) == pytest.approx(1, abs=0.03)
    page.locator(".neighbours a").first.click()
    expect(page.locator(".subject-name")).to_contain_text("paper")
    expect(page.locator(".neighbours")).to_contain_text("writes ← author")
    expect(page.locator(".neighbours")).to_contain_text("a3")


def test_a_label_that_is_marked_moves_other_tasks_of_the_node(graph, visit):
    page = visit(f"{graph}/#/node/paper/p3")
    row(page, "pages").click()
    page.get_by_label("Measured pages").fill("30")
    page.get_by_role("button", name="set", exact=True).click()
    expect(row(page, "pages")).to_contain_text("known: 30")
    moved = page.locator(".row .moved")
    expect(moved.first).not_to_be_empty()
    assert any(text not in ("", "0") for text in moved.all_inner_texts())


def test_what_to_measure_next_of_a_node_is_ranked(graph, visit):
    page = visit(f"{graph}/#/node/paper/p3")
    row(page, "late").click()
    page.get_by_role("button", name="What to measure next?").click()
    ranked = page.locator(".gains li")
    expect(ranked.first).to_be_visible()
    assert set(ranked.get_by_role("button").all_inner_texts()) <= {"late", "topic: nets", "topic: trees", "pages"}
    gains = [float(text.strip("<")) for text in ranked.locator("b").all_inner_texts()]
    assert gains == sorted(gains, reverse=True)


def test_labels_on_record_are_taken_only_when_told(graph, visit):
    page = visit(f"{graph}/#/node/paper/p3")
    expect(page.locator(".known-labels")).to_contain_text("None yet")
    page.get_by_role("button", name="Take them as known").click()
    expect(page.locator(".chips")).to_contain_text("pages: ")
    row(page, "late").click()
    expect(page.locator(".effects li").first).to_be_visible()


@pytest.mark.refused
def test_a_node_that_is_not_there_is_told(graph, visit):
    page = visit(f"{graph}/#/node/paper/nobody")
    expect(page.get_by_role("alert")).to_contain_text("nobody")
