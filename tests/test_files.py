import errno

import pytest

from weft.errors import UserError
from weft.files import alone, append_line, atomic, damaged, disk_errors, read_json, write_json


def test_a_failed_write_leaves_what_was_there(tmp_path):
    """Protects a good file from a bad write: seen to catch writing in place."""
    path = tmp_path / "a.txt"
    path.write_text("good")
    with pytest.raises(TypeError), atomic(path) as temporary:
        temporary.write_text("half" + temporary.write_text("half"))  # fails after the first write
    assert path.read_text() == "good"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "trouble",
    [
        OSError(errno.ENOSPC, "full"),
        Exception("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_told_whoever_noticed(tmp_path, trouble):
    """Protects from tracebacks of libraries that tell the error number in words."""
    with pytest.raises(UserError, match=r"No space left on device\. Free some space"), disk_errors(tmp_path):
        raise trouble


def test_other_errors_pass(tmp_path):
    """Protects from calling a bug disk trouble."""
    with pytest.raises(KeyError), disk_errors(tmp_path):
        raise KeyError("x")


def test_json_is_whole_or_an_error(tmp_path):
    """Protects readers of our JSON from NaN, half a file and things that are no objects."""
    path = tmp_path / "a.json"
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"a": float("nan")})
    write_json(path, {"a": [1, "ü"]})
    assert read_json(path) == {"a": [1, "ü"]}
    for text in ('{"a": [1', "[1]"):
        path.write_text(text)
        with pytest.raises(UserError, match="JSON"):
            read_json(path)


def test_a_line_is_added_whole_and_one_that_was_cut_short_goes(tmp_path):
    """Protects results from a line that was cut short by a full disk: seen to catch the next one stuck to it."""
    path = tmp_path / "r.jsonl"
    for before, after in ((b"", b"new\n"), (b"a\nb\n", b"a\nb\nnew\n"), (b"a\nb", b"a\nnew\n"), (b"a", b"new\n")):
        path.write_bytes(before)
        with path.open("a+b") as file, alone(file):
            append_line(file, b"new")
        assert path.read_bytes() == after


def test_when_the_disk_is_full_the_lines_are_as_before(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"a\n")
    with path.open("a+b") as real:

        class Full:
            def __getattr__(self, name):
                return getattr(real, name)

            def write(self, data):
                real.write(data[:3])
                real.flush()
                raise OSError(28, "No space left on device")

        with pytest.raises(OSError):
            append_line(Full(), b"new line")
    assert path.read_bytes() == b"a\n"


def test_whatever_a_library_makes_of_a_damaged_file_is_told(tmp_path):
    for error in (MemoryError(), SyntaxError("x"), ZeroDivisionError("x"), OSError("no number")):
        with (
            pytest.raises(UserError, match=r"a\.bin: it is damaged \(.+\)\. Fetch it"),
            damaged(tmp_path / "a.bin", "it is damaged", "Fetch it."),
        ):
            raise error
