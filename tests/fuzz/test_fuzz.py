"""Wrong files and requests, the first few of the many that `benchmarks/fuzz_readers.py` makes, and what was found."""

from __future__ import annotations

import json
import pickle
import time
from pathlib import Path

import numpy as np
import pytest
from rdkit import RDLogger

from tests.fuzz.mutate import files_of
from tests.fuzz.readers import Fuzzer, of, reader_of, rows
from tests.fuzz.requests import Requests
from tests.fuzz.seeds import make
from weft.data.graph_files import read_graph
from weft.data.graph_hgb_text import whole
from weft.data.safe_pickle import read_pickle
from weft.data.splits import Split
from weft.data.tables import read_table
from weft.encoders.grover.weights import read_weights
from weft.errors import UserError

EACH = 12


@pytest.fixture(scope="module")
def seeds(tmp_path_factory, cache_of_tests) -> dict[str, Path]:
    return make(tmp_path_factory.mktemp("seeds"))


@pytest.fixture(autouse=True)
def _quiet():
    RDLogger.DisableLog("rdApp.*")
    yield
    RDLogger.EnableLog("rdApp.*")


def test_right_files_are_read(seeds):
    """Protects the fuzzing from being about nothing: every seed is taken as it is."""
    for name, seed in seeds.items():
        reader_of(name)(seed)


@pytest.mark.filterwarnings("ignore")
def test_wrong_files_are_read_or_told(seeds, tmp_path):
    """Anything but a `UserError` fails here; the number of the case is in the error's notes."""
    for name, seed in seeds.items():
        fuzzer = Fuzzer.of(name, seed, tmp_path)
        whole = {path: path.read_bytes() for path in files_of(fuzzer.place)}
        for number in range(EACH):
            try:
                fuzzer.case(number)
            except Exception as error:
                error.add_note(f"{name} {number}")
                raise
        assert {path: path.read_bytes() for path in files_of(fuzzer.place)} == whole


def test_wrong_rows_are_told(tmp_path):
    assert {rows(number, 60, tmp_path / "r.csv") for number in range(6)} == {True, False}


@pytest.mark.filterwarnings("ignore")  # of uploads cut short the server's library leaves a file to the collector
def test_wrong_requests_are_answered(tmp_path):
    requests = Requests(tmp_path)
    try:
        assert {requests.case(number) for number in range(60)} == {True, False}
    finally:
        requests.close()


def refused(read, path: Path, match: str) -> None:
    with pytest.raises(UserError, match=match):
        read(path)


def test_arrays_in_a_torn_container(tmp_path):
    """Found: BadZipFile, TokenError of a header, a member that is no array, a shape beyond all memory."""
    np.savez(tmp_path / "v.npz", features=np.zeros((2, 2)), labels=np.zeros((2, 1)))
    whole = (tmp_path / "v.npz").read_bytes()
    for wrong in (whole[:-30], whole.replace(b"(2, 2)", b"(2, 3)", 1), whole.replace(b"features.npy", b"features.nqy")):
        (tmp_path / "v.npz").write_bytes(wrong)
        refused(of("vectors"), tmp_path / "v.npz", r"v\.npz")
    np.save(tmp_path / "v.npy", np.zeros((3, 3)))
    whole = (tmp_path / "v.npy").read_bytes()
    for wrong in (whole.replace(b"(3, 3)", b"((3, 3"), whole.replace(b"(3, 3), }   ", b"(9999999999,)")):
        (tmp_path / "v.npy").write_bytes(wrong)
        refused(of("vectors"), tmp_path / "v.npy", "cannot be read")


def test_splits_and_tables_in_torn_parquet(tmp_path):
    """Found: OSError of a page's header, text that is not UTF-8."""
    Split(np.arange(3), np.arange(3, 5), np.arange(5, 6), "made").save(tmp_path / "s.parquet")
    whole = (tmp_path / "s.parquet").read_bytes()
    for at in range(4, 60, 3):
        (tmp_path / "s.parquet").write_bytes(whole[:at] + b"\xff\xff" + whole[at + 2 :])
        for read in (Split.load, read_table):
            try:
                read(tmp_path / "s.parquet")
            except UserError:
                continue


def test_a_parquet_file_whose_text_is_no_text(seeds, tmp_path):
    """Found: a panic of the library below, which no `except Exception` sees."""
    fuzzer = Fuzzer.of("parquet", seeds["parquet"], tmp_path)
    assert not fuzzer.case(100350)


def test_lists_of_images_with_odd_names(seeds, tmp_path):
    """Found: a null byte in a file's name, ragged rows, other encodings."""
    fuzzer = Fuzzer.of("image lists", seeds["image lists"], tmp_path)
    file = fuzzer.place / "train.csv"
    whole = file.read_bytes()
    file.write_bytes(whole + b"a\x00b.jpg,n1\n")
    of("images")(fuzzer.place)
    for wrong in (whole + b"a,b,c\n", b"", whole + b"\xff\xfe,x\n"):
        file.write_bytes(wrong)
        refused(of("images"), fuzzer.place, r"train\.csv")


def test_annotations_with_numbers_beyond_all_images(seeds, tmp_path):
    """Found: an infinity where the number of an image is expected."""
    fuzzer = Fuzzer.of("coco", seeds["coco"], tmp_path)
    file = fuzzer.place / "annotations" / "instances_val2017.json"
    file.write_text(file.read_text().replace('"image_id": 10', '"image_id": 1e999, "x": 10', 1))
    refused(of("images"), fuzzer.place, "not COCO's form")


