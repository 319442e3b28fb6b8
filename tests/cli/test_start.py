import resource
import subprocess
import sys

import pytest

SLOW = ("torch", "torch_geometric", "rdkit", "polars", "sklearn", "lightgbm", "matplotlib", "scipy", "numpy", "pyarrow")
RUN = """
import sys
sys.argv = ["weft", *{words!r}]
from weft.cli.main import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(",".join(name for name in {names!r} if name in sys.modules))
"""


def imported(words, names, cwd=None) -> str:
    """Return which of the modules `names` a command imports."""
    code = RUN.format(words=words, names=names)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=cwd).stderr


@pytest.mark.parametrize("words", [["--help"], ["validate", "--help"], ["--version"]])
def test_help_is_quick(words):
    """Protects the start-up time: under half a second of computing, the least of five on a shared machine."""
    took: list[float] = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "weft", *words], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took) < 0.5


@pytest.mark.parametrize("words", [["--help"], ["fit", "--help"], ["datasets", "--help"]])
def test_help_imports_nothing_heavy(words):
    """Protects the cause of it: no library that costs seconds is imported for help."""
    assert imported(words, SLOW) == ""


def test_validate_does_not_import_torch(tmp_path):
    """Protects validate from the seconds that torch costs."""
    (tmp_path / "a.csv").write_text("smiles,a\nCO,1\nCCO,0\n")
    assert imported(["validate", "a.csv"], ("torch", "sklearn", "matplotlib", "lightgbm"), tmp_path) == ""


def test_validate_of_a_graph_does_not_import_torch(tmp_path):
    """Protects the same for graphs, in every layout."""
    from tests import toy

    for layout in ("tables", "npz", "hgb"):
        toy.write_toy(tmp_path / layout, layout)
        assert imported(["validate", layout, "--json"], ("torch", "sklearn", "matplotlib", "rdkit"), tmp_path) == ""
