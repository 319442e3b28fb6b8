"""Checkpoints: named sets of tensors, an optimiser's state and a note, in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from weft.files import atomic
from weft.group import current
from weft.training.run import Run

Tensors = dict[str, Tensor]
_OPTIMIZER = "optimizer"


@dataclass(frozen=True)
class Checkpoint:
    """One file that holds where a training stage stands; it appears whole or not at all."""

    path: Path

    @classmethod
    def of(cls, run: Run, name: str) -> Checkpoint | None:
        """Return the checkpoint of stage `name`, or None when the run keeps nothing."""
        return None if run.folder is None else cls(run.folder / f"{name}.checkpoint.safetensors")

    def exists(self) -> bool:
        """Whether there is one to continue from."""
        return self.path.exists()

    def save(self, parts: Mapping[str, Tensors], optimizer: torch.optim.Optimizer, note: object) -> None:
        """Write the parts, the optimiser's state and a JSON-ready note; of a group's processes the first does."""
        if not current().first:
            return
        from safetensors.torch import save_file

        arrays = {f"{part}.{key}": value.contiguous() for part, held in parts.items() for key, value in held.items()}
        for index, slots in optimizer.state_dict()["state"].items():
            arrays |= {f"{_OPTIMIZER}.{index}.{slot}": value.clone() for slot, value in slots.items()}
        arrays = {key: value.cpu() for key, value in arrays.items()}  # so that it can be continued on any device
        with atomic(self.path) as temporary:
            save_file(arrays, temporary, metadata={"note": json.dumps(note)})

    def load(self, optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensors], Any]:
        """Return the parts and the note, and put the optimiser's state back."""
        from safetensors import safe_open

        with safe_open(self.path, "pt") as file:
            arrays: Tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            note: Any = json.loads(file.metadata()["note"])
        parts: dict[str, Tensors] = {}
        for key, value in arrays.items():
            part, _, name = key.partition(".")
            parts.setdefault(part, {})[name] = value
        state: dict[int, Tensors] = {}
        for key, value in parts.pop(_OPTIMIZER, {}).items():
            index, _, slot = key.partition(".")
            state.setdefault(int(index), {})[slot] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        return parts, note


def copy_of(module: nn.Module) -> Tensors:
    """Return a copy of a module's state that later steps do not change."""
    return {key: value.detach().clone() for key, value in module.state_dict().items()}
