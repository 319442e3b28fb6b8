"""Tables, pictures and pages of molecules say what the rows say."""

import re

import pytest

from tests.benchmark.mols import SUITE
from tests.benchmark.results_of import result
from weft.benchmark.molecule_page import markdown, sections, write_part
from weft.benchmark.molecule_suite import MoleculeSuite
from weft.benchmark.molecule_tables import cost_grid, paired_grid, published_grid, score_grid
from weft.benchmark.pictures import _style, draw
from weft.benchmark.published import DATA, TABLE_ONE
from weft.benchmark.suite import REGISTRY, suite

FOUND = [
    result("guess/one", 0, {0.0: [0.6], 0.5: [0.7, 0.8]}, parameters=1234567),
    result("guess/one", 1, {0.0: [0.62], 0.5: [0.8, 0.8]}),
    result("blind", 0, {0.0: [0.65], 0.5: [0.7, 0.7]}),
    result("new", 0, {0.5: [0.9]}, cells="new", readings={"own labels": {0.5: [0.55]}}),
]
MOLECULES = [name for name in REGISTRY if not name.startswith("inline") and name != "metalink-fewshot"]


def test_scores_by_hand():
    """Protects every number: masks are averaged first, then splits; rows stand in the suite's order."""
    made = score_grid(SUITE, FOUND, "mols", "roc_auc")
    assert made.header == ("model", "splits", "reveal 0", "reveal 0.5")
    assert made.rows == (
        ("guess/one", "2", "0.6100 ± 0.0141", "0.7750 ± 0.0354"),
        ("blind", "1", "0.6500", "0.7000"),
        ("new", "1", "", "0.9000"),
        ("new (own labels)", "1", "", "0.5500"),
    )
    assert score_grid(SUITE, FOUND, "mols", "pr_auc").rows[1] == ("blind", "1", "0.5500", "0.6000")


def test_pairs_and_costs():
    """Protects the comparison and the price: other cells are no pair, memory is the most of all splits."""
    assert paired_grid(SUITE, FOUND, "mols", "roc_auc").rows == (("blind", "+0.0500 1/1", "-0.0500 0/1"),)
    assert paired_grid(SUITE, FOUND, "mols", "roc_auc", ["blind"]).rows[0][0] == "guess/one"
    cost = cost_grid(SUITE, FOUND, "mols")
    assert cost.rows[0] == ("guess/one", "1.0", "2.0", "0.5", "300", "1,234,567", "1")
    assert len(cost.rows) == 3


def test_beside_the_published_figures():
    """Protects MetaLink's table: percent, number of splits, and a mark where it is more than 2 sd away."""
    one = suite("metalink-table1")
    names = ("standard/mpnn", "metalink-paper/relational-0.2")
    rows = [result(names[0], s, {0.0: [v]}, "sider") for s, v in enumerate((0.60, 0.61))]
    rows += [result(names[1], 0, {0.2: [0.9]}, "sider", readings={"batches": {0.2: [0.76]}})]
    made = published_grid(one, rows)
    assert made.header == ("model", "setting", "sider published", "sider weft")
    assert made.rows == (
        ("standard/mpnn", "standard", "59.5 ± 3.0", "60.5 ± 0.7 (2)"),
        (names[1], "relational, 0.2", "76.8 ± 3.0", "90.0 (1) †"),
        (f"{names[1]} (batches)", "relational, 0.2", "76.8 ± 3.0", "76.0 (1)"),
    )


def test_every_published_figure_is_there_and_has_a_row():
    """Protects the paper's table: nine lines, three data sets, and a row of the suite for each line."""
    assert len(TABLE_ONE) == 9
    assert all(set(line) == set(DATA) for line in TABLE_ONE.values())
    assert str(TABLE_ONE["MetaLink", "relational"]["sider"]) == "76.8 ± 3.0"
    assert {row.published for row in suite("metalink-table1").rows} - {None} == set(TABLE_ONE)


@pytest.mark.parametrize("name", MOLECULES)
def test_suites_are_whole(name):
    """Protects the suites: distinct rows that can all be made, and what they are compared with is among them."""
    found = suite(name)
    assert isinstance(found, MoleculeSuite)
    names = [row.name for row in found.rows]
    assert found.name == name
    assert len(set(names)) == len(names)
    assert set(found.against) <= set(names)
    found.check(found.rows)


def test_pictures_say_in_words_what_they_draw(tmp_path):
    """Protects the pictures: two files each, not empty, and a text with the figures for those who do not see."""
    drawn = draw(SUITE, FOUND, tmp_path)
    assert [picture.path.name for picture in drawn] == ["mols-mols.png"]
    assert (tmp_path / "mols-mols.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "mols-mols.svg").read_text(encoding="utf-8")
    assert "guess 0.610 at 0, 0.775 at 0.5" in drawn[0].alt
    assert "new" not in drawn[0].alt  # one point is no curve


def test_curves_of_groups_differ_without_colour():
    """Protects a picture of eight curves: each has a mark and line of its own."""
    names = [f"{group}, {share} shown" for group in ("paper", "network") for share in (0, 0.2, 0.5, 0.8)]
    styles = [_style(name, names) for name in names]
    assert len({(mark, line) for mark, line, *_ in styles}) == len(names)
    alone = [_style(name, list("abcdef")) for name in "abcdef"]
    assert len({(mark, line) for mark, line, *_ in alone}) == 6


def test_rows_that_were_run_on_less_are_told():
    """Protects the reader: where a row has fewer splits, it is said under the table."""
    words = [s.words for s in sections(SUITE, [result("guess/two", 0, {0.5: [0.7]}, "other")])]
    assert any("guess/two: one split of other." in text for text in words)
    assert not any("one split" in s.words for s in sections(SUITE, FOUND))


def test_a_page_gets_its_part(tmp_path):
    """Protects the documentation: between the marks everything is new, around them nothing; pictures have alt text."""
    drawn = draw(SUITE, FOUND, tmp_path)
    text = markdown(sections(SUITE, FOUND), [(drawn[0], "pictures/mols-mols.png")])
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- benchmark: mols -->\nformer\n<!-- end of benchmark -->\nafter\n", encoding="utf-8")
    write_part(page, "mols", text)
    made = page.read_text(encoding="utf-8")
    assert made.startswith("before\n")
    assert made.endswith("<!-- end of benchmark -->\nafter\n")
    assert "| guess/one | 2 | 0.6100 ± 0.0141 | 0.7750 ± 0.0354 |" in made
    assert "scaffold splits 0-1." in made
    assert re.search(r"!\[Curves of ROC-AUC on mols.*\]\(pictures/mols-mols.png\)", made)
    assert "former" not in made
    write_part(page, "mols", text)
    assert page.read_text(encoding="utf-8") == made
