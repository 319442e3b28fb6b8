"""Tables cut into parts: together the parts are the table, whatever its form."""

import gzip

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from weft.data.parts import InPart, more_rows_than, plan_parts, table_files
from weft.data.tables import read_table
from weft.errors import UserError

FRAME = pl.DataFrame(
    {"smiles": ["C" * (k % 9 + 1) for k in range(103)], "a": [k if k % 3 else None for k in range(103)]}
)


def whole(parts):
    return pl.concat([part.read().frame for part in parts])


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "t.parquet", "t.smi"])
def test_parts_are_the_table(tmp_path, name):
    """Protects rows, order, types and row numbers of every form against the reader of whole tables."""
    path = tmp_path / name
    write(FRAME, path)
    parts = plan_parts(path, tmp_path / "spill", 10)
    assert_frame_equal(whole(parts), read_table(path).frame)
    assert [part.read().first for part in parts] == [1 + sum(p.rows for p in parts[:at]) for at in range(len(parts))]
    assert max(part.rows for part in parts) == 10
    assert [InPart.of_json(part.to_json()) for part in parts] == parts


def write(frame, path):
    if path.suffix == ".parquet":
        frame.write_parquet(path, row_group_size=17)
    elif path.suffix == ".smi":
        path.write_text("".join(f"{row} mol{at}\n" for at, row in enumerate(frame["smiles"])))
    else:
        data = frame.write_csv(separator="\t" if path.suffix == ".tsv" else ",").encode()
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def test_row_groups_small_and_large(tmp_path):
    """Protects the cut at row groups: small ones are joined, big ones parted, none is lost or doubled."""
    for size in (1, 3, 10, 11, 64, 1000):
        FRAME.write_parquet(tmp_path / "t.parquet", row_group_size=size)
        parts = plan_parts(tmp_path / "t.parquet", tmp_path / "spill", 10)
        assert_frame_equal(whole(parts), FRAME)
        assert max(part.rows for part in parts) <= 10
    assert not (tmp_path / "spill").exists()


def test_a_giant_row_group_is_rewritten(tmp_path, monkeypatch):
    """Protects bounded memory: a part of a giant row group could only be had by reading all of it, every time."""
    monkeypatch.setattr("weft.data.parts._GROUP_ROWS", 50)
    FRAME.write_parquet(tmp_path / "t.parquet", row_group_size=1000)
    parts = plan_parts(tmp_path / "t.parquet", tmp_path / "spill", 10)
    assert_frame_equal(whole(parts), FRAME)
    assert parts[0].path.parent == tmp_path / "spill"
    assert parts[3].source == tmp_path / "t.parquet"


def test_a_folder_in_the_order_of_names(tmp_path):
    """Protects partitioned tables: files by name, columns told by folders, other programs' notes left alone."""
    for at, year in enumerate((2020, 2021)):
        folder = tmp_path / "t" / f"year={year}"
        folder.mkdir(parents=True)
        FRAME.slice(50 * at, 50).write_parquet(folder / "b.parquet")
        FRAME.slice(100 + at, 1).write_parquet(folder / "a.parquet")
    FRAME.write_parquet(tmp_path / "t" / "_old.parquet")
    parts = plan_parts(tmp_path / "t", tmp_path / "spill", 20)
    expected = pl.concat([FRAME.slice(100, 1), FRAME.slice(0, 50), FRAME.slice(101, 1), FRAME.slice(50, 50)])
    years = pl.Series("year", ["2020"] * 51 + ["2021"] * 51)
    assert_frame_equal(whole(parts), expected.with_columns(years))
    told = [(part.source.name, part.first) for part in parts[:3]]
    assert told == [
        ("a.parquet", 1),
        ("b.parquet", 1),
        ("b.parquet", 21),
    ]


def test_bad_folders_are_told(tmp_path):
    """Protects from half a table: no file at all, files of other columns, a damaged file."""
    with pytest.raises(UserError, match="no Parquet file"):
        table_files(tmp_path)
    FRAME.write_parquet(tmp_path / "a.parquet")
    FRAME.rename({"a": "b"}).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(UserError, match=r"b\.parquet: the columns are not those of a\.parquet: a \(int64\), b"):
        plan_parts(tmp_path, tmp_path / "spill")
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    with pytest.raises(UserError, match=r"b\.parquet: the Parquet file is damaged"):
        plan_parts(tmp_path, tmp_path / "spill")


def test_counting_stops_early(tmp_path):
    """Protects the choice between the two ways at its edge."""
    for name in ("t.csv", "t.parquet"):
        write(FRAME, tmp_path / name)
        assert more_rows_than(tmp_path / name, 102)
        assert not more_rows_than(tmp_path / name, 103)


def test_what_broke_in_the_file_stays_with_its_row(tmp_path):
    """Protects rows of SD files that cannot be read: reason and number go with the part."""
    block = "\n  x\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n    0.0000    0.0000    0.0000 C   0  0\nM  END\n$$$$\n"
    (tmp_path / "t.sdf").write_text(block * 3 + "broken\n\n\nnothing\nM  END\n$$$$\n" + block)
    parts = plan_parts(tmp_path / "t.sdf", tmp_path / "spill", 2)
    assert parts[1].read().problems == {4: "the mol block cannot be read"}
    assert whole(parts)["smiles"].to_list() == ["C", "C", "C", None, "C"]
