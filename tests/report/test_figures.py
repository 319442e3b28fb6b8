import re

import numpy as np

from weft.report import figures
from weft.report.forest import forest
from weft.report.heatmap import relations
from weft.report.reliability import reliability
from weft.report.resampling import Interval
from weft.report.svg import DARK, LIGHT, PAPER
from weft.training.assess import Bins


def at(*values):
    return [Interval(v, None if v is None else v - 0.05, None if v is None else v + 0.05) for v in values]


def luminance(colour: str) -> float:
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_bars_tell_their_numbers_in_words():
    """Protects those who cannot see the picture: undefined is said, not drawn as zero."""
    text = figures.bars("ROC-AUC", ["a", "b"], at(0.7, None), at(0.8, 0.6), 0.5)
    assert 'role="img"' in text
    assert "a 0.70 and 0.80; b undefined and 0.60" in text
    assert ">undefined<" in text


def test_pictures_can_be_read_in_grey():
    """Protects printing without colour: light and dark differ, and so do hatch and mark."""
    assert luminance(LIGHT) - luminance(DARK) > 0.4
    assert "<pattern" in figures.bars("ROC-AUC", ["a"], at(0.7), at(0.8), 0.5)


def test_pictures_follow_the_page_into_the_dark():
    """Protects from dark lines on a dark page: colours of marks and text are the page's own."""
    text = figures.bars("ROC-AUC", ["a"], at(0.7), at(0.8), 0.5)
    for colour in (DARK, LIGHT, PAPER, "#22303c", "#000000"):
        assert colour not in text
    assert "var(--fig-dark)" in text
    assert "var(--ink)" in text


def test_odd_names_neither_break_the_picture_nor_the_page():
    """Protects from names that are HTML, mathematics or another script."""
    names = ["<script>x</script>", "$a_b$", "毒性 & 酶", "x" * 80]
    rows = [
        {"family": n, "model": "m", "metric": "r2", "difference": 0.1, "low": 0.0, "high": 0.2, "verdict": ""}
        for n in names
    ]
    for text in (
        figures.bars("ROC-AUC", names, at(*[0.7] * 4), None, 0.5),
        relations(names, np.eye(4)),
        forest(rows, 0.95),
    ):
        assert "<script>" not in text
        assert "$a_b$" in text


def test_many_tasks_stay_a_picture():
    """Protects a table of 617 tasks from a picture of 617 bars."""
    names = [f"task {k}" for k in range(100)]
    text = figures.bars("ROC-AUC", names, at(*[0.7] * 100), at(*[0.8] * 100), 0.5)
    assert "task 39" in text
    assert "task 40" not in text
    assert "Heat map of 40 tasks" in relations(names, np.full((100, 100), 0.5))


def test_one_task_or_nothing_in_common_still_draws():
    """Protects the smallest tables."""
    assert "No two tasks" in relations(["a", "b"], np.full((2, 2), np.nan))
    assert "<svg" in reliability({"nothing shown": {"after": Bins((0.5,), (1.0,), (3,))}})
    assert "<svg" in figures.bars("R²", ["a"], at(-3.0), None, 0.0)
    assert "<svg" in figures.ratios("R²", [0.0, 0.5], at(0.1, None), at(0.1, 0.2))


def test_a_wide_band_does_not_hide_the_lines():
    """Protects a curve of means from a band of minus two at one end. Seen to catch: lines pressed together on top."""
    wide = [Interval(0.3, 0.2, 0.4), Interval(0.4, -20.0, 0.5)]
    ticks = re.findall(r">(−?\d+\.?\d*)</text>", figures.ratios("R²", [0.0, 0.5], wide, wide))
    assert ticks
    assert min(float(t.replace("−", "-")) for t in ticks) > -1


def test_same_numbers_same_bytes_and_no_identifier_twice():
    """Protects comparing two reports, and pictures from borrowing each other's patterns."""
    one, two = (figures.bars("ROC-AUC", ["a"], at(0.7), at(0.8), 0.5) for _ in range(2))
    assert one == two
    both = one + reliability({"x": {"after": Bins((0.2, 0.8), (0.1, 0.9), (5, 5))}})
    found = re.findall(r'\bid="([^"]+)"', both)
    assert len(found) == len(set(found))


def test_the_alike_stand_together():
    """Protects the order of the heat map: seen to catch the tasks' own order."""
    blocks = np.kron(np.eye(3), np.ones((2, 2)))
    mixed = [0, 2, 4, 1, 3, 5]
    text = relations([f"t{k // 2}" for k in mixed], blocks[np.ix_(mixed, mixed)])
    names = re.findall(r">(t\d)<", text)[:6]
    assert names[0] == names[1]
    assert names[2] == names[3]
