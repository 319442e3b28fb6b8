import re
from html.parser import HTMLParser

import pytest

from tests.jobs.conftest import fitted as fitted

VOID = {"meta", "path", "use", "rect", "line", "circle", "ellipse", "polygon", "br"}


class Strict(HTMLParser):
    """Fails on a tag closed out of order."""

    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def report(fitted) -> str:
    return (fitted / "report.html").read_text(encoding="utf-8")


def test_one_file_that_asks_nothing_of_the_network(report):
    """Protects the report's promise to work offline: no address is fetched, no script runs."""
    assert not re.search(r"<(script|link|img|iframe)\b", report)
    assert not re.search(r'(src|href)="(?!#|data:)', report)
    assert "@import" not in report
    assert not re.search(r"url\((?!#|data:)", report)


def test_well_formed_and_complete(report):
    """Protects the page from a broken tag, and says what it must hold."""
    parser = Strict()
    parser.feed(report)
    assert parser.open == []
    titles = ("Did knowing other labels help?", "Scores per task", "Calibration", "Where it fails", "Task map")
    for title in (*titles, "Curves", "The data", "The split", "How it was made"):
        assert title in parser.text
    assert 'lang="en"' in report
    assert 'name="viewport"' in report


def test_every_picture_has_words(report):
    """Protects those who do not see: each picture says what it shows."""
    pictures = re.findall(r"<svg [^>]*>", report)
    assert len(pictures) >= 8
    assert all(re.search(r'aria-label="[^"]{12,}"', picture) for picture in pictures)


def test_undefined_is_said(report):
    """Protects 'a task with one class has no AUC and is reported as such'."""
    assert "undefined" in report


def test_links_lead_somewhere_and_names_are_not_used_twice(report):
    """Protects the list of parts: every link has its part, and no identifier stands twice."""
    found = re.findall(r'\bid="([^"]+)"', report)
    assert len(found) == len(set(found))
    links = re.findall(r'href="#([^"]+)"', report)
    assert len(links) >= 8
    assert set(links) <= set(found)


def test_the_run_card_tells_the_command_and_every_option(report):
    """Protects making the model again: command, whole hash, each option with whether it was used."""
    assert "weft fit" in report
    assert "--split column:part" in report
    assert re.search(r"\b[0-9a-f]{64}\b", report)
    assert "not used" in report
