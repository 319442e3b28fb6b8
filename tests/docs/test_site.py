"""The pages as a site: it builds without a warning, needs no network, and pictures say what they show."""

import os
import re
import subprocess
import sys

import matplotlib
import pytest

from tests.docs.pages import DOCS, ROOT, all_pages


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("mkdocs")
    pytest.importorskip("mkdocstrings")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return out


def test_nothing_is_fetched_from_the_network(site):
    """Protects the site where there is no network: scripts, styles, fonts and pictures are its own."""
    for page in site.rglob("*.html"):
        fetched = re.findall(r"<(?:script|img|link|iframe)\b[^>]*(?:src|href)=\"(?:https?:)?//[^\"]*", page.read_text())
        assert not fetched, page


def test_every_page_is_in_the_navigation(site):
    """Protects pages from being written and never found."""
    home = (site / "index.html").read_text()
    for path in DOCS.rglob("*.md"):
        name = path.relative_to(DOCS).with_suffix(".html").as_posix()
        assert f'href="{name}"' in home or name == "index.html", name


def test_the_reference_is_made_of_docstrings(site):
    """Protects from an empty reference: signatures and arguments stand there."""
    page = (site / "reference" / "models.html").read_text()
    assert "weft.estimator.MetaLink" in page
    assert "as in <code>fit</code>" in page


def test_pictures_say_what_they_show():
    """Protects readers who do not see them."""
    for page in all_pages():
        for alt, file in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", (ROOT / page).read_text()):
            if file.startswith(("http:", "https:")):
                continue
            assert len(alt) > 40, f"{page}: {file}"
            assert (ROOT / page).parent.joinpath(file).is_file(), f"{page}: {file}"


def test_figures_are_drawn_by_code_here(tmp_path, monkeypatch):
    """Protects from pictures that nobody can draw again: each has a drawing, and each drawing works."""
    monkeypatch.syspath_prepend(str(DOCS / "figures"))
    with matplotlib.rc_context():  # how they look is set when they are imported
        import draw

        drawn = {draw.write(name, tmp_path).name for name in draw.DRAWINGS}
    assert drawn == {path.name for path in (DOCS / "figures").glob("*.svg")}
    assert all(path.stat().st_size < 60_000 for path in (DOCS / "figures").glob("*.svg"))
