"""One part of a table predicted: rows in, one file out, and what there is to tell of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from weft.data.parts import InPart
from weft.errors import UserError
from weft.files import atomic

if TYPE_CHECKING:
    import polars as pl

    from weft.data.tables import Table
    from weft.jobs.coverage import Covered
    from weft.predictor import Predictor

#: Most bad rows that a part tells one by one; all stand in the output with their reasons.
TOLD = 1000


@dataclass(frozen=True)
class Ask:
    """What is asked of every part of a table alike.

    Attributes:
        smiles: the SMILES column.
        fill: fill in blanks instead of adding columns.
        ignore_known: predict from structure alone.
        prefix: put before the name of every added column.
        coverage: add sets and intervals of this coverage; None adds none.
    """

    smiles: str
    fill: bool = False
    ignore_known: bool = False
    prefix: str = ""
    coverage: float | None = None


@dataclass(frozen=True)
class PartJob:
    """A part to predict: all that a process, here or on another machine, must be told.

    Attributes:
        at: its place among the parts.
        model: the folder of the model.
        part: the rows.
        out: the file to write, whose extension tells its form.
        ask: what is asked.
        device: where networks answer.
        guarded: read every molecule in a process of its own, so that one that crashes it costs its row only.
    """

    at: int
    model: Path
    part: InPart
    out: Path
    ask: Ask
    device: str = "cpu"
    guarded: bool = False


@dataclass(frozen=True)
class PartDone:
    """What became of a part.

    Attributes:
        at: its place among the parts.
        name: of the file.
        rows: in it.
        bad: how many of them could not be predicted.
        known: known labels in the input.
        used: whether the model took them into account.
        sha256: of the file.
        told: row number and reason of the first bad rows.
        trouble: what, where and mend of the error that kept it from being done.
    """

    at: int
    name: str
    rows: int = 0
    bad: int = 0
    known: int = 0
    used: bool = False
    sha256: str = ""
    told: tuple[tuple[int, str], ...] = ()
    trouble: tuple[str, str | None, str | None] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what `of_json` takes."""
        return asdict(self)

    @classmethod
    def of_json(cls, card: Any) -> Self:
        """Take back what `to_json` gave."""
        given: dict[str, Any] = dict(card)
        given["told"] = tuple((int(row), str(reason)) for row, reason in card["told"])
        return cls(**given)


@dataclass
class Answered:
    """A part's table with its predictions, before it is written."""

    frame: pl.DataFrame
    status: Sequence[str]
    known: int
    used: bool
    covered: Covered | None = None


def work(job: PartJob) -> PartDone:
    """Predict a part with the model that this process has loaded, or loads now; errors come back as `trouble`."""
    try:
        return predict_part(_loaded(job.model, job.device), job)
    except UserError as error:
        return PartDone(job.at, job.out.name, trouble=(error.what, error.where, error.mend))


def forget() -> None:
    """Load the model anew for the next part: it may have been fitted again."""
    _loaded.cache_clear()


@lru_cache(maxsize=1)
def _loaded(model: Path, device: str) -> Predictor:
    from weft import saved

    return saved.load(model, device)


def predict_part(predictor: Predictor, job: PartJob) -> PartDone:
    """Predict the rows of a part and write them; the file appears whole or not at all.

    What a row gets does not depend on the part that it is in.

    Raises:
        UserError: when the rows cannot be read, hold what is no label, or cannot be written.
    """
    from weft.data.tables import encode_table

    table = job.part.read()
    found = answer_table(predictor, table, job.ask, 1 if job.guarded else 0)
    data = encode_table(found.frame, job.out, header=job.at == 0)
    with atomic(job.out) as temporary:
        temporary.write_bytes(data)
    bad = [at for at, word in enumerate(found.status) if word != "ok"]
    told = tuple((table.number(at), found.status[at]) for at in bad[:TOLD])
    digest = hashlib.sha256(data).hexdigest()
    return PartDone(job.at, job.out.name, len(table), len(bad), found.known, found.used, digest, told)


def answer_table(predictor: Predictor, table: Table, ask: Ask, workers: int) -> Answered:
    """Return a table with its predictions.

    Args:
        predictor: the model.
        table: some rows.
        ask: what is asked of them.
        workers: processes that read molecules; 0 reads them in this one.
    """
    import polars as pl

    from weft.data.cache import uncached
    from weft.data.molecules import Molecules
    from weft.data.reading import read_known
    from weft.jobs.answering import answers, covered_of
    from weft.jobs.inputs import Input
    from weft.jobs.output import add_predictions, fill_blanks
    from weft.training.assess import uses_labels

    labels = read_known(table, predictor.tasks)
    data = Molecules.from_smiles(table.frame[ask.smiles].cast(pl.String).to_list(), workers=workers)
    read = Input(table, ask.smiles, data, labels)
    used = uses_labels(predictor) and not ask.ignore_known and len(labels) > 0
    with uncached():
        predictions = answers(predictor, data, labels, used, around=not ask.fill)
        status = read.status
    told = (table.frame, predictions, labels, status, ask.prefix)
    if ask.fill:
        return Answered(fill_blanks(*told), status, len(labels), used)
    covered = None if ask.coverage is None else covered_of(predictor, predictions, labels, used, ask.coverage)
    return Answered(add_predictions(*told, covered), status, len(labels), used, covered)
