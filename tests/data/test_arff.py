"""ARFF: dense files as scipy reads them, sparse rows as dense ones, labels as Mulan and MEKA tell them."""

from __future__ import annotations

import pytest
from scipy.io import arff as scipy_arff

from weft.data.arff import read_arff
from weft.errors import UserError

HEAD = """% a comment
@relation 'toy: -C {count}'
@attribute 'size in cm' numeric
@attribute colour {{red, green, 'dark blue'}}
@ATTRIBUTE Tame {{0,1}}
@attribute wild {{0,1}}
@data
"""
DENSE = "1.5,red,0,1\n-2,'dark blue',1,?\n\n% note\n?,green,0,0\n"
SPARSE = "{0 1.5, 3 1}\n{0 -2,1 'dark blue',2 1,3 ?}\n{0 ?,1 green}\n"


def _write(path, body, count=0):
    path.write_text(HEAD.format(count=count) + body)
    return path


def test_dense_rows_are_those_of_scipy(tmp_path):
    # Protects: numbers, words with spaces, missing values, against a well-kept reader.
    path = _write(tmp_path / "a.arff", DENSE)
    path.write_text(path.read_text().replace("'dark blue'", "dark_blue"))  # scipy takes no quoted word in a row
    frame, _ = read_arff(path)
    data, meta = scipy_arff.loadarff(path)
    assert frame.columns == meta.names()
    assert [float(x) if x else None for x in frame["size in cm"]] == [1.5, -2.0, None]
    for name in ("colour", "Tame"):
        assert frame[name].to_list() == [word.decode() for word in data[name]]


def test_sparse_rows_are_dense_rows(tmp_path):
    # Protects: what is not written is 0, or the first word; commas and spaces as they come.
    dense, _ = read_arff(_write(tmp_path / "a.arff", DENSE))
    sparse, _ = read_arff(_write(tmp_path / "b.arff", SPARSE))
    assert sparse.rows() == dense.rows()


@pytest.mark.parametrize(("count", "labels"), [(0, ()), (-2, ("Tame", "wild")), (1, ("size in cm",))])
def test_meka_tells_labels_by_a_count(count, labels, tmp_path):
    # Protects: the first n or the last n attributes.
    assert read_arff(_write(tmp_path / "a.arff", DENSE, count))[1] == labels


def test_mulan_tells_labels_in_a_file_beside(tmp_path):
    # Protects: the names in the XML are the labels; one that is no attribute is an error.
    path = _write(tmp_path / "a.arff", DENSE)
    beside = tmp_path / "a.xml"
    beside.write_text('<labels xmlns="http://mulan.sourceforge.net/labels">\n<label name="wild"></label></labels>')
    assert read_arff(path)[1] == ("wild",)
    beside.write_text('<labels><label name="tiger"/></labels>')
    with pytest.raises(UserError, match="tiger"):
        read_arff(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("@relation x\n@data\n1\n", "no @attribute"),
        (HEAD.format(count=0), "no row of data"),
        (HEAD.format(count=0) + "1,red\n", "line 8: 2 cells for 4"),
        (HEAD.format(count=0) + "{9 1}\n", "line 8: '9 1' is no cell"),
        (HEAD.format(count=9) + DENSE, "-C 9"),
        ("@relation x\n@attribute\n@data\n1\n", "line 2"),
        ("@relation x\n@attribute a real\n@attribute a real\n@data\n1,2\n", "two attributes"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, told, tmp_path):
    # Protects: never a wrong table in silence.
    (tmp_path / "a.arff").write_text(text)
    with pytest.raises(UserError, match=told):
        read_arff(tmp_path / "a.arff")
