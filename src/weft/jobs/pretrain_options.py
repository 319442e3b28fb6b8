"""What may be asked of a pretraining."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from weft.devices import check_device, precision_named
from weft.errors import UserError
from weft.jobs.options import available_threads, check_seed

_SURROUNDINGS = ("threads", "device")
_COUNTS = ("epochs", "steps", "batch", "min_count", "vocabulary", "threads")


@dataclass(frozen=True)
class PretrainOptions:
    """The options of `weft pretrain`.

    Attributes:
        size: a name of `weft.encoders.grover.config.SIZES`.
        epochs: passes over the molecules; unused when `steps` is given.
        steps: steps in all.
        batch: molecules per step.
        lr: highest learning rate.
        validation: share of the molecules held out.
        min_count: a context is a word of the vocabulary when seen so often; rarer ones are one class.
        vocabulary: most words of either vocabulary.
        smiles: the SMILES column of tables; None finds it.
        exclude: files of molecules that must not be seen.
        seed: of everything random.
        threads: threads to compute with, and processes that read SMILES.
        device: where to train: `auto`, `cpu` or `cuda`.
        precision: `32`, or `bf16` in products.
        deterministic: give the same bits on a card, too, at some cost.
    """

    size: str = "grover-small"
    epochs: int = 10
    steps: int | None = None
    batch: int = 32
    lr: float = 4e-4
    validation: float = 0.1
    min_count: int = 3
    vocabulary: int = 4000
    smiles: str | None = None
    exclude: tuple[Path, ...] = ()
    seed: int = 0
    threads: int = field(default_factory=available_threads)
    device: str = "auto"
    precision: str = "32"
    deterministic: bool = False

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_device(self.device)
        if precision_named(self.precision) == "float64":
            what, mend = "pretraining has no double precision", "Use 32 or bf16; 'weft fit' has it, for its networks."
            raise UserError(what, where="--precision", mend=mend)
        for name in _COUNTS:
            value = getattr(self, name)
            if value is not None and value < 1:
                flag = f"--{name.replace('_', '-')}"
                raise UserError(f"{value} {name.replace('_', ' ')}", where=flag, mend="Use 1 or more.")
        if not 0 <= self.validation < 1:
            what = f"the share is {self.validation:g}"
            raise UserError(what, where="--validation", mend="Use a number from 0 up to, not including, 1.")
        if not 0 < self.lr < 1:
            raise UserError(f"the learning rate is {self.lr:g}", where="--lr", mend="Use one such as 4e-4.")

    def to_json(self) -> dict[str, Any]:
        """Return every option, JSON-ready."""
        return {**asdict(self), "exclude": [str(path) for path in self.exclude]}

    def identity(self) -> dict[str, Any]:
        """Return what must be the same for a pretraining to continue."""
        return {name: value for name, value in self.to_json().items() if name not in (*_SURROUNDINGS, "exclude")}
