"""Every example runs as it stands, is short, and is shown or named in the docs."""

import runpy
import sys
from pathlib import Path

import pytest

from tests.docs.once import remembered
from weft import estimator
from weft.encoders import base as encoders
from weft.hetero.trunks import base as trunks

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
#: Example -> what it must print.
SAYS = {
    "benchmark_row": "6 trained, 6 in results",
    "intervals": "stated 90%, log_clearance",
    "known_labels": "the same after loading: True",
    "new_task": "receptor_antagonist, with the other three known: ROC-AUC 0.",
    "own_encoder": "[[0.",
    "own_exchange": "mean-of-tasks",
    "own_graph": "salary",
    "what_if": "if receptor_binding were 1: receptor_agonist 0.",
}


@pytest.fixture
def registries():
    """Take out again what an example registers."""
    before = [(registry, dict(registry)) for registry in (encoders.REGISTRY, trunks.REGISTRY)]
    yield
    for registry, content in before:
        registry.clear()
        registry.update(content)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # PyTorch Geometric's, while imported
def test_an_example_runs(path, registries, tmp_path, monkeypatch, capsys):
    """Protects people who copy an example: it runs in an empty folder and prints what it promises."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(path.parent))
    monkeypatch.setattr(estimator.MetaLink, "fit", remembered)  # three of them fit the same
    try:
        runpy.run_path(str(path), run_name="__main__")
    finally:
        sys.modules.pop(path.stem, None)
    assert SAYS[path.stem] in capsys.readouterr().out


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short_and_told_of(path):
    """Protects readers' time: sixty lines at most, and a page that shows or names it."""
    assert len(path.read_text().splitlines()) <= 60
    pages = "\n".join(page.read_text() for page in (ROOT / "docs").rglob("*.md"))
    assert f"examples/{path.name}" in pages
