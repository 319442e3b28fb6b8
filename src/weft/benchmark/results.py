"""What was measured: one JSON line per trained model, in a file that several processes may add to."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from weft.benchmark.scores import Scores
from weft.errors import UserError
from weft.files import alone, append_line, disk_errors
from weft.jobs.folder import BusyError, locked

Key = tuple[str, str, int]
"""Row, data set ('' where a suite has one) and seed."""


class AnyResult(Protocol):
    """What every line of results tells; a dataclass of JSON-ready fields."""

    @property
    def row(self) -> str:
        """Name of the row."""
        ...

    @property
    def model(self) -> str:
        """Registered name of the model."""
        ...

    @property
    def options(self) -> Mapping[str, Any]:
        """What decides the figures besides the model."""
        ...

    @property
    def key(self) -> Key:
        """Row, data set and seed."""
        ...


R = TypeVar("R", bound=AnyResult)


@dataclass(frozen=True)
class Result:
    """One row of a suite on a graph trained with one seed.

    Attributes:
        suite: name.
        row: name in the suite.
        seed: of the training.
        model: registered name.
        options: the constructor's.
        kinds: family -> kind, a key of `weft.benchmark.scores.METRICS`.
        val: scores of the validation nodes.
        test: scores of the test nodes.
        cpu_s: CPU seconds of training and predicting, all threads together.
        wall_s: seconds by the clock, on a machine that may have other work.
        parameters: trained numbers; None where the model has no such count.
        threads: it was given.
        probe: what the suite's probe told; `further`: scores on the suite's further graph.
        made: when, where and with which versions.
        peak_mb: most memory of the training's process; None when it had none of its own.
    """

    suite: str
    row: str
    seed: int
    model: str
    options: Mapping[str, Any]
    kinds: Mapping[str, str]
    val: Scores
    test: Scores
    cpu_s: float
    wall_s: float
    parameters: int | None = None
    threads: int = 1
    probe: Mapping[str, Any] = field(default_factory=dict[str, Any])
    made: Mapping[str, str] = field(default_factory=dict[str, str])
    peak_mb: float | None = None

    @property
    def key(self) -> Key:
        """Row, no data set, and seed."""
        return self.row, "", self.seed


class Results(Generic[R]):
    """The results of one suite in a folder.

    Args:
        folder: made when missing.
        suite: names the file.
        kind: what a line is read as.
    """

    def __init__(self, folder: Path, suite: str, kind: type[R]) -> None:
        self.folder, self.path, self.kind = folder, folder / f"{suite}.jsonl", kind

    def read(self) -> list[R]:
        """Return what is there, in the order of running.

        Raises:
            UserError: naming a line that is no result.
        """
        return list(self._lines()) if self.path.is_file() else []

    def _lines(self) -> Iterator[R]:
        with disk_errors(self.path):
            text = self.path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]  # a line without its end was cut short: its training is done again
        for at, line in enumerate(whole.splitlines(), 1):
            try:
                yield self.kind(**json.loads(line))
            except (ValueError, TypeError) as error:
                where = f"{self.path}, line {at}"
                raise UserError(f"no result ({error})", where=where, mend="Delete the line.") from error

    def add(self, result: R) -> None:
        """Add a line, whole or not at all; processes that share the file take turns."""
        line = json.dumps(asdict(result), ensure_ascii=False, allow_nan=False)  # pyright: ignore[reportArgumentType]
        with disk_errors(self.path):
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as file, alone(file):
                append_line(file, line.encode())

    @contextmanager
    def claim(self, key: Key) -> Generator[Path | None]:
        """Hold a training for this process and give the folder of its unfinished work; None when another holds it."""
        row, data, seed = key
        name = "-".join([self.path.stem, row.replace("/", "-"), *([data] if data else []), str(seed)])
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(locked(self.folder / ".work" / name))
            except BusyError:
                yield None
                return
            yield self.folder / ".work" / name