def test_a_graph_of_more_nodes_than_there_are_numbers(seeds, tmp_path):
    """Found: a count of nodes beyond 64 bits."""
    fuzzer = Fuzzer.of("graph npz", seeds["graph npz"], tmp_path)
    file = fuzzer.place / "meta.json"
    file.write_text(file.read_text().replace('"author": 20', '"author": 100000000000000000000'))
    refused(read_graph, fuzzer.place, "num_nodes must hold whole numbers")


def test_a_count_of_nodes_that_is_a_truth_value(seeds, tmp_path):
    """Found: `true` is an int to Python and none to NumPy."""
    fuzzer = Fuzzer.of("graph npz", seeds["graph npz"], tmp_path)
    file = fuzzer.place / "meta.json"
    file.write_text(file.read_text().replace('"author": 20', '"author": true'))
    refused(read_graph, fuzzer.place, "num_nodes must hold whole numbers")


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"class_names": 0.5}, "class_names is 0.5"),
        ({"class_names": "AI"}, "class_names is 'AI'"),
        ({"classes": True}, "classes is True"),
        ({"classes": -3}, "classes is -3"),
        ({"classes": 10**12}, "classes is 1000000000000"),
    ],
)
def test_classes_that_are_no_list_and_no_count(told, what, seeds, tmp_path):
    """Found: a number where the names of classes are expected; beside it, a count of names beyond all memory."""
    fuzzer = Fuzzer.of("graph npz", seeds["graph npz"], tmp_path)
    _tell_classes(fuzzer.place, told)
    refused(read_graph, fuzzer.place, what)


@pytest.mark.parametrize("label", [1e12, np.inf])
def test_labels_that_count_no_classes(label, seeds, tmp_path):
    fuzzer = Fuzzer.of("graph npz", seeds["graph npz"], tmp_path)
    key = _tell_classes(fuzzer.place, {})
    with np.load(fuzzer.place / "labels.npz") as file:
        arrays = dict(file)
    arrays[key] = np.where(np.arange(len(arrays[key])) == 3, label, arrays[key])
    np.savez(fuzzer.place / "labels.npz", **arrays)
    refused(read_graph, fuzzer.place, "a label is")


def _tell_classes(place: Path, told: dict) -> str:
    """Let `meta.json` tell this of the classes of its first multiclass task, and return the task's key."""
    file = place / "meta.json"
    meta = json.loads(file.read_text())
    key = next(key for key, about in meta["tasks"].items() if about.get("kind") == "single-label")
    meta["tasks"][key] = {"kind": "single-label", **told}
    file.write_text(json.dumps(meta))
    return key


def test_ids_beside_separators_of_records(tmp_path):
    """Found: a blank that `str.strip` takes off and `int` does not."""
    assert whole("4\x1e", tmp_path, 1) == 4


def test_a_card_of_more_blocks_than_tensors(seeds, tmp_path):
    """Found: a card with endless blocks, whose modules took longer than anybody waits."""
    fuzzer = Fuzzer.of("grover own", seeds["grover own"], tmp_path)
    card = next(fuzzer.place.glob("*.json"))
    told = json.loads(card.read_text())
    told["config"]["blocks"] = 10**7
    card.write_text(json.dumps(told))
    refused(read_weights, fuzzer.place, "too few for")


class _Named:
    """What pickles as a call of a name with arguments, and then a state."""

    def __init__(self, *made):
        self.made = made

    def __reduce__(self):
        return self.made


@pytest.mark.parametrize("dtype", ["O", "V8", "M8[s]", [("a", "i4")]])
def test_arrays_of_objects_are_refused(dtype, tmp_path):
    """Found: NumPy's own constructors, given a wrong state, write outside of their memory and end the process."""
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(np.zeros(2, dtype), protocol=2))
    refused(read_pickle, path, "does not unpickle")


@pytest.mark.parametrize(
    "state",
    [
        (1, (10**9,), np.dtype("f8"), False, b"short"),
        (1, (-1,), np.dtype("f8"), False, b""),
        (1, (2,), np.dtype("f8"), False, 10**12),
        (1, (2,), "f8", False, b"0" * 16),
    ],
)
def test_arrays_of_a_wrong_state_are_refused(state, tmp_path):
    made = np.zeros(1).__reduce__()
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(_Named(made[0], made[1], state), protocol=2))
    refused(read_pickle, path, "unpickle|damaged")


def test_a_few_bytes_do_not_take_gigabytes(tmp_path):
    """Found: a place of 4 billion in the reader's memory, which took 64 GB and more than ten seconds."""
    path = tmp_path / "x.pkl"
    path.write_bytes(b"\x80\x02]r" + (2**32 - 1).to_bytes(4, "little") + b".")
    began = time.process_time()
    assert read_pickle(path) == []
    assert time.process_time() - began < 1


def test_arrays_of_every_order_come_back(tmp_path):
    for array in (np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(4, dtype=">i4"), np.array(["é", "ab"])):
        for protocol in range(2, 6):
            (tmp_path / "x.pkl").write_bytes(pickle.dumps({"x": array}, protocol=protocol))
            found = read_pickle(tmp_path / "x.pkl")["x"]
            assert np.array_equal(found, array)
            assert found.dtype.kind == array.dtype.kind
