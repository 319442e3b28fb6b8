"""Models in folders: written and read in one way, whatever predicts.

A model folder holds `model.json` (a card: schema version, predictor, tasks, configuration, feature hashes)
and `model.safetensors` (every array). Loading never unpickles and never runs code.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weft import __version__
from weft.arrays import Arrays, put_under, under
from weft.devices import find_device
from weft.errors import UserError
from weft.files import atomic, disk_errors, read_json, write_json
from weft.predictor import Predictor, predictor_class
from weft.publish import settle
from weft.seal import check_card, check_whole, sealed
from weft.settings import Setting
from weft.tasks import TaskSet

if TYPE_CHECKING:
    from weft.training.calibrator import Calibrator

SCHEMA = 1
_CALIBRATION = "calibrator."
_MEND = "Restore the folder from a copy or fit again."
_TORN = "Run what wrote it once more (weft fit with --resume), restore the folder from a copy, or ask weft doctor."


def save(model: Predictor, folder: Path) -> None:
    """Write a fitted model into `folder`; each file appears whole, the card last."""
    from safetensors.numpy import save_file

    config, arrays = model.state()
    if model.calibrator is not None:
        arrays = {**arrays, **put_under(_CALIBRATION, model.calibrator.state())}
    with atomic(folder / "model.safetensors") as temporary:
        save_file({key: np.asarray(value, order="C") for key, value in arrays.items()}, temporary)
    card = {
        "schema": SCHEMA,
        "weft": __version__,
        "predictor": model.name,
        "settings": sorted(model.settings),
        "features": dict(model.features),
        "tasks": model.tasks.to_json(),
        "config": config,
        "calibration": None if model.calibrator is None else model.calibrator.to_json(),
        "arrays": {key: [str(value.dtype), list(value.shape)] for key, value in sorted(arrays.items())},
    }
    write_json(folder / "model.json", sealed(card, folder))


def load(folder: Path | str, device: str = "cpu") -> Predictor:
    """Load a fitted predictor from a model folder, wherever it was trained.

    Args:
        folder: the model.
        device: where its networks answer: `auto`, `cpu` or `cuda`; models without networks stay on the processor.

    Raises:
        UserError: when the folder is no model, is cut short, or was written by a newer weft; or for a device that is
            not there.
    """
    folder = Path(folder)
    settle(folder)
    if not (folder / "model.json").is_file():
        mend = "Give the folder that 'weft fit --out' wrote."
        raise UserError("this is not a finished weft model (no model.json)", where=str(folder), mend=mend)
    card: dict[str, Any] = read_json(folder / "model.json")
    try:
        _check_schema(card, folder)
        check_card(card, folder / "model.json", _MEND)
        check_whole(card, folder / "model.safetensors", _TORN)
        model = _restored(card, _read_arrays(folder / "model.safetensors", card["arrays"]))
    except UserError:
        raise
    except Exception as error:  # whatever a configuration of wrong values leads to
        where = str(folder / "model.json")
        raise UserError(f"the model card is damaged ({error!r})", where=where, mend=_MEND) from error
    if device == "cpu" or (device == "auto" and not model.on_device):
        return model
    found = find_device(device)
    return model.to(str(found)) if model.on_device else model


def _restored(card: dict[str, Any], arrays: Arrays) -> Predictor:
    tasks = TaskSet.from_json(card["tasks"])
    model = predictor_class(str(card["predictor"])).restore(tasks, card["config"], arrays)
    model.calibrator = _calibrator(card.get("calibration"), arrays)
    model.settings = frozenset(Setting(str(name)) for name in card["settings"])
    model.features = {str(kind): str(made) for kind, made in card["features"].items()}
    return model


def _calibrator(told: Any, arrays: Arrays) -> Calibrator | None:
    from weft.training.calibrator import Calibrator

    return None if told is None else Calibrator.restore(told, under(_CALIBRATION, arrays))


def _check_schema(card: Mapping[str, object], folder: Path) -> None:
    schema = card["schema"]
    if not isinstance(schema, int) or schema > SCHEMA:
        made = f" and was written by weft {card['weft']}" if card.get("weft") else ""
        raise UserError(
            f"the model has format {schema!r}{made}, this weft ({__version__}) reads up to {SCHEMA}",
            where=str(folder),
            mend="Upgrade weft: pip install --upgrade weft",
        )


def _read_arrays(path: Path, expected: Any) -> Arrays:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        with disk_errors(path):
            arrays = load_file(path)
    except SafetensorError as error:
        raise UserError(f"the file is damaged or cut short ({error})", where=str(path), mend=_MEND) from error
    found = {key: [str(value.dtype), list(value.shape)] for key, value in arrays.items()}
    if found != expected:
        raise UserError("the arrays are not those of model.json", where=str(path), mend=_MEND)
    return arrays
