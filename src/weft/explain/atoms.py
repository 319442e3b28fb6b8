"""How much each atom of a molecule moves each answer, by occlusion.

The answer with an atom, less the answer without it (Zeiler and Fergus, arXiv 1311.2901, of patches of images). What
"without" means depends on what a model reads, see `weft.explain.occlusion`. A molecule without an atom is no molecule:
these are facts about the model, and hints about chemistry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from weft.data.base import Data
from weft.data.molecules import Molecules
from weft.errors import UserError
from weft.explain.numbers import by_column, number
from weft.explain.occlusion import Occluded
from weft.labels import Floats, LabelTable, Shown
from weft.predictor import Predictor
from weft.tasks import TaskSet

_READS = {
    "morgan": "fingerprint environments that hold the atom are taken away",
    "graph": "the atom and its bonds are taken away",
    "descriptors": "descriptors stay those of the whole molecule",
}


@dataclass(frozen=True, eq=False)
class AtomContributions:
    """How much each atom moves each answer.

    Attributes:
        tasks: the tasks asked about.
        row: of the data.
        smiles: the molecule, whose atoms are numbered as they stand in it.
        values: float64 `[A, L]`, the answer less that without the atom; up where positive.
        full: float64 `[L]`, the answers for the whole molecule.
        masked: what was done to hide an atom.
    """

    tasks: TaskSet
    row: int
    smiles: str
    values: Floats
    full: Floats
    masked: str

    def of(self, task: str, label: str | None = None) -> Floats:
        """Return the contributions `[A]` to a task; to class `label` of a multiclass one (default: the likeliest)."""
        at = self.tasks.index(task)
        first, chosen = int(self.tasks.offsets[at]), self.tasks[at]
        own = self.full[first : first + chosen.width]
        if chosen.width > 1:
            first += chosen.classes.index(label) if label in chosen.classes else int(own.argmax())
        return self.values[:, first]

    def to_json(self) -> dict[str, object]:
        """Return it JSON-ready: per column the contribution of every atom."""
        columns = [
            {**told, "full": number(self.full[at]), "atoms": [number(value) for value in self.values[:, at]]}
            for at, told in enumerate(by_column(self.tasks))
        ]
        return {"row": self.row, "smiles": self.smiles, "masked": self.masked, "columns": columns}


def atom_contributions(
    model: Predictor, data: Data, row: int, tasks: Sequence[str] | None = None, known: Shown | None = None
) -> AtomContributions:
    """Ask what a model answers for a molecule without each of its atoms.

    Args:
        model: a predictor of molecules.
        data: molecules.
        row: which of them.
        tasks: the tasks to tell of; by default all.
        known: labels known of the data, which every question is asked with.

    Raises:
        UserError: for data that are no molecules, a row that cannot be used, an unknown task, or a model that reads no
            structure or reads it in a way that cannot lose an atom.
    """
    molecule = _molecule(model, data, row)
    occluded = Occluded.of(molecule)
    copies = np.zeros(len(occluded), np.int64)
    table = LabelTable.empty(model.tasks, 1) if known is None else known.table.take([row])
    found = model.answer(model.encode(occluded), Shown(table.take(copies)))
    chosen = model.tasks if tasks is None else model.tasks.select(tasks)
    mean = found.mean[:, _columns(model.tasks, chosen)]
    masked = "; ".join(words for kind, words in _READS.items() if kind in reads(model))
    return AtomContributions(chosen, row, molecule.smiles[0] or "", mean[0] - mean[1:], mean[0], masked)


def reads(model: Predictor) -> tuple[str, ...]:
    """Return the feature kinds that a model of molecules reads: those of its encoder, or every dense one."""
    nets: Any = getattr(getattr(model, "engine", None), "nets", None)
    if nets:
        return tuple(nets[0].encoder.needs)
    return tuple(kind for kind in model.features if kind != "graph")


def _molecule(model: Predictor, data: Data, row: int) -> Molecules:
    if not isinstance(data, Molecules):
        raise UserError("contributions of atoms are told of molecules only", mend="Give a model of molecules.")
    if not {"graph", "morgan"} & set(reads(model)):
        raise UserError(f"a {model.name} model reads no atoms", mend="Ask a model that reads structure.")
    if not 0 <= row < len(data):
        raise UserError(f"there is no row {row}", mend=f"Rows are 0 to {len(data) - 1}.")
    molecule = data.take(np.array([row], np.int64))
    if not molecule.ok[0]:
        raise UserError(f"the row cannot be used: {molecule.status[0]}", where=f"row {row}")
    return molecule


def _columns(tasks: TaskSet, chosen: TaskSet) -> list[int]:
    first = tasks.offsets
    return [c for task in chosen for c in range(int(first[tasks.index(task)]), int(first[tasks.index(task) + 1]))]
