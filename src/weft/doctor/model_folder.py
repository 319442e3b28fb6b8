"""A model folder: whole, torn, changed or unfinished; nothing in it is touched."""

from __future__ import annotations

import contextlib
import importlib.metadata as metadata
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import weft
from weft.doctor.finding import Finding, Level, fine, note, wrong
from weft.errors import UserError, WeftError, nearest
from weft.files import read_json, sha256
from weft.jobs.folder import CARD, LOCK, METRICS, MODEL, REPORT, WEIGHTS, WORK, holder
from weft.predictor import REGISTRY
from weft.publish import READY
from weft.saved import SCHEMA
from weft.seal import FILES, SEAL, card_hash
from weft.words import many

#: What is lost without a file, and what brings it back.
_FOR: Final = {
    WEIGHTS: "the weights; without them there is no model",
    METRICS: "its scores; predictions work without them",
    CARD: "how it was made; --resume, the report and the graph's place are read from it",
    "split.parquet": "which rows it was trained on; --split file:... and the report read it",
    "seen.parquet": "which rows it has seen; without it weft evaluate scores training rows, too",
    REPORT: "the report",
}
_RESTORE: Final = "Restore it from a copy, or fit again."
_KEYS: Final = ("schema", "predictor", "settings", "features", "tasks", "config", "arrays")
_DECIDE: Final = ("torch", "rdkit", "numpy", "scikit-learn", "lightgbm")


def model_folder(folder: Path) -> Iterator[Finding]:
    """Look at a model folder, finished or not."""
    yield from _at_work(folder)
    if not _place(folder, MODEL).is_file():
        yield _no_model(folder)
        return
    try:
        card: dict[str, Any] = read_json(_place(folder, MODEL))
    except UserError as error:
        yield wrong(MODEL, error.what, _RESTORE)
        return
    found = [*_card(card), *_files(folder, card)]
    yield from found
    yield from _made(folder)
    if not any(finding.level is Level.WRONG for finding in found) and not (folder / READY).exists():
        yield _loads(folder)
    yield from _left_behind(folder)


def _place(folder: Path, name: str) -> Path:
    """Return where a file is: in the folder, or finished and on its way into it."""
    ready = folder / READY / name
    return ready if ready.exists() else folder / name


def _at_work(folder: Path) -> Iterator[Finding]:
    """Look at locks and unfinished work."""
    if (folder / LOCK).exists():
        process = holder(folder)
        if process is not None:
            what = f"process {process} is working here now: what follows may change"
            yield note("lock", what, "Wait for it to end.")
        else:
            what = "a lock was left behind by a process that was killed; it holds nobody up"
            yield note("lock", what, f"Nothing needs to be done; the next command removes it ({folder / LOCK}).")
    if (folder / READY).is_dir():
        what = "a command was stopped while it moved finished files into place; all of them are whole"
        yield note("unfinished", what, "Nothing needs to be done: the next command on the folder completes it.")
    if (folder / WORK / "resume.json").is_file():
        kept = len(list((folder / WORK).rglob("*.safetensors")))
        what = f"an unfinished fit is here, with {kept} stages or checkpoints kept"
        mend = f"Give the same weft fit once more with --resume; or give it up: delete {folder / WORK}"
        yield note("unfinished", what, mend)


def _no_model(folder: Path) -> Finding:
    if (folder / WORK / "resume.json").is_file():
        return wrong(MODEL, "there is no model yet: the fit has not ended", "Continue it with --resume.")
    parts = [name for name in _FOR if (folder / name).is_file()]
    if parts:
        what = f"there is no {MODEL}, which is written last, but {', '.join(parts)}: the folder was copied in part"
        return wrong(MODEL, what, "Copy the whole folder once more, or fit again.")
    return wrong(MODEL, f"{folder} is no model folder", "Name the folder that 'weft fit --out' wrote.")


