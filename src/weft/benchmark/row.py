"""A line of a suite's table, and one training of it."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from weft.benchmark.results import Key
from weft.predictor import Predictor, build, predictor_class


@dataclass(frozen=True)
class Row:
    """One line of a table: a model and its options.

    Attributes:
        name: `GROUP/WORD` or one word; unique in its suite.
        model: a name of `weft.predictor.REGISTRY`.
        options: what its constructor is given, JSON-ready.
        alone: whether a model is trained for every family of tasks, on its labels only.
        random: whether seeds matter; else the first one says all.
        instead: data set -> options that are otherwise there: another encoder reads images than vectors.
    """

    name: str
    model: str = "inline"
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    alone: bool = False
    random: bool = True
    instead: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    def on(self, data: str) -> Self:
        """Return the row with the options that it has on a data set."""
        return dataclasses.replace(self, options={**self.options, **self.instead.get(data, {})}, instead={})

    def runs(self, data: str, seed: int) -> bool:  # noqa: ARG002 - of rows that cost too much somewhere
        """Whether the row is trained on a data set with a seed."""
        return True

    def build(self) -> Predictor:
        """Make the unfitted model."""
        return build(self.model, **self.options)

    def told(self) -> dict[str, Any]:
        """Return what decides the row's figures besides the model: the options."""
        return {**self.options, **({"alone": True} if self.alone else {})}

    def takes(self, option: str) -> bool:
        """Whether the model's constructor takes an option."""
        parameters = inspect.signature(predictor_class(self.model).__init__).parameters
        return option in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


@dataclass(frozen=True)
class Job:
    """One training: a row with one seed, on one data set where a suite has several.

    Attributes:
        row: the model.
        seed: of the training; of molecules also the number of the split.
        data: the data set's name, '' in a suite that has one.
    """

    row: Row
    seed: int
    data: str = ""

    @property
    def key(self) -> Key:
        """Row, data set and seed."""
        return self.row.name, self.data, self.seed

    @property
    def here(self) -> Row:
        """The row with its options on this data set."""
        return self.row.on(self.data)

    @property
    def words(self) -> str:
        """Return what it is, for people."""
        return f"{self.row.name}, {self.data}, split {self.seed}" if self.data else f"{self.row.name}, seed {self.seed}"
