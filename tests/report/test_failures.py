"""Where a model fails: nearness to the training data, the worst labels, and molecules drawn."""

import numpy as np
import pytest

from weft.data.molecules import Molecules
from weft.labels import Asked, LabelTable, Shown
from weft.predictor import Predictions
from weft.report.depict import picture_of
from weft.report.near import Group, groups_of
from weft.report.neighbours import nearest
from weft.report.sharing import leave_one_out
from weft.report.worst import losses, worst
from weft.tasks import Kind, Task, TaskSet
from weft.training.answers import Answers

TASKS = TaskSet((Task("a"), Task("size", Kind.REGRESSION), Task("b")))


class Sums:
    """Says 0.5 plus a tenth of every shown label; keeps what it was shown."""

    calibrator = None

    def __init__(self):
        self.seen = []

    def predict_encoded(self, encoded, shown):
        self.seen.append(shown.table)
        y, known = shown.table.to_dense()
        return Predictions(TASKS, np.clip(0.5 + 0.1 * (y * known).sum(1, keepdims=True) * np.ones((1, 3)), 0, 1),
                           np.ones((len(y), 3)), np.ones(len(y), bool))  # fmt: skip

    def calibrated(self, found):
        return found


def answers_of(mean, y, model=None):
    known = LabelTable.from_dense(TASKS, np.asarray(y, float))
    nothing = Predictions(TASKS, np.asarray(mean, float), np.ones((len(y), 3)), np.ones(len(y), bool))
    return Answers(model or Sums(), "test", np.arange(len(y)), known, None, nothing, {0.0: [], 0.5: []})


def test_similarity_equals_rdkit():
    """Protects the Tanimoto similarity and whom it points to, against RDKit's own."""
    from rdkit import Chem, DataStructs
    from rdkit.Chem import rdFingerprintGenerator

    smiles = ["CCO", "c1ccccc1O", "CCN", "c1ccccc1N", "CCCCCC(=O)O", None, "c1ccncc1C"]
    data = Molecules.from_smiles(smiles, workers=0)
    found = nearest(data, np.array([0, 6]), np.array([1, 2, 3, 4, 5]))
    maker = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    prints = [maker.GetFingerprint(Chem.MolFromSmiles(s)) if s else None for s in smiles]
    for k, row in enumerate((0, 6)):
        told = {t: DataStructs.TanimotoSimilarity(prints[row], prints[t]) for t in (1, 2, 3, 4)}
        assert found.similarity[k] == pytest.approx(max(told.values()), abs=1e-6)
        assert told[int(found.row[k])] == pytest.approx(max(told.values()))
    assert nearest(data, np.array([0]), np.array([5])) is None


def test_groups_hold_everything_once():
    """Protects from data lost at the edges: the largest value is in the last group."""
    groups = groups_of(np.array([0.0, 0.3, 0.31, 1.0]), np.arange(4), (0, 0.3, 0.5, 1.0), ("x", "y", "z"))
    assert [(g.name, g.at.tolist()) for g in groups] == [("x", [0]), ("y", [1, 2]), ("z", [3])]


def test_a_group_is_scored_on_tasks_with_labels_enough_only():
    """Protects a mean from tasks with three positives."""
    n = 40
    y = np.column_stack([np.arange(n) % 2, np.full(n, np.nan), (np.arange(n) < 3).astype(float)])
    mean = np.column_stack([np.arange(n) % 2, np.zeros(n), np.full(n, 0.5)]).astype(float)
    found = Predictions(TASKS, mean, np.ones((n, 3)), np.ones(n, bool))
    asked = Asked(LabelTable.from_dense(TASKS, y))
    told = Group("all", np.arange(n)).scored(found, asked, {"a": "roc_auc", "b": "roc_auc"}, "roc_auc")
    assert (told.tasks, told.mean.value) == (1, 1.0)


def test_the_worst_come_first_one_of_a_datum():
    """Protects the order and that values and probabilities stand in one list; a datum stands once."""
    y = [[1, 0.0, 1], [0, 0.1, 0], [1, 0.0, np.nan], [0, 9.0, 0]]
    mean = [[0.01, 0.0, 0.02], [0.2, 0.0, 0.1], [0.9, 0.1, 0.5], [0.1, 0.0, 0.2]]
    answers = answers_of(mean, y)
    loss = losses(answers.nothing, answers.known)
    assert loss[0] == pytest.approx(-np.log(0.01))
    found = worst(answers)
    assert [(m.at, m.task.name) for m in found[:2]] == [(0, "a"), (3, "size")]
    assert len({m.at for m in found}) == len(found) == 4
    assert "measured 1, predicted probability of 1 0.01" in found[0].words()


def test_what_it_would_say_knowing_the_other_labels_never_shows_the_asked_one():
    """Protects from peeking in the list of the worst."""
    model = Sums()
    answers = answers_of([[0.01, 0.0, 0.02]], [[1, 0.0, 1]], model)
    miss = worst(answers)[0]
    assert (miss.task.name, miss.others) == ("a", 2)
    assert miss.knowing == pytest.approx(0.6)  # of b alone: its own label would add another tenth
    assert "a" not in {TASKS[int(col)].name for table in model.seen for col in table.col}


def test_leaving_one_out_hides_a_task_when_it_is_asked():
    """Protects the comparison with single-task models from a model that reads the answer."""
    answers = answers_of(np.full((2, 3), 0.5), [[1, 2.0, 1], [0, 1.0, np.nan]])
    found = leave_one_out(answers)
    assert found.mean[0] == pytest.approx([0.8, 0.7, 0.8])
    assert found.mean[1] == pytest.approx([0.6, 0.5, 0.6])
    assert isinstance(Shown.nothing(TASKS, 2), Shown)


def test_molecules_are_drawn_with_words_or_not_at_all():
    """Protects the page from a molecule that cannot be drawn, and those who do not see from a bare picture."""
    drawn = picture_of("CCO", 'Structure of "CCO"')
    assert drawn.startswith('<svg role="img" aria-label="Structure of &quot;CCO&quot;"')
    assert picture_of("C1CC", "x") == ""
