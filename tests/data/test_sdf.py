import gzip

import pytest
from rdkit import Chem

from weft.data.tables import iter_table, read_table


def block(smiles, **items) -> str:
    data = "".join(f">  <{name}>\n{value}\n\n" for name, value in items.items())
    return Chem.MolToMolBlock(Chem.MolFromSmiles(smiles)) + data + "$$$$\n"


BROKEN = "\n  bad\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n    0.0 nonsense\nM  END\n> <id>\nbroken\n\n$$$$\n"


def put(tmp_path, text, name="a.sdf"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def test_blocks_become_smiles_and_columns(tmp_path):
    """Structures are read from the block; every data item of any block is a column, null where absent."""
    path = put(tmp_path, block("CCO", id="a", tox=1) + block("c1ccccc1", id="b", logp=2.5))
    frame = read_table(path).frame
    assert frame.columns == ["smiles", "id", "tox", "logp"]
    assert frame.rows() == [("CCO", "a", "1", None), ("c1ccccc1", "b", None, "2.5")]


def test_a_broken_block_is_a_row_with_a_reason(tmp_path):
    """A block that cannot be read shifts nothing and keeps its data items."""
    table = read_table(put(tmp_path, block("C", id="a") + BROKEN + block("CC", id="c")))
    assert table.frame["smiles"].to_list() == ["C", None, "CC"]
    assert table.frame["id"].to_list() == ["a", "broken", "c"]
    assert table.problems == {2: "the mol block cannot be read"}


def test_chunks_share_columns_and_number_problems(tmp_path):
    """Columns first seen in the last block are in the first chunk too; problems carry file row numbers."""
    path = put(tmp_path, block("C", id=1) + BROKEN + block("CC", late=1), "a.sdf.gz")
    chunks = list(iter_table(path, chunk_rows=1))
    assert [chunk.frame.columns for chunk in chunks] == [["smiles", "id", "late"]] * 3
    assert [chunk.problems.keys() for chunk in chunks] == [set(), {2}, set()]


def test_items_of_several_lines_and_a_smiles_item(tmp_path):
    """Lines of an item stay together, and an item named SMILES does not clash with the structure."""
    frame = read_table(put(tmp_path, block("CO", SMILES="OC", note="one\ntwo"))).frame
    assert frame.row(0, named=True) == {"molblock_smiles": "CO", "SMILES": "OC", "note": "one\ntwo"}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_last_block_without_its_end_line_counts(tmp_path, end):
    """A file cut after its last `M  END` loses no molecule, whatever its line ends."""
    text = (block("C", id=1) + Chem.MolToMolBlock(Chem.MolFromSmiles("CC"))).replace("\n", end)
    assert read_table(put(tmp_path, text)).frame["smiles"].to_list() == ["C", "CC"]
