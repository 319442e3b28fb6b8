"""Small fitted models to ask: related tasks of every kind over vectors, and molecules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from tests.metalink.problems import Problem, related
from weft.data.molecules import Molecules
from weft.data.splits import Split
from weft.explain import Inquiry
from weft.labels import LabelTable, Shown
from weft.metalink.model import MetaLinkPredictor
from weft.predictor import Predictor, build
from weft.tasks import TaskSet
from weft.training.run import Run

#: The default engine, with less of everything.
SMALL = {"learners": ("gp",), "rung": "strong", "stages": (), "members": 2, "channel.steps": 40}
SMILES = ["CCO", "c1ccccc1O", "CC(=O)Nc1ccc(O)cc1", "CCN(CC)CC", "O=C(O)c1ccccc1", "CCCCCC", "c1ccncc1", "CC(C)=O"]


def fit(model: Predictor, problem: Problem) -> Predictor:
    model.fit(problem.data, problem.labels, problem.split, Run(threads=1))
    return model


@pytest.fixture(scope="session")
def problem() -> Problem:
    return related(n=160)


@pytest.fixture(scope="session")
def default(problem: Problem) -> Predictor:
    return fit(MetaLinkPredictor(changes=SMALL), problem)


@pytest.fixture(scope="session")
def network(problem: Problem) -> Predictor:
    return fit(build("metalink", encoder="vectors", epochs=2, members=2), problem)


@pytest.fixture(scope="session")
def paper(problem: Problem) -> Predictor:
    return fit(build("metalink", preset="metalink-paper", encoder="vectors", epochs=2), problem)


@pytest.fixture(scope="session")
def label_only(problem: Problem) -> Predictor:
    return fit(build("naive-bayes"), problem)


MODELS = ("default", "network", "label_only")


@pytest.fixture(scope="session")
def ask(problem: Problem) -> Callable[[Predictor], Inquiry]:
    """Return what makes an inquiry about the test rows, their labels known."""

    def make(model: Predictor) -> Inquiry:
        rows = problem.split.test
        return Inquiry(model, problem.data.take(rows), Shown(problem.labels.take(rows)))

    return make


@dataclass(frozen=True)
class Chemistry:
    """Molecules whose first task is whether they have an oxygen."""

    data: Molecules
    labels: LabelTable
    split: Split


@pytest.fixture(scope="session")
def chemistry() -> Chemistry:
    smiles = [f"{'C' * (k % 7)}{base}" for k in range(10) for base in SMILES]
    oxygen = np.array(["O" in text for text in smiles], float)
    ring = np.array(["1" in text for text in smiles], float)
    labels = LabelTable.from_dense(TaskSet.binary(["oxygen", "ring"]), np.stack([oxygen, ring], 1))
    rows = np.arange(len(smiles))
    return Chemistry(
        Molecules.from_smiles(smiles, workers=0), labels, Split(rows[:60], rows[60:70], rows[70:], "order")
    )
