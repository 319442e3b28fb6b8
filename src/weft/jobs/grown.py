"""A model folder that has grown by tasks or classes: written apart, then moved into place whole."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from weft.files import disk_errors, read_json, write_json
from weft.jobs.folder import CARD, LOCK, MODEL, WEIGHTS, WORK
from weft.jobs.inputs import sha256
from weft.predictor import Predictor
from weft.publish import publish
from weft.seal import SEALED


def note_of(file: Path, names: Sequence[str], counts: Sequence[int]) -> dict[str, Any]:
    """Return what a run card keeps of an addition.

    Args:
        file: of the examples.
        names: of the tasks, or classes.
        counts: labels, or examples, of each.
    """
    return {
        "tasks": list(names),
        "file": str(file),
        "sha256": sha256(file) if file.is_file() else "",
        "labels": [int(n) for n in counts],
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def save_grown(
    predictor: Predictor,
    folder: Path,
    target: Path,
    note: dict[str, Any],
    save_more: Callable[[Path], None],
) -> None:
    """Write the model apart and then move it into place; other files of the model go along."""
    staged = target / WORK / "added"  # beside the unfinished work of a fit, if there is any
    try:
        with disk_errors(target):
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir(parents=True)
            elsewhere = folder.resolve() != target.resolve()
            for path in folder.iterdir():
                # in place, only what the card seals is written again: nothing else changes
                wanted = elsewhere or path.name in SEALED
                if path.is_file() and wanted and path.name not in (MODEL, WEIGHTS, LOCK):
                    shutil.copy2(path, staged / path.name)
        if (folder / CARD).is_file():
            card = read_json(folder / CARD)
            before = card.get("added_tasks")
            write_json(staged / CARD, {**card, "added_tasks": [*(before if isinstance(before, list) else []), note]})
        save_more(staged)
        predictor.save(staged)
        publish(staged, target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        with contextlib.suppress(OSError):
            staged.parent.rmdir()
