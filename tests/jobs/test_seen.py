import numpy as np
import pytest

from weft.data.molecules import Molecules
from weft.data.splits import Split
from weft.errors import UserError
from weft.jobs.seen import save_seen, save_support, seen
from weft.labels import LabelTable
from weft.tasks import TaskSet

TASKS = TaskSet.binary(["a", "new"])


def molecules(*smiles):
    return Molecules.from_smiles(list(smiles), workers=0)


@pytest.fixture
def folder(tmp_path):
    data = molecules("CCO", "CCN", "CCC", None)
    save_seen(tmp_path, data, Split(np.array([0]), np.array([1]), np.array([2]), "given"))
    return tmp_path


def test_train_and_val_are_seen_by_canonical_smiles(folder):
    """Protects the list of seen molecules: no test row, no bad row, no plain SMILES on disk."""
    found = seen(folder, molecules("C(C)O", "NCC", "CCC", None, "c1ccccc1"), TASKS)
    assert found.tolist() == [[True] * 2, [True] * 2, [False] * 2, [False] * 2, [False] * 2]
    assert b"CCO" not in (folder / "seen.parquet").read_bytes()


def test_support_of_an_added_task_is_seen_for_that_task_only(folder):
    """Protects scores of an added task: its support labels are seen, other tasks of these molecules are not."""
    labels = LabelTable.from_dense(TaskSet.binary(["new"]), [[1.0], [np.nan]])
    save_support(folder, folder, molecules("CCC", "CCCC"), labels)
    found = seen(folder, molecules("CCC", "CCCC", "CCO"), TASKS)
    assert found.tolist() == [[False, True], [False, False], [True, True]]


def test_a_damaged_list_is_an_error(folder):
    """Protects from scoring on training molecules because their list was cut short."""
    path = folder / "seen.parquet"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(UserError, match="damaged"):
        seen(folder, molecules("CCO"), TASKS)


def test_without_a_list_nothing_is_seen(tmp_path):
    """Protects models that were saved from Python."""
    assert not seen(tmp_path, molecules("CCO"), TASKS).any()
