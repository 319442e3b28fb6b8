import numpy as np

from weft.data.molecules import Molecules
from weft.data.splits import Split
from weft.jobs.seen import save_seen, seen


def test_train_and_val_are_seen_by_canonical_smiles(tmp_path):
    """Protects the list of seen molecules: no test row, no bad row, no plain SMILES on disk."""
    data = Molecules.from_smiles(["CCO", "CCN", "CCC", None], workers=0)
    save_seen(tmp_path, data, Split(np.array([0]), np.array([1]), np.array([2]), "given"))
    again = Molecules.from_smiles(["C(C)O", "NCC", "CCC", None, "c1ccccc1"], workers=0)
    assert seen(tmp_path, again).tolist() == [True, True, False, False, False]
    assert b"CCO" not in (tmp_path / "seen.parquet").read_bytes()
