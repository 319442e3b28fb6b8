"""A task added from a few labelled molecules."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_molecule import paste, row

LINES = "\n".join(f"{'C' * k}O,{k % 2}" for k in range(1, 9))


def fill(page, name, lines):
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_label("Labelled molecules").fill(lines)
    page.get_by_role("button", name="Add the task").click()


@pytest.mark.refused
def test_a_task_is_added_and_predicted_beside_the_others(own_molecules, visit):
    page = paste(visit(own_molecules))
    expect(page.locator(".row")).to_have_count(4)
    page.get_by_role("link", name="New task").click()
    fill(page, "solubility", LINES + "\nnothing,1\nCCN 0")
    expect(page.locator(".outcome")).to_contain_text("solubility was learnt from 9 labels")
    expect(page.locator(".outcome")).to_contain_text("memory")
    expect(page.locator(".bad tbody th")).to_have_text("9")  # the line as pasted
    expect(page.locator("#subtitle")).to_contain_text("5 tasks")
    page.get_by_role("link", name="Predict a molecule").click()
    expect(row(page, "solubility")).to_contain_text("added")
    page.get_by_role("link", name="New task").click()
    fill(page, "solubility", LINES)
    expect(page.get_by_role("alert")).to_contain_text("solubility")  # the name is taken


def test_a_line_without_a_label_is_named_before_anything_is_sent(own_molecules, visit):
    page = visit(f"{own_molecules}/#/task")
    fill(page, "solubility", "CCO,1\n\nCCN\n")
    expect(page.get_by_role("alert")).to_contain_text("line 3")
    expect(page.get_by_role("status").filter(has_text="1 labelled molecule; 1 line without a label")).to_be_visible()
