"""The report of a comparison: a forest plot that holds its numbers, and a page that stands alone."""

import re

import pytest

from tests.benchmark import planted
from tests.report.test_page import Strict
from weft.jobs.compare import compare
from weft.jobs.options import FitOptions
from weft.report.compare import compare_page, forest


def row(family, model, difference, low, high, verdict="no difference seen"):
    return {
        "family": family, "model": model, "metric": "r2", "difference": difference, "low": low, "high": high,
        "single": 0.5, "other": 0.5 + difference, "verdict": verdict,
    }  # fmt: skip


ROWS = [
    row("a", "shared", -0.1, -0.2, -0.05, "sharing hurt a"),
    row("a", "inline", 0.05, -0.01, 0.11),
    row("b", "shared", 0.2, 0.1, 0.3, "sharing helped b"),
    row("b", "inline", 0.1, None, None),
]


def lines(figure):
    """Start and end of the intervals, in points: paths of two points at one height."""
    found = re.findall(r'd="M ([\d.]+) ([\d.]+) \nL ([\d.]+) ([\d.]+) \n" clip-path', figure)
    return [(float(x0), float(x1), float(y0)) for x0, y0, x1, y1 in found if y0 == y1]


def test_the_picture_holds_the_data():
    """Protects from a picture of other numbers: intervals are as long and as far apart as the rows say."""
    figure = forest(ROWS, 0.95)
    drawn = sorted(lines(figure), key=lambda line: line[2])
    assert len(drawn) == 3  # the fourth interval is unknown
    scale = (drawn[0][1] - drawn[0][0]) / 0.15
    for (x0, x1, _), held in zip(drawn, ROWS, strict=False):
        assert x1 - x0 == pytest.approx((held["high"] - held["low"]) * scale, abs=0.01)
        assert x0 - drawn[0][0] == pytest.approx((held["low"] + 0.2) * scale, abs=0.01)
    for text in ("-0.100 *", "+0.050<", "+0.200 *", "+0.100<"):
        assert f">{text}" in figure


def test_the_picture_in_words_and_in_grey():
    """Protects those who see no picture, or no colour: every number is said, and marks differ in shape and fill."""
    figure = forest(ROWS, 0.95)
    assert "a, shared -0.100 (-0.200 to -0.050); a, inline +0.050 (-0.010 to +0.110)" in figure
    assert "b, inline +0.100 (unknown to unknown)" in figure
    assert "95%" in figure
    assert "fill: var(--paper); stroke: var(--fig-edge)" in figure


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    with pytest.MonkeyPatch.context() as patch:
        planted.register(patch)
        graph = planted.write(folder / "graph")
        return compare(graph, folder / "out", FitOptions(threads=1), seeds=2)


def test_the_page_stands_alone_and_is_well_formed(made):
    """Protects the report's promise to work offline, and says what it must hold."""
    text = (made.folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img|iframe)\b", text)
    assert not re.search(r'(src|href)="(?!#|data:)', text)
    parser = Strict()
    parser.feed(text)
    assert parser.open == []
    for title in ("Difference to a model alone", "In numbers", "Every seed", "What it costs", "How it was made"):
        assert title in parser.text
    assert "Sharing hurt bad (the shared model, -0." in parser.text
    assert "Sharing helped good (the inline model, +0." in parser.text


def test_nothing_seen_and_one_seed_are_said(made):
    """Protects from silence where there is no difference, and from trust in one seed."""
    found = {**made.content, "seeds": [0], "differences": [row("same", "inline", 0.01, -0.1, 0.1)]}
    text = compare_page(found)
    assert "No difference is seen between" in text
    assert "One seed says nothing of how much training varies" in text
