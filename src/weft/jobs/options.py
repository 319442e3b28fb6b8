"""What may be asked of a fit, and what was made of it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from weft.devices import check_device, precision_named
from weft.errors import UserError
from weft.predictor import Predictor, predictor_class
from weft.settings import Setting

#: Options that are passed to a model's constructor when it takes them.
MODEL_OPTIONS = (
    "preset", "encoder", "encoder_weights", "setting", "epochs", "members", "imbalance", "precision",
    "pattern", "exchange", "balance", "known_labels", "gates", "batch_size", "fanout", "changes",
)  # fmt: skip
#: Options that change nothing in the result.
_SURROUNDINGS = ("threads", "device")
#: Options that matter to models which train networks on a device, and to no others.
_OF_DEVICES = ("device", "deterministic")
_FLAGS = {"kinds": "--kind", "known_labels": "--labels", "data": "--kind (of data)", "changes": "--config"}
_LISTS = ("tasks", "exclude", "features")
#: Options of which there must be one at least.
_COUNTS = ("epochs", "members", "batch_size", "fanout", "threads", "size")


@dataclass(frozen=True)
class FitOptions:
    """The options of `weft fit`; None means that the default of the data or of the model holds.

    Attributes:
        model: a name of `weft.predictor.REGISTRY`; `metalink` for a table and `inline` for a graph by default.
        preset: `default`, `metalink-paper` or `inline-paper`.
        encoder: a name of `weft.encoders.base.REGISTRY`, or a size of GROVER such as `grover-48m`.
        encoder_weights: file or folder of weights that the encoder starts from.
        setting: one of the four settings.
        epochs: most epochs of training.
        members: size of the ensemble.
        imbalance: `none`, `balanced` or `focal`, of a network's loss.
        precision: of a network's training: `32`, `bf16` in products, or `64` in everything.
        pattern: whether the model reads *which* labels are known, besides what they say.
        exchange: how tasks share on a graph: `inline`, `single`, `shared`, `cross-stitch`, ...
        balance: how the tasks' losses are weighed on a graph.
        known_labels: whether known labels are part of a graph's structure.
        gates: whether InLINE's gates are learnt.
        batch_size: labelled nodes of a graph per step; None reads the whole graph at once.
        fanout: neighbours drawn per node and relation, in such batches.
        split: of molecules `scaffold` (default), `random`, `column:NAME` or `file:PATH`; of a graph its own (default),
            `random`, `file:PATH` or the name of a further one; of other data `published` (default), `random`, ...
        seed: of the split and of everything random in the fit.
        smiles: the SMILES column; None guesses.
        tasks: the task columns; empty guesses.
        exclude: columns that are no tasks.
        kinds: task -> kind, where the guess is wrong.
        threads: threads to compute with.
        device: where networks are trained: `auto` (a CUDA card where there is one), `cpu` or `cuda`.
        deterministic: give the same bits for the same seed on a card, too, at some cost.
        changes: dotted name of a field of the model's configuration, such as `loop.lr` -> another value.
    """

    model: str | None = None
    preset: str | None = None
    encoder: str | None = None
    encoder_weights: str | None = None
    setting: str | None = None
    epochs: int | None = None
    members: int | None = None
    imbalance: str | None = None
    precision: str | None = None
    pattern: bool | None = None
    exchange: str | None = None
    balance: str | None = None
    known_labels: bool | None = None
    gates: bool | None = None
    batch_size: int | None = None
    fanout: int | None = None
    split: str | None = None
    seed: int = 0
    smiles: str | None = None
    tasks: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict[str, str])
    threads: int = field(default_factory=lambda: available_threads())
    data: str | None = None
    column: str | None = None
    features: tuple[str, ...] = ()
    size: int | None = None
    device: str = "auto"
    deterministic: bool = False
    changes: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.setting is not None and self.setting not in list(Setting):
            known = ", ".join(Setting)
            raise UserError(f"there is no setting {self.setting!r}", where="--setting", mend=f"Use one of {known}.")
        check_seed(self.seed)
        check_device(self.device)
        precision_named(self.precision or "32")
        for name in _COUNTS:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"{value} {name.replace('_', ' ')}", where=_flag(name), mend="Use 1 or more.")

    def filled(self, model: str, split: str, encoder: str | None = None) -> FitOptions:
        """Return these options with what the data's kind decides where nothing was chosen; encoders are MetaLink's."""
        chosen = replace(self, model=self.model or model, split=self.split or split)
        return replace(chosen, encoder=self.encoder or (encoder if chosen.model == model else None))

    def build(self) -> Predictor:
        """Make the unfitted model with the options that it takes.

        Raises:
            UserError: for an unknown model, preset or encoder, or one that do not go together.
        """
        model = self.model or "metalink"
        taken = _taken(model)
        if self.pattern and "pattern" not in taken:
            what = f"--model {model} cannot read which labels are known besides what they say"
            raise UserError(what, where="--pattern", mend="Leave it out, or choose metalink, lightgbm or mean-of-four.")
        given = {name: getattr(self, name) for name in MODEL_OPTIONS if getattr(self, name) is not None}
        return predictor_class(model)(**{name: value for name, value in given.items() if name in taken})

    def unused(self) -> list[str]:
        """Return the options that were given but that the model does not take."""
        taken = _taken(self.model or "metalink")
        return [_flag(name) for name in MODEL_OPTIONS if getattr(self, name) is not None and name not in taken]

    def to_json(self) -> dict[str, Any]:
        """Return every option as given, JSON-ready."""
        lists = {name: list(getattr(self, name)) for name in _LISTS}
        return {**asdict(self), "kinds": dict(self.kinds), **lists}

    def identity(self) -> dict[str, Any]:
        """Return what must be the same for a fit to continue."""
        return {name: value for name, value in self.to_json().items() if name not in _SURROUNDINGS}

    def account(self, usual: FitOptions, on_device: bool = False) -> dict[str, dict[str, object]]:
        """Return of every option its value, whether that is the default, and whether the model took it.

        Args:
            usual: the options that nobody chose, filled.
            on_device: whether the model trains on the device.
        """
        taken = _taken(self.model or "metalink")
        default = replace(usual, threads=self.threads).to_json()
        return {
            _flag(name): {
                "value": value,
                "default": value == default[name],
                "used": on_device if name in _OF_DEVICES else name not in MODEL_OPTIONS or name in taken,
            }
            for name, value in self.to_json().items()
        }


def _flag(name: str) -> str:
    return _FLAGS.get(name, f"--{name.replace('_', '-')}")


def revived(account: Mapping[str, Any], threads: int) -> FitOptions:
    """Return the options that a run card gives account of, to be computed with `threads`."""
    given: dict[str, Any] = {
        name: account[_flag(name)]["value"] for name in FitOptions.__dataclass_fields__ if _flag(name) in account
    }
    for name in _LISTS:
        given[name] = tuple(given.get(name, ()))
    given |= {"threads": threads, "device": "auto"}  # of this machine, not of the one it was fitted on
    return FitOptions(**given)


def options_from(values: Mapping[str, Any]) -> FitOptions:
    """Return the options that `FitOptions.to_json` told."""
    given: dict[str, Any] = {**values, **{name: tuple(values[name]) for name in _LISTS}}
    return FitOptions(**given)


def check_seed(seed: int) -> None:
    """Refuse a seed that NumPy, PyTorch or LightGBM would not take.

    Raises:
        UserError: outside of 32 bits.
    """
    if not 0 <= seed < 2**32:
        raise UserError(f"the seed is {seed}", where="--seed", mend="Use a whole number from 0 to 4294967295.")


def available_threads() -> int:
    """Return how many cores this process may use, at most 8: more do not pay on data of this size."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, 8))


def _taken(model: str) -> set[str]:
    """Return which options the model's constructor takes: those it names, or all when it takes any."""
    parameters = inspect.signature(predictor_class(model).__init__).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    return set(MODEL_OPTIONS) if takes_any else set(parameters) & set(MODEL_OPTIONS)
