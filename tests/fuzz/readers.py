"""Every reader of files from outside: whatever a file holds, it is read or a `UserError` is raised."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.mutate import files_of, mutate, resealed
from weft.data.columns import plan_columns
from weft.data.graph_files import read_graph
from weft.data.graph_validate import validate_graph
from weft.data.molecules import Molecules
from weft.data.reading import read_labels
from weft.data.safe_pickle import read_pickle
from weft.data.splits import make_split
from weft.data.tables import read_table
from weft.data.validate import look_at
from weft.errors import UserError
from weft.jobs import subject_input
from weft.jobs.subjects import Subject, kind_of, subject_of_model
from weft.tasks import TaskSet
from weft.training.run import silent

#: Molecules of a table that are parsed, too.
_PARSED = 20


def table(path: Path) -> None:
    """Read a table of molecules as a fit does."""
    read = read_table(path)
    plan = plan_columns(read, tasks=[] if path.suffix == ".smi" else None)
    texts = [None if text is None else str(text)[:1000] for text in read.frame[plan.smiles][:_PARSED]]
    assert len(Molecules.from_smiles(texts, workers=0)) == len(texts)
    if plan.tasks:
        read_labels(read, plan)


def of(kind: str) -> Callable[[Path], None]:
    """Return what reads images, texts or vectors as a fit does."""

    def read(path: Path) -> None:
        kind_of(path)
        subject = Subject(kind, features=("x*",) if path.name == "v.csv" else ())
        if path.suffix == ".npy":  # no labels
            found = subject_input.read_for_model(path, subject, TaskSet(()), silent, 1)
        else:
            found = subject_input.read_for_fit(path, subject, silent, threads=1)
        assert len(found.status) == len(found.table)

    return read


def zipped(path: Path) -> None:
    """Read an upload of images as the server does; a false size may not take its memory."""
    from weft.data.image_decode import Form
    from weft.serve.limits import Limits
    from weft.serve.zipped import read_zipped

    subject = Subject("images", column="image", form=Form(8, 8, 3))
    found = read_zipped(path, subject, Limits(body_bytes=2**20), time.monotonic() + 60)
    assert len(found.data) == len(found.table)


def graph(path: Path) -> None:
    """Read a graph as a fit does, and look at it as `weft validate` does."""
    validate_graph(path).to_json()
    read_graph(path)


def model(path: Path) -> None:
    """Load a model."""
    from weft.jobs.inputs import usual_smiles
    from weft.jobs.known_rows import things_of
    from weft.saved import load

    load(path)
    subject_of_model(path)
    usual_smiles(path)
    things_of(path)


def grover(path: Path) -> None:
    """Read weights of GROVER."""
    from weft.encoders.grover.weights import read_weights

    read_weights(path)


def split(path: Path) -> None:
    """Read a split."""
    import numpy as np

    make_split(f"file:{path}", np.ones(12, bool), [f"C{k}" for k in range(12)], 0)


#: First word of a seed's name -> its reader; a table by default.
_BY_WORD: dict[str, Callable[[Path], None]] = {
    "vectors": of("vectors"), "texts": of("text"), "class": of("images"), "image": of("images"), "coco": of("images"),
    "upload": zipped, "graph": graph, "model": model, "grover": grover, "pickle": read_pickle, "split": split,
}  # fmt: skip


def reader_of(name: str) -> Callable[[Path], None]:
    """Return what reads a seed."""
    return _BY_WORD.get(name.partition(" ")[0], table)


@dataclass(frozen=True)
class Fuzzer:
    """Wrong files made of one seed, in a folder of its own.

    Attributes:
        name: of the seed.
        place: a copy of the seed that is changed and put back.
    """

    name: str
    place: Path

    @classmethod
    def of(cls, name: str, seed: Path, work: Path) -> Fuzzer:
        """Copy a seed into `work`."""
        place = work / name.replace(" ", "-") / seed.name
        place.parent.mkdir(parents=True)
        shutil.copytree(seed, place) if seed.is_dir() else shutil.copy(seed, place)
        return cls(name, place)

    def write(self, number: int) -> tuple[Path, bytes]:
        """Make the wrong file of a number, always the same; return the file and what it held before."""
        draw = random.Random(f"{self.name} {number}")
        file = draw.choice(files_of(self.place))
        before = file.read_bytes()
        after = mutate(before, file.name, draw)
        if file.name == "model.json" and draw.random() < 0.7:
            after = _resealed(after)
        file.write_bytes(after)
        return file, before

    def case(self, number: int) -> bool:
        """Read the wrong file of a number; return whether it was taken. Anything but a `UserError` is raised."""
        file, before = self.write(number)
        try:
            reader_of(self.name)(self.place)
        except UserError:
            return False
        finally:
            file.write_bytes(before)
        return True


def _resealed(card: bytes) -> bytes:
    try:
        return resealed(card)
    except ValueError:  # no longer JSON
        return card


#: Parts of SMILES, and what is none.
_ATOMS = (
    "C",
    "c1ccccc1",
    "N",
    "O",
    "(",
    ")",
    "=",
    "#",
    "[Na+]",
    "[C@@H]",
    "%12",
    "1",
    ".",
    "/",
    "\\",
    "[",
    "]",
    "*",
    "é",
    " ",
)
_CELLS = ("", "0", "1", "NA", "nan", "2.5", "-1e5", "active", '"', "1;0", "yes", "x", "\u202e", "0.0", " 1 ")


def rows(number: int, count: int, path: Path) -> bool:
    """Read a table of `count` rows of which most are wrong in some way, as a fit and as `weft validate` do.

    All molecules are parsed. Returns whether a fit would take the table.
    """
    draw = random.Random(f"rows {number}")
    cells, broken = _CELLS[: 3 if number % 2 else len(_CELLS)], 0.001 if number % 10 == 0 else 0.0
    lines = ["smiles,a,b,note"]
    for _ in range(count):
        smiles = "".join(draw.choices(_ATOMS[:4] if draw.random() < 0.3 else _ATOMS, k=draw.randrange(12)))
        row = [smiles, *draw.choices(cells, k=2), draw.choice(_CELLS)]
        if draw.random() < broken:  # a row that keeps the whole file from being read
            row.append("more")
        lines.append(",".join(f'"{cell * 2}"' if cell == '"' else cell for cell in row))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        read = read_table(path)
        plan = plan_columns(read, smiles="smiles", tasks=["a", "b"])
        data = Molecules.from_smiles(read.frame["smiles"].to_list(), workers=0)
        assert len(data.status) == len(read) == count
        look_at(read, plan, data.keys, ()).to_json()
        read_labels(read, plan)
    except UserError:
        return False
    return True
