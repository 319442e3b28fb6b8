"""Settings in a file: what `weft tune` finds and `weft fit --config` takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weft.errors import UserError, nearest
from weft.files import read_json, write_json
from weft.jobs.options import MODEL_OPTIONS, FitOptions
from weft.training.revive import plain

#: What a file may hold: the options that make a model.
KEYS = ("model", *MODEL_OPTIONS)


def write_config(path: Path, options: FitOptions) -> None:
    """Write the options that make the model, as far as they were chosen."""
    chosen = {name: plain(getattr(options, name)) for name in KEYS if getattr(options, name) is not None}
    if options.changes:
        chosen["changes"] = {name: plain(value) for name, value in options.changes.items()}
    write_json(path, chosen)


def with_config(options: FitOptions, path: Path | None) -> FitOptions:
    """Return options with those of a file where nothing else was chosen.

    Raises:
        UserError: for a file that is none, or holds what makes no model.
    """
    if path is None:
        return options
    held: Mapping[str, Any] = read_json(path)
    for name, value in held.items():
        if name not in KEYS:
            raise UserError(f"there is no option {name!r}", where=str(path), mend=nearest(name, KEYS))
        if name == "changes" and not isinstance(value, Mapping):
            raise UserError("changes are no names with values", where=str(path), mend='Write {"loop.lr": 0.001}.')
    try:
        found = {name: value for name, value in held.items() if getattr(options, name) is None}
        return dataclasses.replace(options, **found)
    except (TypeError, AttributeError) as error:
        raise UserError(f"an option has a value of another kind ({error})", where=str(path), mend="Mend it.") from error
