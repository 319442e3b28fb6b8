"""The study behind a search: Optuna proposes settings and tells hopeless trials, from a file that processes share.

Proposals are drawn from (seed, number of the trial): a search that was stopped goes on with the settings that it would
have had, as far as they depend on the trials that had ended.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from weft.errors import MissingExtraError
from weft.training.revive import plain
from weft.tuning.space import Choice, Space

if TYPE_CHECKING:
    import optuna

#: Trials drawn at random before others are proposed after them, and ended ones before any may be given up.
_RANDOM, _JUDGES = 6, 4
_NAME = "weft"


class Study:
    """The trials of a search (an Optuna study in a journal file).

    Args:
        folder: of unfinished work.
        space: what is searched.
        default: the settings that trial 0 has: those of the preset.
        seed: of the proposals.

    Raises:
        MissingExtraError: when Optuna is not installed.
    """

    def __init__(self, folder: Path, space: Space, default: Mapping[str, Any], seed: int) -> None:
        check_installed()
        self.folder, self.space, self.seed = folder, space, seed
        self.study = _open(folder)
        if not self.study.trials:
            self.study.enqueue_trial({name: _coded(space, name, value) for name, value in default.items()})

    def begun(self) -> list[tuple[int, dict[str, Any]]]:
        """Return number and settings of the trials that a stopped search was at."""
        import optuna

        found: list[tuple[int, dict[str, Any]]] = []
        for trial in self.study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
            if set(trial.params) == set(self.space):
                found.append((trial.number, self._settings(trial.params)))
            else:  # stopped while it was proposed
                self.study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        return found

    def count(self) -> int:
        """Return how many trials have ended with a word on their settings, good or bad."""
        return sum(1 for trial in self.study.trials if trial.state.is_finished() and trial.params)

    def ask(self) -> tuple[int, dict[str, Any]]:
        """Return number and settings of a further trial."""
        import optuna

        seed = (self.seed * 1_000_003 + len(self.study.trials)) % 2**32
        self.study.sampler = optuna.samplers.TPESampler(n_startup_trials=_RANDOM, constant_liar=True, seed=seed)
        trial = self.study.ask({name: _distribution(self.space, name) for name in self.space})
        return trial.number, self._settings(trial.params)

    def tell(self, number: int, found: Mapping[str, Any]) -> None:
        """Take what a trial found."""
        import optuna

        states = {"pruned": optuna.trial.TrialState.PRUNED, "failed": optuna.trial.TrialState.FAIL}
        if found["state"] in states:
            self.study.tell(number, state=states[found["state"]], skip_if_finished=True)
        else:
            self.study.tell(number, found["score"], skip_if_finished=True)

    def _settings(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {n: json.loads(v) if isinstance(self.space[n], Choice) else v for n, v in params.items()}


def pruning(folder: Path, number: int, warmup: int) -> Callable[[int, float], bool]:
    """Return what takes an epoch and its score, and says whether the trial is hopeless: under the median there."""
    import optuna

    study = _open(folder)
    study.pruner = optuna.pruners.MedianPruner(_JUDGES, warmup)
    (frozen,) = (trial for trial in study.get_trials(deepcopy=False) if trial.number == number)
    trial = optuna.Trial(study, frozen._trial_id)  # pyright: ignore[reportPrivateUsage]
    told = set(frozen.intermediate_values)

    def hopeless(epoch: int, score: float) -> bool:
        if epoch not in told:  # a resumed trial has told its first epochs
            trial.report(score, epoch)
        return trial.should_prune()

    return hopeless


def check_installed() -> None:
    """Refuse to go on without Optuna.

    Raises:
        MissingExtraError: when it is not installed.
    """
    if find_spec("optuna") is None:
        raise MissingExtraError("optuna", "tune")


def _open(folder: Path) -> optuna.Study:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    logging.getLogger("optuna").setLevel(logging.ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    storage = JournalStorage(JournalFileBackend(str(folder / "study.log")))
    return optuna.create_study(storage=storage, study_name=_NAME, direction="maximize", load_if_exists=True)


def _distribution(space: Space, name: str) -> optuna.distributions.BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    held = space[name]
    if isinstance(held, Choice):
        return CategoricalDistribution([_text(value) for value in held.values])
    return FloatDistribution(held.low, held.high, log=held.log)


def _coded(space: Space, name: str, value: Any) -> Any:
    return _text(value) if isinstance(space[name], Choice) else value


def _text(value: Any) -> str:
    """Return a value as JSON: Optuna's categories are plain."""
    return json.dumps(cast("object", plain(value)))
