"""The study: proposals by seed and number, what a stopped search was at, and trials that are given up."""

import pytest

from weft.errors import MissingExtraError
from weft.tuning.space import Choice, Span
from weft.tuning.study import Study, pruning

SPACE = {"lr": Span(1e-4, 1e-1, True), "width": Choice((None, [64, 32], 128))}
DEFAULT = {"lr": 1e-3, "width": (64, 32)}


def found(score):
    return {"state": "complete", "score": score}


def run(folder, until, seed=0, stop=99):
    """Ask and tell up to `until` trials; leave the study at trial `stop` without telling."""
    study = Study(folder, SPACE, DEFAULT, seed)
    tried = []
    while study.count() < until:
        begun = study.begun()
        number, settings = begun[0] if begun else study.ask()
        tried.append((number, settings))
        if number == stop:
            return tried
        study.tell(number, found(-abs(settings["lr"] - 0.01)))
    return tried


def test_the_first_trial_is_the_preset(tmp_path):
    """Protects the comparison: the preset's own settings are tried as they are."""
    number, settings = Study(tmp_path, SPACE, DEFAULT, 0).ask()
    assert (number, settings) == (0, {"lr": 1e-3, "width": [64, 32]})


def test_a_stopped_search_goes_on_as_if_it_had_not(tmp_path):
    """Resumable: what was begun is begun again with its settings, and later proposals are the same."""
    whole = run(tmp_path / "whole", 9)
    first = run(tmp_path / "stopped", 9, stop=7)
    rest = run(tmp_path / "stopped", 9)
    assert rest[0] == first[-1]
    assert first[:-1] + rest == whole
    assert run(tmp_path / "other", 9, seed=1)[1:] != whole[1:]


def test_a_failed_trial_counts_and_is_not_asked_again(tmp_path):
    """Protects from a search that never ends on settings that fail."""
    study = Study(tmp_path, SPACE, DEFAULT, 0)
    number, _ = study.ask()
    study.tell(number, {"state": "failed", "score": None})
    assert study.count() == 1
    assert not Study(tmp_path, SPACE, DEFAULT, 0).begun()


def test_what_is_behind_at_the_same_epoch_is_hopeless(tmp_path):
    """Protects time: four trials that were better at an epoch are enough; before the warm-up nothing is given up."""
    study = Study(tmp_path, SPACE, DEFAULT, 0)
    for score in (0.6, 0.7, 0.8, 0.9):
        number, _ = study.ask()
        hopeless = pruning(tmp_path, number, 2)
        assert not any(hopeless(epoch, score) for epoch in range(5))
        study.tell(number, found(score))
    number, _ = study.ask()
    behind = pruning(tmp_path, number, 2)
    assert [behind(epoch, 0.5) for epoch in range(4)] == [False, False, True, True]
    study.tell(number, {"state": "pruned", "score": None})
    number, _ = study.ask()
    ahead = pruning(tmp_path, number, 2)
    assert not any(ahead(epoch, 0.85) for epoch in range(5))


def test_without_optuna(tmp_path, monkeypatch):
    """Protects a person from a bare ImportError."""
    monkeypatch.setattr("weft.tuning.study.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'weft\[tune\]'"):
        Study(tmp_path, SPACE, DEFAULT, 0)
