"""Drawings of molecules, contributions of their atoms, and the task map: what is made once and shown often."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from weft.data.cache import uncached
from weft.data.molecules import Molecules
from weft.data.smiles import parse
from weft.errors import UserError
from weft.explain import task_map
from weft.explain.atoms import AtomContributions, atom_contributions
from weft.explain.draw import draw_molecule
from weft.labels import Floats
from weft.serve.answers import TaskMapAnswer
from weft.serve.encodings import Recent
from weft.serve.known import unknown_task
from weft.serve.loaded import Loaded

_STYLE = re.compile(r"\sstyle='([^']*)'")
_KEPT = 256


def _recent() -> Recent[AtomContributions]:
    return Recent(_KEPT)


@dataclass(eq=False)
class Pictures:
    """What is computed of a model for pictures; runs on the model's thread.

    Attributes:
        loaded: the model.
        kept: contributions of the atoms of molecules seen of late, to all tasks.
        map: the task map, once asked for.
    """

    loaded: Loaded
    kept: Recent[AtomContributions] = field(default_factory=_recent)
    map: TaskMapAnswer | None = None

    def clear(self) -> None:
        """Forget all: the model has changed."""
        self.kept.clear()
        self.map = None

    def atoms(self, smiles: str, task: str) -> Floats:
        """Return what each atom adds to the prediction of a task.

        Raises:
            UserError: for a task that does not exist, or a model that reads no atoms.
        """
        predictor = self.loaded.predictor
        if task not in predictor.tasks.names:
            raise unknown_task(task, predictor.tasks, "task")
        found = self.kept.get(smiles)
        if found is None:
            if self.loaded.graph is not None:
                raise UserError("a model of a graph reads no atoms", where="task", mend="Leave task out.")
            if self.loaded.subject is not None:
                raise UserError("this model reads no molecules", where="task", mend="Leave task out.")
            mol, reason = parse(smiles)
            if mol is None:
                raise UserError(reason, where="smiles", mend="Check the SMILES.")
            with uncached():
                found = atom_contributions(predictor, Molecules.from_smiles([smiles], workers=0), 0)
            self.kept.put(smiles, found)
        return found.of(task)

    def task_map(self) -> TaskMapAnswer:
        """Return the task map.

        Raises:
            UserError: for a model that keeps no data to ask about.
        """
        if self.map is None:
            engine: Any = getattr(self.loaded.predictor, "engine", None)
            if not hasattr(engine, "memory"):
                what = f"a {self.loaded.predictor.name} model keeps no data to make a task map from"
                raise UserError(what, mend="In Python: weft.explain.task_map(model, data).")
            self.map = TaskMapAnswer.model_validate(task_map(self.loaded.predictor).to_json())
        return self.map


def draw(
    smiles: str, width: int, height: int, dark: bool = False, values: Floats | None = None, task: str | None = None
) -> str:
    """Return a molecule as SVG that a strict page shows: without scripts and style attributes.

    Args:
        smiles: the molecule.
        width: in pixels.
        height: in pixels.
        dark: for a dark page.
        values: what its atoms add to the prediction of `task`.
        task: told to those who cannot see the picture.

    Raises:
        UserError: when it cannot be read or drawn.
    """
    title = f"Structure of {smiles}" + (f", atoms by what they add to {task}" if task else "")
    try:
        svg = draw_molecule(smiles, values, title, width, height, dark)
    except UserError as error:
        raise UserError(error.what[:200], where="smiles", mend=error.mend or "Check the SMILES.") from error
    return _STYLE.sub(_attributes, svg)


def _attributes(found: re.Match[str]) -> str:
    """Write a style attribute, which a strict page refuses, as attributes of its own."""
    pairs = (part.split(":", 1) for part in found[1].split(";") if ":" in part)
    return "".join(f" {name.strip()}='{value.strip()}'" for name, value in pairs)
