"""What is wrong with a machine: each trouble is made, and told with its mend."""

import importlib.metadata as metadata
import sys

import pytest

from weft.doctor import imports, machine, packages
from weft.doctor.finding import Level


def told(findings, level=None):
    return {f.topic: f"{f.what} {f.mend}" for f in findings if level is None or f.level == level}


def test_here_nothing_is_wrong(look, tmp_path, monkeypatch):
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("WEFT_DATA", raising=False)
    monkeypatch.setattr(imports, "MODULES", {"numpy": ""})
    well, wrong, _ = look(None)
    assert well, wrong


def test_packages_that_lack_and_extras(monkeypatch):
    """Protects a newcomer from an ImportError: the line that installs an extra is told; what is needed is wrong."""
    needs = ["nothing-of-this-name>=1", "numpy>=99", "rich", "uvicorn>=1; extra == 'serve'", "rich; extra == 'dev'"]
    monkeypatch.setattr(packages.metadata, "requires", lambda _: needs)
    message = metadata.metadata("numpy")
    del message["Provides-Extra"]
    for extra in ("serve", "dev"):
        message["Provides-Extra"] = extra
    monkeypatch.setattr(packages.metadata, "metadata", lambda _: message)
    version = metadata.version
    monkeypatch.setattr(packages.metadata, "version", lambda name: "0.1" if name == "uvicorn" else version(name))
    found = list(packages.packages())
    assert "nothing-of-this-name is not installed; numpy is" in told(found, Level.WRONG)["packages"]
    assert "needed is >=99" in told(found, Level.WRONG)["packages"]
    assert "pip install 'weft[serve]'" in told(found, Level.NOTE)["extra serve"]
    assert "extra dev" not in told(found)


def test_a_library_that_ends_the_process_is_named(tmp_path, monkeypatch):
    """Protects from a crash without a word: seen to catch nothing with an import in this process."""
    (tmp_path / "crashes.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    (tmp_path / "lacks.py").write_text("raise ImportError('libXrender.so.1: cannot open shared object file')")
    (tmp_path / "prints.py").write_text("print('hello')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    found, _ = imports.imports(["prints", "crashes", "lacks"])
    text = " ".join(finding.what for finding in found)
    assert "crashes does not load: the process ended with code -4" in text
    assert "lacks does not load: ImportError: libXrender" in text
    assert "prints" not in text


@pytest.mark.parametrize(
    ("cuda", "cards", "driver", "level", "words"),
    [
        (None, [], False, Level.FINE, "no card"),
        (None, [], True, Level.NOTE, "built for the processor, but this machine has a card"),
        ("12.6", [], True, Level.NOTE, "nvidia-smi"),
        ("12.6", ["NVIDIA H100"], True, Level.FINE, "NVIDIA H100"),
    ],
)
def test_builds_of_torch(cuda, cards, driver, level, words):
    found = imports.torch_build({"version": "2", "cuda": cuda, "cards": cards}, driver)
    assert found.level == level
    assert words in f"{found.what} {found.mend}"


def test_folders_that_cannot_be_written_to(monkeypatch, tmp_path):
    """Protects from slow fits: a cache that cannot be written to is told, but weft works without one."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("WEFT_CACHE", str(blocked / "cache"))
    monkeypatch.setenv("WEFT_DATA", str(tmp_path / "nothing"))
    monkeypatch.setenv("OMP_NUM_THREADS", "4000")
    found = list(machine.machine())
    assert "WEFT_CACHE" in told(found, Level.NOTE)["cache"]
    assert "which is no folder" in told(found, Level.WRONG)["data sets"]
    assert "unset OMP_NUM_THREADS" in told(found, Level.NOTE)["threads"]


def test_little_disk_and_an_old_python(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "_LITTLE_DISK", 2**62)
    assert [f.level for f in machine.folder_for_writing("temporary folder", tmp_path, "")] == [Level.NOTE]
    monkeypatch.setattr(packages, "_OLDEST", (4, 0))
    assert packages.python().level == Level.WRONG
