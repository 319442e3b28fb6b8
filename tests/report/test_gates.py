"""The pictures of gates hold the numbers of the gate table, in the cell of their task, relation and source."""

import re
from dataclasses import dataclass, replace

import pytest

from tests.report.test_page import Strict
from weft.report.gates import MOST, gates, gates_section


@dataclass(frozen=True)
class Row:
    layer: int
    kind: str
    relation: str
    task: str
    source: str
    mean: float
    sd: float = 0.05


def rows(layer=0, kind="paper", tasks=("area", "venue")):
    """Along `writes` area takes .9 from venue, along `self` .2; venue keeps .7 and .6."""
    share = {("area", "writes"): (0.1, 0.9), ("area", "self"): (0.8, 0.2)}
    share |= {("venue", "writes"): (0.3, 0.7), ("venue", "self"): (0.4, 0.6)}
    keys = {"writes": "author__writes__paper", "self": "paper__self__paper"}
    found = []
    for (task, relation), values in share.items():
        found += [Row(layer, kind, keys[relation], task, s, v) for s, v in zip(tasks, values, strict=True)]
    return found


def numbers(figure):
    """Numbers of the cells, in the order drawn: tasks, relations, sources; the colour bar's have one digit."""
    return [float(n) for n in re.findall(r">(\d\.\d\d)</text>", figure)]


def test_every_number_is_in_its_place():
    """Protects from a transposed picture: order and words are those of the rows, whatever order they come in."""
    figure = gates(rows())
    assert numbers(figure) == [0.1, 0.9, 0.8, 0.2, 0.3, 0.7, 0.4, 0.6]
    assert figure.index(">area takes<") < figure.index(">venue takes<")
    words = re.findall(r">(area|venue|author writes|paper self)</text>", figure)
    assert words == ["area", "venue", "author writes", "paper self", "area", "venue"]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("author__writes__paper", "author writes"),
        ("paper__rev_writes__author", "paper ↩ writes"),
        ("paper__paper_writes_author_rev_writes_paper__paper", "paper via author"),
        ("paper__paper_cites_paper_has_paper__paper", "paper via cites_paper_h…"),  # another way back: as it is
        ("odd", "odd"),
    ],
)
def test_relations_are_told_briefly(key, told):
    """Protects the rows' names: relations of two hops are called by whom they pass, whatever cannot be read stays."""
    figure = gates([replace(row, relation=key) for row in rows()[:2]])
    assert f">{told}</text>" in figure


def test_words_say_what_the_picture_shows():
    """Protects those who do not see it: the strongest source of each task along each relation."""
    figure = gates(rows(layer=1))
    assert "layer 2, into paper" in figure
    assert "area takes most from, along author writes: venue 0.90; paper self: area 0.80" in figure
    assert "venue takes most from, along author writes: venue 0.70" in figure


def test_grey_is_enough():
    """Protects prints without colour: share reads as darkness, and white numbers stand on dark."""
    figure = gates(rows())
    assert len(re.findall(r"<text style=\"[^\"]*fill: #ffffff", figure)) == 4  # .9, .8, .7, .6
    assert figure.count("stroke: var(--fig-dark)") == 2  # the frames of each task's own


def test_a_section_has_a_picture_per_layer_and_type():
    """Protects from layers drawn over each other; the page stays well-formed and identifiers distinct."""
    section = gates_section([*rows(0), *rows(1), *rows(1, "author")])
    assert section is not None
    assert re.findall(r'<figure id="([^"]+)"', section.body) == ["gates-0-paper", "gates-1-paper", "gates-1-author"]
    parser = Strict()
    parser.feed(section.body)
    assert parser.open == []
    found = re.findall(r'\bid="([^"]+)"', section.body)
    assert len(found) == len(set(found))


def test_no_choice_no_picture():
    """Protects from an empty picture: no rows, or one expert only."""
    assert gates_section([]) is None
    assert gates_section([row for row in rows() if row.source == row.task == "area"]) is None


def test_many_tasks_stay_legible():
    """Protects a graph of 20 tasks: at most a dozen panels, no number too small to read, and it is said."""
    many = [Row(0, "p", f"r{r}", f"t{t}", f"t{s}", 0.05) for t in range(20) for r in range(2) for s in range(20)]
    figure = gates(many)
    assert figure.count(" takes<") == MOST
    assert numbers(figure) == []
    assert f"{MOST} of 20 tasks are drawn" in figure


def test_odd_names_do_not_break_the_page():
    """Protects from names that are HTML, and from a shared expert that is no task."""
    odd = [replace(row, task="<b>x", source="<b>x" if row.source == "area" else "shared 1") for row in rows()[:4]]
    figure = gates(odd)
    assert "<b>x" not in figure
    assert "shared 1" in figure
    assert numbers(figure) == pytest.approx([0.1, 0.9, 0.8, 0.2])
