import re

import numpy as np

from weft.report import figures
from weft.report.svg import DARK, LIGHT


def luminance(colour: str) -> float:
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_bars_tell_their_numbers_in_words():
    """Protects those who cannot see the picture: undefined is said, not drawn as zero."""
    text = figures.bars("ROC-AUC", ["a", "b"], [0.7, None], [0.8, 0.6], 0.5)
    assert 'role="img"' in text
    assert "a 0.70 and 0.80; b undefined and 0.60" in text
    assert ">undefined<" in text


def test_pictures_can_be_read_in_grey():
    """Protects printing without colour: light and dark differ, and so do hatch and mark."""
    assert luminance(LIGHT) - luminance(DARK) > 0.4
    assert "<pattern" in figures.bars("ROC-AUC", ["a"], [0.7], [0.8], 0.5)


def test_odd_names_neither_break_the_picture_nor_the_page():
    """Protects from names that are HTML, mathematics or another script."""
    names = ["<script>x</script>", "$a_b$", "毒性 & 酶", "x" * 80]
    for text in (
        figures.bars("ROC-AUC", names, [0.7] * 4, None, 0.5),
        figures.relations(names, np.eye(4)),
    ):
        assert "<script>" not in text
        assert "$a_b$" in text


def test_many_tasks_stay_a_picture():
    """Protects a table of 617 tasks from a picture of 617 bars."""
    names = [f"task {k}" for k in range(100)]
    text = figures.bars("ROC-AUC", names, [0.7] * 100, [0.8] * 100, 0.5)
    assert "task 39" in text
    assert "task 40" not in text
    assert "Heat map of 40 tasks" in figures.relations(names, np.full((100, 100), 0.5))


def test_one_task_or_nothing_in_common_still_draws():
    """Protects the smallest tables."""
    assert "No two tasks" in figures.relations(["a", "b"], np.full((2, 2), np.nan))
    assert "<svg" in figures.calibration({"nothing shown": ([0.5], [1.0])})
    assert "<svg" in figures.bars("R²", ["a"], [-3.0], None, 0.0)


def test_same_numbers_same_bytes_and_no_identifier_twice():
    """Protects comparing two reports, and pictures from borrowing each other's patterns."""
    one, two = (figures.bars("ROC-AUC", ["a"], [0.7], [0.8], 0.5) for _ in range(2))
    assert one == two
    both = one + figures.calibration({"x": ([0.2, 0.8], [0.1, 0.9])})
    found = re.findall(r'\bid="([^"]+)"', both)
    assert len(found) == len(set(found))


def test_the_alike_stand_together():
    """Protects the order of the heat map: seen to catch the tasks' own order."""
    blocks = np.kron(np.ones((3, 3)) * 0 + np.eye(3), np.ones((2, 2)))
    mixed = [0, 2, 4, 1, 3, 5]
    text = figures.relations([f"t{k // 2}" for k in mixed], blocks[np.ix_(mixed, mixed)])
    names = re.findall(r">(t\d)<", text)[:6]
    assert names[0] == names[1]
    assert names[2] == names[3]
