"""Weights of a pre-trained GTransformer: weft's own folder, or a checkpoint as GROVER's authors released them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from torch import Tensor

from weft.encoders.grover.config import GroverConfig
from weft.encoders.grover.released import read_released
from weft.encoders.grover.transformer import GTransformer
from weft.errors import UserError
from weft.files import atomic, damaged, disk_errors, read_json, sha256, write_json
from weft.training.revive import revive

CARD: Final = "grover.json"
TENSORS: Final = "grover.safetensors"
SCHEMA: Final = 1
_MEND: Final = "Give a folder that 'weft pretrain' wrote, or a released checkpoint such as grover_base.pt."


@dataclass(frozen=True, eq=False)
class Weights:
    """Pre-trained weights.

    Attributes:
        path: the file of the tensors.
        sha256: hash of its content.
        config: the shape.
        tensors: name in `GTransformer` -> values; of all its outputs.
    """

    path: Path
    sha256: str
    config: GroverConfig
    tensors: Mapping[str, Tensor]

    def load_into(self, transformer: GTransformer) -> None:
        """Put the weights into a transformer, which may have fewer outputs.

        Raises:
            UserError: when it has another shape.
        """
        state = transformer.state_dict()
        for name, value in state.items():
            found = self.tensors.get(name)
            if found is None or found.shape != value.shape:
                got = "missing" if found is None else f"of shape {tuple(found.shape)}"
                what = f"{name} is {got}, expected {tuple(value.shape)}"
                raise UserError(what, where=str(self.path), mend="Choose the --encoder of the size of the weights.")
        transformer.load_state_dict({name: self.tensors[name] for name in state})


def read_weights(path: Path | str) -> Weights:
    """Read weights: a folder or file of weft's own, or a released checkpoint.

    Raises:
        UserError: naming the file, when it is missing, damaged, of another kind or of a newer weft.
    """
    path = Path(path)
    if not path.exists():
        raise UserError("there is no such file or folder", where=str(path), mend=_MEND)
    own = path / TENSORS if path.is_dir() else path
    if own.name == CARD:
        own = own.with_name(TENSORS)
    if own.suffix == ".safetensors":
        config, tensors = _read_own(own)
    else:
        config, tensors = read_released(own)
    _check(config, tensors, own)
    return Weights(own, sha256(own), config, tensors)


def save_weights(folder: Path | str, transformer: GTransformer, note: Mapping[str, Any] | None = None) -> None:
    """Write a transformer's weights and card into a folder; each file appears whole, the card last.

    Args:
        folder: where to.
        transformer: with all its outputs.
        note: JSON-ready, how the weights were made.

    Raises:
        UserError: when the folder cannot be written to.
    """
    from safetensors.torch import save_file

    state = {name: value.detach().cpu().contiguous() for name, value in transformer.state_dict().items()}
    with atomic(Path(folder) / TENSORS) as temporary:
        save_file(state, temporary)
    card = {"schema": SCHEMA, "config": asdict(transformer.config), "sha256": sha256(Path(folder) / TENSORS)}
    write_json(Path(folder) / CARD, {**card, "made": dict(note or {})})


def _read_own(path: Path) -> tuple[GroverConfig, dict[str, Tensor]]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    place = path.with_suffix(".json")
    for part in (place, path):
        if not part.is_file():
            raise UserError(f"there is no {part.name}", where=str(path.parent), mend=_MEND)
    card: dict[str, Any] = read_json(place)
    try:
        schema, shape = card["schema"], dict[str, Any](card["config"])
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"the card is damaged ({error!r})", where=str(place), mend=_MEND) from error
    if schema != SCHEMA:
        mend = "Upgrade weft: pip install --upgrade weft"
        raise UserError(f"the weights have format {schema!r}, this weft reads {SCHEMA}", where=str(place), mend=mend)
    if card.get("sha256") not in (None, sha256(path)):
        what = "this is not the file that was written with its card: writing was cut short, or it was changed since"
        raise UserError(what, where=str(path), mend="Run weft pretrain with --resume, or restore the folder.")
    try:
        with disk_errors(path):
            tensors = load_file(path)
    except SafetensorError as error:
        raise UserError(f"the file is damaged or cut short ({error})", where=str(path), mend=_MEND) from error
    return _revived(shape, place), tensors


def _revived(shape: dict[str, Any], place: Path) -> GroverConfig:
    try:
        return revive(GroverConfig, shape)
    except (UserError, TypeError) as error:
        raise UserError(f"the card is damaged ({error})", where=str(place), mend=_MEND) from error


def _check(config: GroverConfig, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Refuse weights that are not those of their own shape, without making a transformer's memory."""
    import torch

    heads = config.blocks * config.heads
    if heads > len(tensors):  # else a wrong number in a card would be hours of making modules
        what = f"{len(tensors)} tensors are too few for {heads} attention heads"
        raise UserError(what, where=str(path), mend=_MEND)
    shape = damaged(path, "the card is not that of the weights", _MEND)
    with shape, torch.device("meta"):
        expected = {name: value.shape for name, value in GTransformer(config).state_dict().items()}
    for name, shape in expected.items():
        found = tensors.get(name)
        if found is None:
            raise UserError(f"the tensor {name} is missing", where=str(path), mend=_MEND)
        if found.shape != shape or not found.is_floating_point():
            what = f"the tensor {name} is {found.dtype} {tuple(found.shape)}, expected {tuple(shape)} of floats"
            raise UserError(what, where=str(path), mend=_MEND)
    if more := sorted(set(tensors) - set(expected)):
        raise UserError(f"the tensor {more[0]} is not known", where=str(path), mend=_MEND)
