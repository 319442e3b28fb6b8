"""A suite of models on data sets of molecules: rows x data sets x scaffold splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from weft.benchmark.asking import Asking
from weft.benchmark.molecule_data import MoleculeSet, load_set
from weft.benchmark.molecule_results import METRICS, MoleculeResult
from weft.benchmark.pretrained import digest, weights_of
from weft.benchmark.row import Job, Row
from weft.benchmark.set_suite import SetSuite
from weft.errors import UserError
from weft.predictor import Predictor, build

if TYPE_CHECKING:
    from weft.benchmark.molecule_page import Section
    from weft.benchmark.pictures import Picture
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

    def runs(self, data: str, seed: int) -> bool:
        """Whether the split is one of those that the data set has of this row."""
        return seed < self.splits.get(data, seed + 1)


@dataclass(frozen=True)
class MoleculeSuite(SetSuite):
    """Models to compare on data sets of molecules, or of what else has tasks (implements `AnySuite`); see `SetSuite`.

    Attributes:
        rows: the models.
        curve: what pictures draw along their axis: `reveal`, or an option of the rows such as `kg_layers`; '' for no
            pictures.
        load: reads a data set.
        metrics: that are kept and told.
        splits: what its splits are called.
    """

    rows: tuple[MoleculeRow, ...]
    curve: str = ""
    load: Callable[[str], MoleculeSet] = load_set
    metrics: tuple[str, ...] = METRICS
    splits: str = "scaffold splits"
    kind: type[MoleculeResult] = MoleculeResult
    rounds: ClassVar[int] = 10
    processes: ClassVar[int] = 1

    def check(self, rows: Sequence[Row]) -> None:
        """Refuse rows whose model is not there."""
        for row in {(row.name, str(row.options)): row for row in rows}.values():
            row.build()

    def sections(self, results: Sequence[MoleculeResult], against: Sequence[str] = ()) -> list[Section]:
        """Return the tables, as far as there are results; compared with the rows `against`, the suite's by default."""
        from weft.benchmark.molecule_page import sections

        return sections(self, results, against)

    def draw(self, results: Sequence[MoleculeResult], folder: Path) -> list[Picture]:
        """Draw the suite's pictures into a folder."""
        from weft.benchmark.pictures import draw

        return draw(self, results, folder)

    def measure(self, threads: int, own: bool = False) -> Callable[[Job, Run], MoleculeResult]:
        """Return what trains a row on a data set."""
        from weft.benchmark.molecule_measure import MoleculeMeasure

        return MoleculeMeasure(self.name, self.load, threads, own, self.metrics)
