import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from weft.data import catalogue, moleculenet
from weft.data.catalogue import entries, entry, find, locate, matches, version
from weft.data.columns import plan_columns
from weft.data.reading import read_labels
from weft.data.tables import read_table
from weft.errors import UserError

HELD = Path(__file__).parents[3] / "shared/data/molecules"
TEXT = b"smiles,a\nCC,1\n"


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """Nothing of this machine is found: no WEFT_DATA, an empty cache."""
    monkeypatch.delenv("WEFT_DATA", raising=False)
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A catalogue with one data set `toy`, fetched from a file of this machine."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "toy.csv").write_bytes(TEXT)
    monkeypatch.setattr(moleculenet, "_BASE", source.as_uri() + "/")
    toy = replace(entry("esol"), name="toy", file="toy.csv", checksum="sha256:" + hashlib.sha256(TEXT).hexdigest())
    monkeypatch.setattr(catalogue, "ENTRIES", (toy,))
    return source / "toy.csv"


def test_entries_are_complete_and_distinct():
    """Every set that MoleculeNet users expect is there, once, with an https address and a well-formed checksum."""
    names = [item.name for item in entries()]
    assert len(set(names)) == len(names)
    assert {"tox21", "sider", "toxcast", "bbbp", "clintox", "bace", "hiv", "muv", "esol", "freesolv"} <= set(names)
    for item in entries():
        assert item.address.startswith("https://")
        assert item.address.endswith(item.file)
        assert item.licence
        assert item.citation
        for checksum in [*item.copies, *([item.checksum] if item.checksum else [])]:
            method, _, digest = checksum.partition(":")
            assert len(digest) == {"md5": 32, "sha256": 64}[method]


def test_unknown_name_hints_at_the_nearest():
    """A misspelt name says what was meant."""
    with pytest.raises(UserError, match="Did you mean tox21"):
        entry("tox2")


def test_users_folder_comes_before_the_cache(tmp_path, monkeypatch):
    """WEFT_DATA wins over the cache, and its `molecules` folder counts too."""
    cached = tmp_path / "cache/datasets/tox21.csv.gz"
    cached.parent.mkdir(parents=True)
    cached.touch()
    assert find("tox21") == cached
    mine = tmp_path / "mine/molecules/tox21.csv"
    mine.parent.mkdir(parents=True)
    mine.touch()
    monkeypatch.setenv("WEFT_DATA", str(tmp_path / "mine"))
    assert find("Tox21") == mine


def test_fetched_once_with_progress_then_taken_from_the_cache(served):
    """A download reports its bytes, lands in the cache, and is not repeated."""
    seen = []
    path = find("toy", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == TEXT
    assert seen == [(len(TEXT), len(TEXT))]
    served.unlink()
    assert find("toy") == path
    assert version(entry("toy"), path) == "the official file"


def test_wrong_checksum_is_refused_and_leaves_nothing(served, tmp_path):
    """A changed or tampered file is not used, nor kept. Seen to fail without the comparison."""
    served.write_bytes(TEXT + b"CCC,0\n")
    with pytest.raises(UserError, match=r"checksum sha256.*WEFT_DATA"):
        find("toy")
    assert list((tmp_path / "cache/datasets").iterdir()) == []
    assert locate(entry("toy")) is None


def test_no_network_names_address_and_mend(served, tmp_path):
    """Offline, the message tells where the file is and how to bring it by hand."""
    served.unlink()
    with pytest.raises(UserError, match=r"source/toy.csv: .*could not be fetched.*set WEFT_DATA"):
        find("toy")
    assert list((tmp_path / "cache/datasets").iterdir()) == []


def test_connection_that_ends_early_is_an_error(served, monkeypatch):
    """A part of a file is never taken for the whole, even where no checksum is known."""
    monkeypatch.setattr(catalogue, "ENTRIES", (replace(entry("toy"), checksum=None),))
    monkeypatch.setattr(catalogue, "_counted", lambda answer, total, progress: _cut(answer, total, progress))
    with pytest.raises(UserError, match=f"ended after {len(TEXT)} of {len(TEXT) + 1} bytes"):
        find("toy")


_counted = catalogue._counted


def _cut(answer, total, progress):
    return _counted(answer, total + 1, progress)


@pytest.mark.skipif(not HELD.is_dir(), reason="the real data sets are not on this machine")
@pytest.mark.parametrize("name", ["tox21", "sider", "toxcast"])
def test_held_copies_are_known_and_are_as_the_catalogue_says(name, monkeypatch):
    """The real files have the listed size, and weft can tell which copy they are."""
    monkeypatch.setenv("WEFT_DATA", str(HELD.parent))
    item, path = entry(name), find(name)
    assert version(item, path) == next(iter(item.copies.values()))
    assert not matches(path, item.checksum)
    table = read_table(path)
    plan = plan_columns(table)
    assert (len(table), len(plan.tasks), plan.smiles) == (item.rows, item.n_tasks, item.smiles)
    assert {task.kind for task in plan.tasks} == {item.kind}
    assert len(read_labels(table, plan)) == {"tox21": 77946, "sider": 38529, "toxcast": 1533660}[name]