def _card(card: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at `model.json` itself."""
    schema = card.get("schema")
    made = f" by weft {card['weft']}" if card.get("weft") else ""
    if not isinstance(schema, int) or schema > SCHEMA:
        what = f"the model has format {schema!r}{made}; this weft {weft.__version__} reads up to {SCHEMA}"
        yield wrong(MODEL, what, "Run: pip install --upgrade weft")
        return
    lacking = [key for key in _KEYS if key not in card]
    if lacking:
        yield wrong(MODEL, f"it lacks {', '.join(lacking)}: it is no card of a model, or was changed", _RESTORE)
        return
    if str(card["predictor"]) not in REGISTRY:
        what = f"this weft knows no model {card['predictor']!r}"
        yield wrong(MODEL, what, f"{nearest(str(card['predictor']), REGISTRY)} A newer weft may: upgrade.")
    if SEAL not in card:
        yield note(MODEL, "it was written by a weft that kept no hashes: changes of its files cannot be told")
    elif card[SEAL] != card_hash(card):
        yield wrong(MODEL, "it was changed after it was written", "Restore it from a copy, or fit again.")
    else:
        tasks = card["tasks"]
        n = len(tasks) if isinstance(tasks, list) else "?"
        yield fine(MODEL, f"format {schema}, {card['predictor']}, tasks: {n}")


def _files(folder: Path, card: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at the other files, by the hashes of the card."""
    told = card.get(FILES)
    hashes: dict[str, str] = told if isinstance(told, dict) else {}
    for name in dict.fromkeys([WEIGHTS, *hashes]):
        path = _place(folder, name)
        bad = wrong if name == WEIGHTS else note
        if not path.is_file():
            yield bad(name, f"it is missing: it holds {_FOR.get(name, 'a part of the model')}", _RESTORE)
            continue
        try:
            same = name not in hashes or sha256(path) == hashes[name]
        except UserError as error:
            yield wrong(name, error.what, error.mend or _RESTORE)
            continue
        size = _size(path.stat().st_size)
        if same:
            yield fine(name, f"{size}{', as it was written' if name in hashes else ''}")
        else:
            yield wrong(name, f"it is not the file that was written with the card ({size}): torn or changed", _RESTORE)


def _made(folder: Path) -> Iterator[Finding]:
    """Look at the run card: there, whole, and of which versions."""
    path = _place(folder, CARD)
    if not path.is_file():
        yield note(
            CARD, f"it is missing: it holds {_FOR[CARD]}", "Predictions work; restore it from a copy for the rest."
        )
        return
    try:
        card: dict[str, Any] = read_json(path)
    except UserError as error:
        yield wrong(CARD, error.what, _RESTORE)
        return
    then = card.get("versions")
    now = dict[str, str]()
    for name in _DECIDE:
        with contextlib.suppress(metadata.PackageNotFoundError):
            now[name] = metadata.version(name)
    old: dict[str, Any] = then if isinstance(then, dict) else {}
    other = [
        f"{name} {old[name]} (now {version})" for name, version in now.items() if old.get(name, version) != version
    ]
    if other:
        what = f"it was made with {', '.join(other)}: numbers may differ in their last digits"
        yield note(CARD, what, "Nothing needs to be done unless bits must be the same.")
    else:
        yield fine(CARD, f"made by weft {card.get('weft')} on {card.get('made')} with the versions of now")


def _loads(folder: Path) -> Finding:
    """Load the model, as every command does."""
    from weft import saved

    began = time.monotonic()
    try:
        model = saved.load(folder)
    except WeftError as error:
        return wrong("loading", str(error), _RESTORE)
    except Exception as error:
        return wrong("loading", f"it does not load ({type(error).__name__}: {error})", _RESTORE)
    return fine("loading", f"it loads in {time.monotonic() - began:.1f} s and has {len(model.tasks)} tasks")


def _size(n: int) -> str:
    return f"{n / 2**20:.1f} MiB" if n >= 2**20 else f"{n / 2**10:.1f} KiB"


def _left_behind(folder: Path) -> Iterator[Finding]:
    """Look for temporary files of processes that were killed."""
    names = [*_FOR, MODEL]
    left = [path for path in folder.glob(".*") if any(path.name.startswith(f".{name}.") for name in names)]
    if left:
        size = _size(sum(path.stat().st_size for path in left if path.is_file()))
        files = many(len(left), "half-written file", "half-written files")
        what = f"{files} of a killed process ({size}); no command reads them"
        yield note("left behind", what, f"Delete them: rm {' '.join(str(path) for path in left[:5])}")
