"""The parts of a prediction on disk: what was planned, what is done, and what made it.

While a prediction is under way its parts lie in `.work` of a folder: of the output itself where that is a folder, of
`OUT.parts` where it is a file. Every finished part has a card beside it, written after it, with its hash. What a killed
process leaves half-done has no card, and its name holds the run that made it, so that a straggler cannot overwrite a
later run's part.
"""

from __future__ import annotations

import gzip
import json
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.data.parts import InPart
from weft.errors import UserError
from weft.files import atomic, disk_errors, read_json, write_json
from weft.jobs.folder import WORK
from weft.jobs.inputs import sha256
from weft.jobs.part_job import PartDone

if TYPE_CHECKING:
    from typing import BinaryIO

MANIFEST = "_manifest.json"
_PLAN = "plan.json"
#: Rows of a row group of a joined Parquet file.
_GROUP = 100_000


def is_folder(out: Path) -> bool:
    """Whether an output is a folder of Parquet files, not one file."""
    return out.is_dir() or not out.suffix


@dataclass(frozen=True)
class PartFolder:
    """Where the parts of one output are.

    Attributes:
        out: the output, a file or a folder.
        run: what the names of this run's parts hold.
    """

    out: Path
    run: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def home(self) -> Path:
        """The folder that is ours while we work."""
        return self.out if is_folder(self.out) else self.out.with_name(f"{self.out.name}.parts")

    @property
    def work(self) -> Path:
        """The folder of unfinished work."""
        return self.home / WORK

    @property
    def extension(self) -> str:
        """How parts are written; packed only when they are joined."""
        return ".parquet" if is_folder(self.out) else Path(self.out.name.lower().removesuffix(".gz")).suffix

    def path(self, at: int) -> Path:
        """Return the file to write a part to."""
        return self.work / f"part-{at:06d}-{self.run}{self.extension}"

    def keep(self, done: PartDone) -> PartDone:
        """Note that a part is whole; return what is worth keeping in memory of it."""
        write_json(self.work / f"done-{done.at:06d}.json", done.to_json())
        return replace(done, told=done.told[:1])

    def kept(self) -> dict[int, PartDone]:
        """Return the finished parts whose files hold what was written."""
        found: dict[int, PartDone] = {}
        for done in self._cards():
            path = self._there(done)
            if path is not None and sha256(path) == done.sha256:
                found[done.at] = replace(done, told=done.told[:1])
        return found

    def _cards(self) -> Iterator[PartDone]:
        return (PartDone.of_json(read_json(card)) for card in sorted(self.work.glob("done-*.json")))

    def _there(self, done: PartDone) -> Path | None:
        """Return where a part is: in the folder of work, or where a run that was killed at its end moved it."""
        places = (self.work / done.name, self.out / _final(done.at))
        return next((path for path in places if path.is_file()), None)

    def plan(self) -> list[InPart] | None:
        """Return the plan of a run before, if all of its files are still there."""
        if not (self.work / _PLAN).is_file():
            return None
        told: Any = read_json(self.work / _PLAN)["parts"]
        parts = [InPart.of_json(part) for part in told]
        return parts if all(part.path.is_file() for part in parts) else None

    def note_plan(self, parts: Sequence[InPart]) -> None:
        """Write the plan down."""
        write_json(self.work / _PLAN, {"parts": [part.to_json() for part in parts]})

    def drop(self) -> None:
        """Remove all that was made, when no part of it is worth keeping."""
        shutil.rmtree(self.work, ignore_errors=True)

    def finish(self, done: Sequence[PartDone], parts: Sequence[InPart], identity: Mapping[str, Any]) -> None:
        """Make the output of all parts, in order, and remove what is no longer needed."""
        if not is_folder(self.out):
            paths = [self.work / each.name for each in done]
            _join_parquet(paths, self.out) if self.extension == ".parquet" else _join_text(paths, self.out)
            shutil.rmtree(self.work, ignore_errors=True)
            return
        with disk_errors(self.out):
            (self.out / MANIFEST).unlink(missing_ok=True)  # of an earlier result: what stands here is not whole now
            for each in done:
                path = self._there(each)
                if path is not None and path.parent == self.work:
                    path.replace(self.out / _final(each.at))
            for path in set(self.out.glob("part-*.parquet")) - {self.out / _final(each.at) for each in done}:
                path.unlink()
        _tell_bad(self._cards() if any(each.bad for each in done) else (), parts, self.out / "_bad_rows.csv")
        cards = [{"file": _final(each.at), "rows": each.rows, "bad": each.bad, "sha256": each.sha256} for each in done]
        totals = {"rows": sum(each.rows for each in done), "bad_rows": sum(each.bad for each in done)}
        known = {"known_labels": sum(each.known for each in done), "used": any(each.used for each in done)}
        write_json(self.out / MANIFEST, {"identity": dict(identity), **totals, **known, "parts": cards})
        shutil.rmtree(self.work, ignore_errors=True)

    def written_before(self) -> list[PartDone]:
        """Return what a finished folder says of its parts.

        Raises:
            UserError: when a file is gone or is not what was written.
        """
        told: Any = read_json(self.out / MANIFEST)
        for card in told["parts"]:
            path = self.out / card["file"]
            if not path.is_file() or sha256(path) != card["sha256"]:
                mend = f"Remove {MANIFEST} there and predict again."
                raise UserError("the file is not what was written", where=str(path), mend=mend)
        known, used = int(told["known_labels"]), bool(told["used"])
        cards = enumerate(told["parts"])
        return [PartDone(at, c["file"], c["rows"], c["bad"], known if at == 0 else 0, used) for at, c in cards]


def _final(at: int) -> str:
    return f"part-{at:06d}.parquet"


def _tell_bad(done: Iterable[PartDone], parts: Sequence[InPart], path: Path) -> None:
    """Write file, row and reason of the rows that could not be predicted; no file when there are none."""
    import csv

    path.unlink(missing_ok=True)
    if not done:
        return

    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("file", "row", "reason"))
        for each in done:
            table.writerows((parts[each.at].source, row, reason) for row, reason in each.told)


def _join_text(paths: Sequence[Path], out: Path) -> None:
    """Put files of text after each other; only the first has a header."""
    with atomic(out) as temporary, temporary.open("wb") as raw:
        if out.suffix.lower() == ".gz":
            with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
                _copy(paths, packed)
        else:
            _copy(paths, raw)


def _copy(paths: Sequence[Path], file: BinaryIO | gzip.GzipFile) -> None:
    for path in paths:
        with path.open("rb") as part:
            shutil.copyfileobj(part, file, 2**20)


def _join_parquet(paths: Sequence[Path], out: Path) -> None:
    """Put Parquet files after each other, a few at a time."""
    import polars as pl

    with atomic(out) as temporary:
        whole = temporary.with_suffix(".whole") if out.suffix.lower() == ".gz" else temporary
        try:
            with disk_errors(out):
                pl.scan_parquet(list(paths), glob=False).sink_parquet(whole, row_group_size=_GROUP, compression="zstd")
                if whole != temporary:
                    with temporary.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
                        _copy([whole], packed)
        finally:
            if whole != temporary:
                whole.unlink(missing_ok=True)


def hash_of_files(paths: Sequence[Path], home: Path) -> str:
    """Return one hash of the names and bytes of files, read piece by piece."""
    import hashlib

    if len(paths) == 1:
        return sha256(paths[0])
    told = [[str(path.relative_to(home)), sha256(path)] for path in paths]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def in_order(done: Mapping[int, PartDone]) -> Iterator[PartDone]:
    """Give parts in the order of the input."""
    yield from (done[at] for at in sorted(done))
