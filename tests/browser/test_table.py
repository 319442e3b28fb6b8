"""A table: uploaded, its bad rows named, downloaded filled."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect

ROWS = [["id", "smiles", "receptor_binding"], ["a", "CCO", "1"], ["b", "C1CC(", ""], ["c", "c1ccccc1", ""]]


def write(path: Path, rows) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def upload(page, path):
    page.get_by_label("Choose a file, or drop it here").set_input_files(path)
    page.get_by_role("button", name="Fill the table").click()


def test_bad_rows_are_named_and_the_filled_table_keeps_every_row(molecules, visit, tmp_path):
    page = visit(f"{molecules}/#/table")
    upload(page, write(tmp_path / "mine.csv", ROWS))
    expect(page.locator(".outcome")).to_contain_text("2 rows of 3 predicted. 1 known label informed")
    expect(page.locator(".bad caption")).to_contain_text("1 row could not be used")
    expect(page.locator(".bad tbody th")).to_have_text("2")
    assert page.locator(".bad tbody td").inner_text().strip()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the filled table").click()
    assert download.value.suggested_filename == "mine-filled.csv"
    with download.value.path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["a", "b", "c"]
    assert rows[0]["receptor_binding"] == "1"
    assert 0 <= float(rows[2]["receptor_agonist"]) <= 1
    assert rows[1]["receptor_agonist"] == ""


def test_predictions_can_stand_in_columns_of_their_own(molecules, visit, tmp_path):
    page = visit(f"{molecules}/#/table")
    page.get_by_label("What you get").select_option("predict")
    upload(page, write(tmp_path / "mine.csv", ROWS))
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the filled table").click()
    header = download.value.path().read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header[:3] == ROWS[0]
    assert len(header) > 6


@pytest.mark.refused
def test_a_table_without_molecules_is_told_what_it_lacks(molecules, visit, tmp_path):
    page = visit(f"{molecules}/#/table")
    upload(page, write(tmp_path / "mine.csv", [["weight"], ["1"], ["2"]]))
    expect(page.get_by_role("alert")).to_contain_text("SMILES")
    upload(page, write(tmp_path / "picture.png", [["weight"]]))
    expect(page.get_by_role("alert")).to_contain_text("picture.png")


def test_nodes_of_a_graph_come_in_a_table_too(graph, visit, tmp_path):
    page = visit(f"{graph}/#/table")
    page.get_by_label("Type of the nodes").select_option("paper")
    upload(page, write(tmp_path / "papers.csv", [["node"], ["p1"], ["p2"], ["nobody"]]))
    expect(page.locator(".outcome")).to_contain_text("2 rows of 3 predicted.")
    expect(page.locator(".bad tbody th")).to_have_text("3")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the filled table").click()
    with download.value.path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["node"] for row in rows] == ["p1", "p2", "nobody"]
    assert rows[0]["pages"]
    assert rows[2]["pages"] == ""
