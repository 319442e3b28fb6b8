"""A suite of models on data sets of molecules: rows x data sets x scaffold splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from weft.benchmark.asking import Asking
from weft.benchmark.molecule_data import MoleculeSet, load_set
from weft.benchmark.molecule_results import METRICS, MoleculeResult
from weft.benchmark.pretrained import digest, weights_of
from weft.benchmark.row import Job, Row
from weft.errors import UserError, nearest
from weft.predictor import Predictor, build

if TYPE_CHECKING:
    from weft.training.run import Run

_WEIGHTS = "encoder_weights"


@dataclass(frozen=True)
class MoleculeRow(Row):
    """A model, how it is asked, and where.

    Attributes:
        asking: what is shown and asked.
        readings: other ways of asking the same trained model, by a word that the table has beside the row's name.
        splits: data set -> how many splits at most, where all cost too much; 0 leaves the data set out.
        published: model and setting of the published figures to set beside it.
        note: what a reader of the table must know.
    """

    model: str = "metalink"
    asking: Asking = field(default_factory=Asking)
    readings: Mapping[str, Asking] = field(default_factory=dict[str, Asking])
    splits: Mapping[str, int] = field(default_factory=dict[str, int])
    published: tuple[str, str] | None = None
    note: str = ""

    def build(self) -> Predictor:
        """Make the unfitted model.

        Raises:
            UserError: when the model, or a part of it, is not there.
        """
        options: dict[str, Any] = dict(self.options)
        if _WEIGHTS in options:
            options[_WEIGHTS] = str(weights_of(options[_WEIGHTS], options["encoder"]))
        try:
            return build(self.model, **options)
        except (UserError, TypeError) as error:
            mend = "Choose other rows with --rows."
            raise UserError(f"this weft cannot make it: {error}", where=f"row {self.name}", mend=mend) from error

    def told(self) -> dict[str, Any]:
        """Return what decides the row's figures: the options, and how it is asked."""
        readings = {name: asking.told() for name, asking in self.readings.items()}
        found: dict[str, Any] = {**super().told(), **self.asking.told(), **({"readings": readings} if readings else {})}
        if _WEIGHTS in found:
            found[_WEIGHTS] = digest(weights_of(found[_WEIGHTS], found["encoder"]))
        return found

    def takes(self, option: str) -> bool:
        """Whether the row's model takes an option: epochs are a network's, weights an encoder's that has some."""
        encoder = str(self.options.get("encoder", ""))
        if option == _WEIGHTS:
            return encoder.startswith("grover")
        return super().takes(option) and (option != "epochs" or bool(encoder or "preset" in self.options))


@dataclass(frozen=True)
class MoleculeSuite:
    """Models to compare on data sets of molecules (implements `AnySuite`).

    Attributes:
        name: on the command line.
        title: what it is, in a line.
        data: names of its data sets.
        rows: the models.
        against: the rows that others are compared with in pairs: each with the first that was asked the same cells.
        curve: what pictures draw along their axis: `reveal`, or an option of the rows such as `kg_layers`; '' for no
            pictures.
        load: reads a data set.
        metrics: that are kept and told.
        splits: what its splits are called.
    """

    name: str
    title: str
    data: tuple[str, ...]
    rows: tuple[MoleculeRow, ...]
    against: tuple[str, ...]
    curve: str = ""
    load: Callable[[str], MoleculeSet] = load_set
    metrics: tuple[str, ...] = METRICS
    splits: str = "scaffold splits"
    kind: type[MoleculeResult] = MoleculeResult
    rounds: ClassVar[int] = 10
    processes: ClassVar[int] = 1

    def jobs(self, rows: Sequence[Row], seeds: Sequence[int], data: Sequence[str] = ()) -> list[Job]:
        """Return the trainings of some rows, split by split, then data set by data set.

        Raises:
            UserError: for a data set that the suite does not have.
        """
        for name in data:
            if name not in self.data:
                raise UserError(f"{self.name} has no data {name!r}", where="--data", mend=nearest(name, self.data))
        chosen = [name for name in self.data if not data or name in data]
        return [Job(row, split, name) for split in seeds for name in chosen for row in rows if _runs(row, name, split)]

    def check(self, rows: Sequence[Row]) -> None:
        """Refuse rows whose model is not there."""
        for row in {row.name: row for row in rows}.values():
            row.build()

    def measure(self, threads: int, own: bool = False) -> Callable[[Job, Run], MoleculeResult]:
        """Return what trains a row on a data set."""
        from weft.benchmark.molecule_measure import MoleculeMeasure

        return MoleculeMeasure(self.name, self.load, threads, own, self.metrics)


def _runs(row: Row, data: str, split: int) -> bool:
    return not isinstance(row, MoleculeRow) or split < row.splits.get(data, split + 1)
