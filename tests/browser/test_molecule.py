"""One molecule: pasted, marked, explained, and what to measure next."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
TASKS = ["receptor_binding", "receptor_agonist", "enzyme_inhibition", "log_clearance"]


def paste(page: Page, smiles: str = ASPIRIN) -> Page:
    page.get_by_label("SMILES").fill(smiles)
    page.get_by_role("button", name="Predict").click()
    return page


def row(page: Page, task: str):
    return page.locator(f"[role=option][data-task='{task}']")


def values(page: Page) -> dict[str, str]:
    return {task: row(page, task).locator(".value").inner_text() for task in TASKS}


def mark(page: Page, task: str, word: str) -> None:
    row(page, task).click()
    page.get_by_role("group", name="What is known of it?").get_by_role("button", name=word, exact=True).click()


def test_a_pasted_molecule_is_drawn_and_every_task_has_a_value_and_an_interval(molecules, visit):
    page = paste(visit(molecules))
    expect(page.locator(".row")).to_have_count(len(TASKS))
    expect(page.get_by_role("img", name=f"Structure of {ASPIRIN}")).to_be_visible()
    assert page.locator(".drawing img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    expect(page.locator(".row .bar .tick")).to_have_count(len(TASKS))
    expect(page.locator(".row .bar .band")).to_have_count(len(TASKS))
    assert all(re.fullmatch(r"[<>]?0\.\d\d", values(page)[task]) for task in TASKS[:3])


def test_marking_moves_the_others_with_the_difference_and_forgetting_undoes_it(molecules, visit):
    page = paste(visit(molecules))
    expect(row(page, "receptor_agonist")).to_be_visible()
    before = values(page)
    mark(page, "receptor_binding", "yes")
    expect(row(page, "receptor_binding")).to_contain_text("known: yes")
    expect(row(page, "receptor_agonist").locator(".moved")).to_have_text(re.compile(r"[+−]0\.\d+"))
    expect(row(page, "receptor_agonist").locator(".ghost")).to_be_visible()
    expect(page.locator(".summary")).to_contain_text("1 label known. Moved most:")
    assert values(page) != before
    page.get_by_role("button", name="Forget receptor_binding").click()
    expect(page.locator(".known-labels")).to_contain_text("None yet")
    assert values(page) == before


def test_attributions_stand_beside_the_chosen_task_and_add_up(molecules, visit):
    page = paste(visit(molecules))
    mark(page, "receptor_binding", "yes")
    mark(page, "enzyme_inhibition", "no")
    expect(page.locator(".chips")).to_contain_text("enzyme_inhibition: no")
    row(page, "receptor_agonist").click()
    effects = page.locator(".effects li")
    expect(effects).to_have_count(2)
    path = page.locator(".path").inner_text()
    base, full = (float(word) for word in re.findall(r"\d\.\d{3}", path))
    total = sum(float(text.replace("−", "-")) for text in effects.locator("b").all_inner_texts())
    assert full != base
    assert total == pytest.approx(full - base, abs=0.011)  # effects are shown with two decimals


def test_the_keyboard_alone_does_it_all(molecules, visit):
    page = visit(molecules)
    page.get_by_label("SMILES").focus()
    page.keyboard.type(ASPIRIN)
    page.keyboard.press("Enter")
    expect(row(page, "receptor_binding")).to_be_visible()
    page.get_by_label("Sort").focus()
    page.keyboard.press("Tab")
    expect(row(page, "receptor_binding")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(row(page, "receptor_agonist")).to_be_focused()
    expect(row(page, "receptor_agonist")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("n")
    expect(row(page, "receptor_agonist")).to_contain_text("known: no")
    expect(row(page, "receptor_agonist")).to_be_focused()
    page.keyboard.press("f")
    expect(row(page, "receptor_agonist")).not_to_contain_text("known")


def test_a_number_is_given_as_a_number(molecules, visit):
    page = paste(visit(molecules))
    row(page, "log_clearance").click()
    page.get_by_label("Measured log_clearance").fill("2.5")
    page.get_by_role("button", name="set", exact=True).click()
    expect(row(page, "log_clearance")).to_contain_text("known: 2.5")
    expect(row(page, "receptor_binding").locator(".moved")).not_to_be_empty()


def test_measure_next_ranks_what_is_unknown_and_leads_to_it(molecules, visit):
    page = paste(visit(molecules))
    mark(page, "receptor_binding", "yes")
    expect(page.locator(".chips")).to_contain_text("receptor_binding")
    page.get_by_role("button", name="What to measure next?").click()
    ranked = page.locator(".gains li")
    expect(ranked).to_have_count(len(TASKS) - 1)
    assert set(ranked.get_by_role("button").all_inner_texts()) == {*TASKS} - {"receptor_binding"}
    gains = [float(text.strip("<")) for text in ranked.locator("b").all_inner_texts()]
    assert gains == sorted(gains, reverse=True)
    first = ranked.first.get_by_role("button")
    name = first.inner_text()
    first.click()
    expect(row(page, name)).to_be_focused()
    expect(page.locator(".detail h2")).to_have_text(name)


def test_atoms_are_coloured_by_what_they_add(molecules, visit):
    page = paste(visit(molecules))
    row(page, "receptor_binding").click()
    page.get_by_role("button", name="Colour the atoms by what they add").click()
    image = page.get_by_role("img", name="atoms coloured by what they add to receptor_binding")
    expect(image).to_be_visible()
    expect(page.locator(".drawing figcaption")).to_contain_text("add to receptor_binding: blue and + raise it")


@pytest.mark.refused
def test_a_smiles_that_cannot_be_read_is_told_and_can_be_mended(molecules, visit):
    page = paste(visit(molecules), "C1CC(")
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.get_by_role("alert").inner_text().strip()
    paste(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".row")).to_have_count(len(TASKS))


def test_hundreds_of_tasks_stay_usable(many, visit):
    page = paste(visit(many))
    expect(page.locator(".row")).to_have_count(50)
    expect(page.locator(".more")).to_contain_text("50 of 617")
    page.get_by_role("button", name="Show 50 more").click()
    expect(page.locator(".row")).to_have_count(100)
    page.get_by_label("Filter").fill("61")
    expect(page.locator(".more")).to_contain_text("of 617 tasks fit the filter")
    assert all("61" in text for text in page.locator(".row .name").all_inner_texts())
    page.get_by_label("Filter").fill("")
    page.get_by_label("Sort").select_option("value")
    shown = [float(text.strip("<>")) for text in page.locator(".row .value").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
