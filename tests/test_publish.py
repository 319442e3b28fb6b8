"""Files that are moved into a folder as one, whatever stops it in between."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import tiny
from tests.jobs.conftest import fitted as fitted
from tests.jobs.conftest import model as model
from tests.jobs.conftest import tiny_model as tiny_model
from weft.errors import UserError
from weft.jobs.folder import locked
from weft.publish import READY, publish, settle
from weft.saved import load

NAMES = ("metrics.json", "model.json", "model.safetensors", "split.parquet")


class Stop(BaseException):
    """Stands for kill -9."""


@pytest.mark.parametrize("after", range(len(NAMES) + 1))
def test_stopped_after_any_file_the_next_one_completes_it(tmp_path: Path, monkeypatch, after: int) -> None:
    """Protects a model that is replaced from being lost or mixed. Seen to catch: files moved one by one, no more."""
    folder, staged = tmp_path / "m", tmp_path / "m" / ".work" / "out"
    staged.mkdir(parents=True)
    for name in NAMES:
        (folder / name).write_text("old")
        (staged / name).write_text("new")
    (folder / "notes.txt").write_text("mine")
    moves, move = iter(range(99)), Path.replace

    def stopping(self: Path, target: Path) -> Path:
        if next(moves) == after:
            raise Stop
        return move(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stopping)
        with pytest.raises(Stop):
            publish(staged, folder)
    settle(folder)
    expected = "old" if after == 0 else "new"  # before the first rename nothing has begun
    assert {(folder / name).read_text() for name in NAMES} == {expected}
    assert (folder / "notes.txt").read_text() == "mine"
    assert not (folder / READY).exists()


def test_whoever_opens_the_folder_completes_it(model: Path) -> None:
    """Protects readers: a folder whose files are on their way is read as the new model, and locked as it."""
    before = json.loads((model / "model.json").read_text())
    for enter in (lambda: load(model), lambda: locked(model).__enter__()):
        (model / READY).mkdir()
        (model / "model.json").replace(model / READY / "model.json")
        kept = enter()
        assert json.loads((model / "model.json").read_text()) == before
        del kept


def test_several_at_once(tmp_path: Path) -> None:
    """Protects from a crash when two processes complete the same folder."""
    ready = tmp_path / READY
    ready.mkdir()
    for k in range(300):
        (ready / f"{k}.json").write_text("{}")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(settle, [tmp_path] * 4))
    assert len(list(tmp_path.glob("*.json"))) == 300
    assert not ready.exists()


@pytest.mark.parametrize("name", ["model.safetensors"])
def test_weights_of_another_fit_are_refused(model: Path, name: str, monkeypatch) -> None:
    """Protects from the weights of one fit under the card of another: same tasks and shapes, other numbers."""
    tiny.register(monkeypatch)
    load(model)
    content = bytearray((model / name).read_bytes())
    content[-1] ^= 1
    (model / name).write_bytes(content)
    with pytest.raises(UserError, match="not the file that was written with its card"):
        load(model)
    card = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(
        json.dumps({key: value for key, value in card.items() if key not in ("files", "seal")})
    )
    load(model)  # a card of an older weft knows no hashes


def test_a_card_that_was_changed_is_refused(model: Path, monkeypatch) -> None:
    """Protects from other classes, settings or tasks over the same weights."""
    tiny.register(monkeypatch)
    card = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(json.dumps({**card, "settings": ["standard"]}))
    with pytest.raises(UserError, match="changed after it was written"):
        load(model)
