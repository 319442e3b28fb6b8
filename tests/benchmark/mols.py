"""Sixty molecules of ten scaffolds, six tasks, and suites on them: small enough to know by heart."""

import os
import signal
from pathlib import Path

import numpy as np

from tests import tiny
from weft.benchmark.asking import Asking
from weft.benchmark.molecule_data import MoleculeSet
from weft.benchmark.molecule_suite import MoleculeRow, MoleculeSuite
from weft.data.molecules import Molecules
from weft.labels import LabelTable
from weft.tasks import TaskSet

RINGS = (
    *("c1ccccc1", "C1CCCCC1", "c1ccncc1", "C1CCCC1", "c1ccoc1"),
    *("C1CCNCC1", "c1ccsc1", "C1CCOC1", "c1cncnc1", "C1CC1"),
)
TASKS = TaskSet.binary(list("abcdef"))


def load(name: str) -> MoleculeSet:
    """Return the set; `mortal` ends the process that reads it, as a crash would, and `frail` the first one alone."""
    if name == "mortal":
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "frail" and not (mark := Path(os.environ["WEFT_FRAIL"]) / "killed").exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    smiles = ["C" * (k + 1) + ring for ring in RINGS for k in range(6)]
    rng = np.random.default_rng(len(name))
    y = (rng.random((len(smiles), len(TASKS))) < 0.5).astype(float)
    y[rng.random(y.shape) < 0.2] = np.nan
    return MoleculeSet(name, Molecules.from_smiles(smiles, workers=0), LabelTable.from_dense(TASKS, y), "sha")


ROWS = (
    MoleculeRow("guess/one", tiny.NAME),
    MoleculeRow("guess/two", tiny.NAME, splits={"other": 1}, note="one split of other"),
    MoleculeRow("blind", tiny.NAME, {"setting": "standard"}),
    MoleculeRow(
        "new",
        tiny.NAME,
        asking=Asking((0.0, 0.5), new_tasks=True),
        readings={"own labels": Asking((0.5,), new_tasks=True, own_labels=True)},
    ),
)
SUITE = MoleculeSuite("mols", "Sixty molecules", ("mols", "other"), ROWS, ("guess/one",), "reveal", load)
#: Real models, for processes that know no tiny one.
PLAIN = MoleculeSuite(
    "plain",
    "",
    ("mols", "mortal", "frail"),
    (MoleculeRow("prior", "prior"), MoleculeRow("nb", "naive-bayes")),
    ("prior",),
    "",
    load,
)
