import gzip
import io
import os

import polars as pl
import pytest

from weft.data.tables import Table, encode_table, iter_table, read_table, write_table
from weft.errors import UserError

GOOD = b"smiles,tox\nCCO,1\nCC,0\n"


def put(tmp_path, data, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") and data[:2] != b"\x1f\x8b" else data)
    return path


def parquet(frame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


BAD = {
    "empty file": ("a.csv", b"", r"a\.csv: the file is empty. Expected a line of column names"),
    "blank lines only": ("a.csv", b"\n\r\n\n", r"a\.csv: the file is empty"),
    "header only": ("a.csv", b"smiles,tox\n", r"a\.csv: there is no row of data"),
    "duplicate header": ("a.csv", b"smiles,tox,tox\nC,1,2\n", r"header, columns 2 and 3: the name 'tox' stands twice"),
    "row too long": ("a.csv", GOOD + b"C,1,2\n", r"a\.csv, row 3: the row has 3 cells, more than the 2.*Quote"),
    "row too short": ("a.csv", GOOD + b"C\n", r"a\.csv, row 3: the row has 1 cells, fewer than the 2"),
    "open quote": ("a.csv", GOOD + b'"C,1\n', r"a\.csv, row 3: the quotes are broken"),
    "text after a quote": ("a.csv", GOOD + b'"C"x,1\n', r"a\.csv, row 3: the quotes are broken"),
    "not UTF-8": ("a.csv", GOOD + b"C,\xe9\n", r"line 4: the text is not UTF-8 \(byte 0xe9 at position 3\). Save"),
    "UTF-8 cut short": ("a.csv", GOOD + b"C,\xc3", r"line 4: the text is not UTF-8"),
    "UTF-16": ("a.csv", GOOD.decode().encode("utf-16"), r"line 1: the text is not UTF-8"),
    "semicolons": ("a.csv", b"smiles;tox\nC;1\n", r"separated by commas but by semicolons. Save as"),
    "tabs in a csv": ("a.csv", b"smiles\ttox\nC\t1\n", r"not separated by commas but by tabs"),
    "plain text named gz": ("a.csv.gz", None, r"a\.csv\.gz: the gzip data is broken .*drop \.gz"),
    "gzip cut short": ("b.csv.gz", gzip.compress(GOOD * 500)[:40], r"b\.csv\.gz.*cut short. Fetch the file again"),
    "gzip damaged": ("b.csv.gz", gzip.compress(GOOD)[:-6] + b"\0\0\0\0\0\0", r"b\.csv\.gz.*gzip data is broken"),
    "gzip without gz": ("a.csv", gzip.compress(GOOD), r"gzip data without \.gz in its name. Add"),
    "spreadsheet": ("a.xlsx", b"PK", r"'\.xlsx' is not supported. Save the sheet as CSV"),
    "unknown extension": ("a.txt", GOOD, r"a\.txt: the extension '\.txt' is not supported. Use \.csv"),
    "no extension": ("a", GOOD, r"the extension '' is not supported"),
    "damaged parquet": ("a.parquet", b"PAR1xxxxPAR1", r"a\.parquet: the Parquet file is damaged"),
    "parquet without rows": ("a.parquet", parquet(pl.DataFrame({"smiles": []})), "there is no row of data"),
    "text named sdf": ("a.sdf", GOOD, r"a\.sdf: this is not an SD file"),
    "sdf not UTF-8": ("a.sdf", b"\xe9\n$$$$\n", r"a\.sdf: the text is not UTF-8"),
    "empty sdf": ("a.sdf", b"", r"a\.sdf: there is no row of data"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_names_place_and_mend(tmp_path, case):
    """Whatever is wrong with a file, the message says where and what to do."""
    name, data, message = BAD[case]
    path = tmp_path / name
    path.write_bytes(GOOD if data is None else data)
    with pytest.raises(UserError, match=message) as error:
        read_table(path)
    assert error.value.mend
    assert str(path) in str(error.value)


def test_a_missing_file_hints_at_its_neighbours(tmp_path):
    """A misspelt path says what was meant."""
    put(tmp_path, GOOD, "assays.csv")
    with pytest.raises(UserError, match=r"asays\.csv: there is no such file. Did you mean assays\.csv"):
        read_table(tmp_path / "asays.csv")
    with pytest.raises(UserError, match="no such file"):
        read_table(tmp_path / "nowhere" / "a.csv")


def test_a_folder_is_no_file(tmp_path):
    """A folder that is named like a table is told apart."""
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(UserError, match=r"a\.csv: this is a folder, not a file"):
        read_table(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_an_unreadable_file_is_told(tmp_path, monkeypatch, name):
    """A file without the right to read it gives a message, not a traceback."""
    path = put(tmp_path, GOOD, name)

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("io.open" if name == "a.csv" else "gzip.open", refuse)
    with pytest.raises(UserError, match="may not be read"):
        read_table(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_rights_is_told(tmp_path):
    """The same, with the system's own rights."""
    path = put(tmp_path, GOOD)
    path.chmod(0)
    with pytest.raises(UserError, match="may not be read"):
        read_table(path)


def test_bom_and_mixed_line_ends_are_read(tmp_path):
    """A byte order mark is no part of the first name, and every line end counts, also mixed."""
    path = put(tmp_path, b"\xef\xbb\xbfsmiles,tox\r\nCCO,1\nCC,0\rC,\r\n\n")
    assert read_table(path).frame.rows() == [("CCO", "1"), ("CC", "0"), ("C", None)]
    assert read_table(path).frame.columns == ["smiles", "tox"]


def test_text_stays_exactly_as_written(tmp_path):
    """Numbers keep their spelling, names their commas, cells their blanks; quotes may hold lines."""
    path = put(tmp_path, b'smiles,"Neoplasms, benign",\nCCO,1.50,007\n"C\nC", x ,""\n')
    frame = read_table(path).frame
    assert frame.columns == ["smiles", "Neoplasms, benign", ""]
    assert frame.rows() == [("CCO", "1.50", "007"), ("C\nC", " x ", None)]
    assert set(frame.dtypes) == {pl.String}


def test_blank_lines_are_no_rows_unless_a_row_is_one_cell(tmp_path):
    """No row is invented in a wide table, none lost between the rows of a list."""
    assert len(read_table(put(tmp_path, b"smiles,tox\n\nC,1\n\n\nCC,0\n\n"))) == 2
    assert read_table(put(tmp_path, b"smiles\nC\n\nCC\n\n")).frame["smiles"].to_list() == ["C", None, "CC"]


def test_a_very_long_cell_is_one_cell(tmp_path):
    """Nonsense of a million letters is one bad molecule later, not an unreadable file."""
    table = read_table(put(tmp_path, b"smiles,tox\n" + b"C" * 1_000_000 + b",1\nC,0\n"))
    assert table.frame["smiles"].str.len_chars().to_list() == [1_000_000, 1]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.parquet", "a.csv.gz", "a.tsv.gz", "a.parquet.gz", "A.CSV.GZ"])
def test_chunks_know_their_row_numbers(tmp_path, name):
    """Reading in chunks gives the rows of reading at once, each with its number in the file."""
    frame = pl.DataFrame({"smiles": [f"C{i}" for i in range(7)], "tox": ["1"] * 7})
    write_table(frame, tmp_path / name)
    chunks = list(iter_table(tmp_path / name, chunk_rows=3))
    assert [(chunk.first, len(chunk)) for chunk in chunks] == [(1, 3), (4, 3), (7, 1)]
    assert chunks[1].place(1, "tox") == f"{tmp_path / name}, row 5, column tox"
    assert pl.concat([chunk.frame for chunk in chunks]).equals(frame)
    assert read_table(tmp_path / name).frame.equals(frame)


def test_an_error_beyond_the_first_chunk_counts_all_rows(tmp_path):
    """Row numbers do not start again with a chunk."""
    path = put(tmp_path, b"smiles,tox\n" + b"C,1\n" * 10 + b"C\n")
    with pytest.raises(UserError, match="row 11"):
        list(iter_table(path, chunk_rows=4))


def test_parquet_keeps_its_types(tmp_path):
    """Numbers of Parquet stay numbers, and two columns of one name are an error there too."""
    frame = pl.DataFrame({"smiles": ["C", None], "tox": [1, None], "x": [0.5, float("nan")]})
    write_table(frame, tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").frame.schema == frame.schema
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), tmp_path / "b.parquet")
    with pytest.raises(UserError, match="'a' stands twice"):
        read_table(tmp_path / "b.parquet")


def test_numbers_are_written_so_that_they_come_back(tmp_path):
    """What is written in text is the same number when read."""
    values = [0.1, 1 / 3, 1e-300, 123456789.123456789, -0.0]
    write_table(pl.DataFrame({"x": values}), tmp_path / "a.csv")
    assert [float(text) for text in read_table(tmp_path / "a.csv").frame["x"]] == values


def test_writing_is_all_or_nothing(tmp_path, monkeypatch):
    """When the disk fails in the middle, the old file stays and no part of a new one appears."""
    path = put(tmp_path, GOOD)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(UserError, match=r"No space left.*Free some space"):
        write_table(pl.DataFrame({"x": [1]}), path)
    assert path.read_bytes() == GOOD
    assert [item.name for item in tmp_path.iterdir()] == ["a.csv"]


def test_writing_what_cannot_be_written_is_refused(tmp_path):
    """SDF is read only; nothing is created."""
    with pytest.raises(UserError, match=r"'\.sdf' is not supported. Use \.csv"):
        write_table(pl.DataFrame({"x": [1]}), tmp_path / "a.sdf")
    assert not list(tmp_path.iterdir())


def test_compressed_bytes_do_not_depend_on_the_time(tmp_path):
    """The same table gives the same file, so that hashes of outputs can be compared."""
    frame = pl.DataFrame({"x": ["1"]})
    assert encode_table(frame, tmp_path / "a.csv.gz") == encode_table(frame, tmp_path / "b.csv.gz")
    assert encode_table(frame, tmp_path / "a.csv.gz")[4:8] == b"\0\0\0\0"


def test_place_without_row_or_column(tmp_path):
    """A message about the whole file names the file only."""
    assert Table(tmp_path, pl.DataFrame()).place() == str(tmp_path)


def test_empty_cells_of_a_list_count_as_rows_in_messages(tmp_path):
    """In a list of one column, a blank line is a row also for the numbers in messages."""
    with pytest.raises(UserError, match="row 3: the row has 2 cells"):
        read_table(put(tmp_path, b"smiles\nC\n\nCC,1\n"))


def test_lists_are_not_written_as_text(tmp_path):
    """Protects from a traceback when a Parquet column of lists is to go into a CSV."""
    frame = pl.DataFrame({"smiles": ["C"], "hits": [[1, 2]]})
    with pytest.raises(UserError, match=r"'hits' holds List.*parquet"):
        write_table(frame, tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []
