"""Images in a ZIP file: read within limits, none lost, and no way to hurt the server."""

from __future__ import annotations

import io
import time
import zipfile

import pytest

from tests.data.pictures import encoded
from tests.serve.models import zipped
from weft.data.image_decode import Form
from weft.errors import UserError
from weft.jobs.subjects import Subject
from weft.serve.limits import Limits
from weft.serve.worker import SlowError
from weft.serve.zipped import read_zipped

SUBJECT = Subject("images", column="image", form=Form(16, 16, 3))
FILES = {f"{name}.png": encoded(at, at) for at, name in enumerate(("b", "a", "deep/c"))}


def read(folder, data, limits=None, seconds=60.0, column=None):
    path = folder / "table.zip"
    path.write_bytes(data)
    return read_zipped(path, SUBJECT, limits or Limits(), time.monotonic() + seconds, column)


def test_without_a_table_a_row_is_an_image(tmp_path):
    # Protects: rows by name, and what packers add beside is no row.
    beside = {"__MACOSX/a.png": b"x", ".hidden/d.png": b"x", "notes.txt": b"x"}
    found = read(tmp_path, zipped(FILES | beside))
    assert found.table.frame["image"].to_list() == ["a.png", "b.png", "deep/c.png"]
    assert found.data.status == ["ok"] * 3
    alone = read(tmp_path, zipped({"b.png": FILES["b.png"]}))
    assert (found.data.dense("thumbnail")[1] == alone.data.dense("thumbnail")[0]).all()


def test_with_a_table_a_row_is_its_row(tmp_path):
    # Protects: order, copies and columns are the table's; what is not there is a bad row; names are from the table on.
    table = b"id,File,first\n1,c.png,1\n2,gone.png,\n3,,0\n4,c.png,\n"
    found = read(tmp_path, zipped(FILES | {"deep/list.csv": table}))
    missing = "the file is not in the ZIP file"
    assert found.data.status == ["ok", missing, missing, "ok"]
    assert found.table.frame.columns == ["id", "File", "first"]
    assert found.data.keys[0] == found.data.keys[3]


def test_a_broken_image_is_a_bad_row(tmp_path):
    # Protects: one bad file, or one damaged in the ZIP file, does not fail the others.
    data = bytearray(zipped(FILES | {"e.png": b"no image", "f.png": b""}, zipfile.ZIP_STORED))
    at = data.index(FILES["a.png"]) + len(FILES["a.png"]) // 2
    data[at] ^= 255
    assert read(tmp_path, bytes(data)).data.status == [
        "the file is damaged in the ZIP file", "ok", "ok", "this is no image that can be read", "the file is empty"
    ]  # fmt: skip


def encrypted() -> bytes:
    """A ZIP file whose entry says that it is encrypted."""
    data = bytearray(zipped({"a.png": b"x"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"no zip", "broken or cut short"),
        (zipped(FILES)[:-30], "broken or cut short"),
        (zipped({}), "no image in the ZIP file"),
        (zipped({"a.txt": b"x"}), "no image in the ZIP file"),
        (zipped(FILES | {"x.csv": b"image\n", "y.tsv": b"image\n"}), "2 tables in the ZIP file: x.csv, y.tsv"),
        (zipped(FILES | {"x.csv": b"u,v\n1,2\n"}), "no column of names of image files"),
        (zipped(FILES, zipfile.ZIP_LZMA), "a way that is not read"),
        (zipped({"a.png": bytes(3_000_000)}), "unpacks to more than"),
        (encrypted(), "encrypted"),
    ],
)
def test_a_zip_file_that_cannot_be_used_is_told(tmp_path, data, what):
    # Protects: what, where and the mend, never a stack trace; a small file may not unpack to a large one.
    with pytest.raises(UserError, match=what) as told:
        read(tmp_path, data, Limits(body_bytes=500_000))
    assert told.value.where == str(tmp_path / "table.zip")
    assert told.value.mend


def test_an_error_in_its_table_names_the_table(tmp_path):
    # Protects: row and column can be found by the person's own names.
    with pytest.raises(UserError) as told:
        read(tmp_path, zipped(FILES | {"deep/list.csv": b'image\n"a.png\n'}))
    assert told.value.where.startswith(f"{tmp_path / 'table.zip'}: deep/list.csv")
    with pytest.raises(UserError, match="no column nowhere"):
        read(tmp_path, zipped(FILES | {"list.csv": b"image\na.png\n"}), column="nowhere")


def test_memory_and_time_are_limited(tmp_path):
    # Protects: many small files may not become many large images, nor take a thread for long.
    with pytest.raises(UserError, match="3 images of 16 x 16 pixels, 2 are taken at once"):
        read(tmp_path, zipped(FILES), Limits(table_rows=2))
    with pytest.raises(UserError, match="3 images of 16 x 16 pixels, 1 are taken at once"):
        read(tmp_path, zipped({name: encoded(1, 1, 4) for name in FILES}), Limits(body_bytes=16 * 16 * 3 // 4 + 100))
    with pytest.raises(SlowError):
        read(tmp_path, zipped(FILES), seconds=-1.0)


def test_a_false_size_in_the_directory_is_not_believed(tmp_path):
    # Protects memory: a file that says it is small gives no more bytes than it says.
    data = zipped({"a.png": encoded(1, 1) + bytes(5_000_000)})
    with zipfile.ZipFile(io.BytesIO(data)) as held:
        size = held.getinfo("a.png").file_size.to_bytes(4, "little")
    found = read(tmp_path, data.replace(size, (100).to_bytes(4, "little")), Limits(body_bytes=500_000))
    assert found.data.status != ["ok"]
