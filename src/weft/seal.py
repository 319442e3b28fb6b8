"""Hashes of a model folder's files in its card: what was torn or changed is told, and never read as whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from weft.errors import UserError
from weft.files import sha256

#: Files of a model folder whose content its card knows; the run card and the report tell times and are left out.
SEALED: Final = ("model.safetensors", "metrics.json", "split.parquet", "seen.parquet")
#: Keys of the card: hashes of the files, and one of the card itself.
FILES, SEAL = "files", "seal"


def sealed(card: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a card with the hashes of the files that stand in `folder`, and its own."""
    files = {name: sha256(folder / name) for name in SEALED if (folder / name).is_file()}
    told = {**card, FILES: files}
    return {**told, SEAL: card_hash(told)}


def card_hash(card: Mapping[str, Any]) -> str:
    """Return the hash of a card without its seal."""
    told = {key: value for key, value in card.items() if key != SEAL}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def check_whole(card: Mapping[str, Any], path: Path, mend: str) -> None:
    """Refuse a file that is not the one that was written with its card; cards that know no hash are taken.

    Args:
        card: of the folder.
        path: the file.
        mend: what to do.

    Raises:
        UserError: when it is missing or has another content.
    """
    files = card.get(FILES)
    wanted = files.get(path.name) if isinstance(files, Mapping) else None
    if wanted is not None and sha256(path) != wanted:
        what = "this is not the file that was written with its card: writing was cut short, or it was changed since"
        raise UserError(what, where=str(path), mend=mend)


def check_card(card: Mapping[str, Any], path: Path, mend: str) -> None:
    """Refuse a card that is not as it was written; cards without a seal are taken.

    Args:
        card: the content of `path`.
        path: the file.
        mend: what to do.

    Raises:
        UserError: when its own hash is another.
    """
    if card.get(SEAL) not in (None, card_hash(card)):
        raise UserError("it was changed after it was written", where=str(path), mend=mend)
