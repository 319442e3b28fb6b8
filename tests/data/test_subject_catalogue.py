"""Images, texts and vectors by name: where they lie, where they come from, which copy a file is."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from weft.data.catalogue import find, version
from weft.data.subject_catalogue import SUBJECTS, locate_subject, subject_entry
from weft.errors import UserError
from weft.jobs.inputs import sha256
from weft.jobs.subjects import kind_of

HELD = Path(__file__).parents[3] / "shared/data"


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """Nothing of this machine is found."""
    monkeypatch.delenv("WEFT_DATA", raising=False)
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path / "cache"))


def test_entries_are_complete_and_distinct():
    # Protects: each has an https address, how it lies, a licence, a citation and well-formed checksums.
    assert len({entry.name for entry in SUBJECTS}) == len(SUBJECTS)
    for entry in SUBJECTS:
        assert entry.address.startswith("https://")
        assert entry.how
        assert entry.licence
        assert entry.citation
        assert entry.places
        assert entry.checksums or "no checksum is published" in entry.how
        assert all(word.startswith("sha256:") and len(word) == 71 for word in entry.checksums)


def test_found_in_the_folder_of_the_user_then_told_where_to_get(tmp_path, monkeypatch):
    # Protects: by name, whatever its case, below WEFT_DATA; else a mend that names the address.
    with pytest.raises(UserError, match=r"WEFT_DATA.*cocodataset\.org"):
        find("coco")
    (tmp_path / "mine" / "vision" / "mini-imagenet").mkdir(parents=True)
    monkeypatch.setenv("WEFT_DATA", str(tmp_path / "mine"))
    assert find("Mini-ImageNet") == tmp_path / "mine" / "vision" / "mini-imagenet"
    with pytest.raises(UserError, match="Did you mean"):
        find("coco-caption")


def test_a_copy_is_known_by_its_checksum(tmp_path):
    # Protects: another file under the same name is not taken for the known one.
    (tmp_path / "a.npz").write_bytes(b"x")
    entry = replace(SUBJECTS[0], checksums={"sha256:" + hashlib.sha256(b"x").hexdigest(): "the known one"})
    assert version(entry, tmp_path / "a.npz") == "the known one"
    assert version(SUBJECTS[0], tmp_path / "a.npz") == "an unknown copy"
    assert version(entry, tmp_path) == "an unknown copy"


@pytest.mark.skipif(not HELD.is_dir(), reason="the real data sets are not on this machine")
@pytest.mark.parametrize("name", ["omniglot", "coco-captions", "scene", "yeast", "corel5k"])
def test_the_real_files_are_the_known_copies(name, monkeypatch):
    # Protects: checksums and counts that the catalogue states, on the files themselves.
    from weft.jobs.subject_input import read_unchecked
    from weft.jobs.subjects import Subject
    from weft.training.run import silent

    monkeypatch.setenv("WEFT_DATA", str(HELD))
    entry = subject_entry(name)
    path = locate_subject(entry)
    assert f"sha256:{sha256(path)}" in entry.checksums
    assert entry.kind == "text" or kind_of(path) == entry.kind
    read = read_unchecked(path, Subject(entry.kind), silent)
    assert len(read.table) == entry.rows
    classes = max(len(task.classes) for task in read.plan.tasks)
    assert (classes if entry.kind == "images" else len(read.plan.tasks)) == entry.n_tasks
    assert read.data.ok.all()
