"""Every engine does the same work alike: answers, faults, workers that are lost, and work that depends on answers."""

import pytest

from weft.engines.base import Work, engine
from weft.errors import MissingExtraError, UserError

AT = "tests.engines.work"


def silent(*_):
    pass


def test_answers_faults_and_lost_workers(name, tmp_path):
    """Protects long runs: a worker that is killed costs a repetition, and an error of one piece costs no other."""
    always = tmp_path / "always"
    always.mkdir()
    work = [
        Work("two", f"{AT}:double", 1),
        Work("refused", f"{AT}:refuse", "it is wrong"),
        Work("wrong", f"{AT}:fail", 0),
        Work("once", f"{AT}:lost_at_first", str(tmp_path)),
        Work("always", f"{AT}:lost", str(always), tries=2),
    ]
    told = []
    ended = {one.work.words: one for one in engine(name, 2).run(work, 5, "stage", lambda *said: told.append(said))}
    assert set(ended) == {"two", "refused", "wrong", "once", "always"}
    assert (ended["two"].answer, ended["two"].fault) == (2, "")
    assert ended["refused"].fault == "it is wrong. Mend it."
    assert "ZeroDivisionError" in ended["wrong"].fault
    assert not ended["wrong"].lost
    assert ended["once"].answer is True  # another process finished it
    assert ended["always"].lost
    assert ended["always"].fault
    assert len(list(always.iterdir())) == 2  # as often as was asked
    assert told[-1] == ("stage", 5, 5, "")


def test_what_comes_next_may_depend_on_what_ended(name):
    """Protects a search: the next trial is asked for after those that ended were told."""
    answers = []

    def work():
        for _ in range(3):
            yield Work("next", f"{AT}:double", 1 + sum(answers))

    answers.extend(one.answer for one in engine(name, 1).run(work(), 3, "stage", silent))
    assert answers == [2, 6, 18]


def test_threads(name):
    """Protects a machine from more threads than were asked for."""
    (one,) = engine(name, 1, 2).run([Work("threads", f"{AT}:threads", 0)], 1, "stage", silent)
    assert one.answer == 2


def test_errors(monkeypatch):
    """Protects a person from a traceback: unknown engines, Ray that is not installed."""
    with pytest.raises(UserError, match="Did you mean ray"):
        engine("rai")
    with pytest.raises(UserError, match="--jobs"):
        engine("local", -1)
    monkeypatch.setattr("weft.engines.on_ray._installed", lambda: False)
    with pytest.raises(MissingExtraError, match=r"pip install 'weft\[ray\]'"):
        engine("ray")
