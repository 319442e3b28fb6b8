"""Trainings in processes of their own: two at a time, each with its memory, and a crash costs one."""

from tests.benchmark.mols import PLAIN
from weft.benchmark.runner import RunOptions, run_suite
from weft.benchmark.suite import REGISTRY


def test_two_at_a_time_and_one_that_dies(tmp_path, monkeypatch):
    """Protects a long run: what can be trained is, what was killed is told, and is tried again the next time."""
    monkeypatch.setitem(REGISTRY, "plain", "tests.benchmark.mols:PLAIN")
    told = []
    options = RunOptions((0,), data=("mols", "mortal"), jobs=2)
    found = run_suite(PLAIN, tmp_path, options, lambda *words: told.append(words))
    assert {r.key for r in found.results} == {("prior", "mols", 0), ("nb", "mols", 0)}
    assert found.trained == 2
    assert {key for key, _ in found.failed} == {("prior", "mortal", 0), ("nb", "mortal", 0)}
    assert all("signal 9" in why for _, why in found.failed)
    assert all(r.peak_mb > 50 for r in found.results)
    assert any(";" in note for *_, note in told)  # two were at work at once
    assert told[-1] == ("benchmark", 4, 4, "")
    rest = RunOptions((0,), data=("mols",), jobs=2)
    assert run_suite(PLAIN, tmp_path, rest).trained == 0
