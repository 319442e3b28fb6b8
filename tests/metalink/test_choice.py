"""What the closed form's engine leaves open is chosen inside the training rows, also where they leave little."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.metalink.problems import MIXED, related
from weft.baselines.second_stage import Lesson
from weft.errors import UserError
from weft.labels import LabelTable
from weft.metalink import choice as module
from weft.metalink.channel import FIRM, RUNGS, ChannelConfig
from weft.metalink.choice import MANY_COLUMNS, Choice, candidates, choose
from weft.metalink.columns import Layout
from weft.metalink.companions import Companions, scale_of
from weft.tasks import TaskSet
from weft.training.run import Run

QUICK = ChannelConfig(steps=4, rank=4)


def lesson_of(labels: LabelTable, groups: np.ndarray, seed: int = 0) -> tuple[Lesson, Layout]:
    layout = Layout.fit(labels)
    scores = np.random.default_rng(seed).normal(size=(len(groups), layout.width))
    return Lesson(scores, labels, scale_of(layout), groups), layout


@pytest.mark.parametrize(
    "groups",
    [np.zeros(30, np.int64), np.repeat([0, 1], [28, 2]), np.repeat([-1, 3], 15), np.arange(2), np.zeros(3, np.int64)],
    ids=["one scaffold", "nearly one", "two", "two data", "three data"],
)
def test_a_series_on_one_scaffold_is_fitted(groups: np.ndarray) -> None:
    """Seen to catch: a fold of one scaffold that left no data to fit, hence NaN and a failed factorisation."""
    lesson, layout = lesson_of(related(len(groups), missing=0.0).labels, groups)
    among = candidates("auto", None, layout.width, True)
    found = choose(among, lesson, layout, QUICK, True, Run())
    assert found in among if len(groups) > 2 else found == Choice(RUNGS[-1])


def test_candidates_are_every_rung_with_every_set_of_stages() -> None:
    """Protects what `auto` means, and that a fixed choice costs no cross-validation."""
    among = candidates("auto", None, 12, True)
    assert len(among) == len(set(among)) == len(RUNGS) * 4
    assert {choice.stages for choice in among} == {(), ("lr",), ("lightgbm",), ("lr", "lightgbm")}
    many = candidates("auto", None, MANY_COLUMNS + 1, True)
    assert {choice.stages for choice in many} == {(), ("lightgbm",), ("gaussian",), ("lightgbm", "gaussian")}
    assert {choice.rung for choice in many} == {FIRM}
    assert {choice.stages for choice in candidates("auto", None, 12, False)} == {()}
    assert candidates("weak", ("lr",), 12, True) == [Choice(RUNGS[1], ("lr",))]
    assert candidates("firm", (), 12, True) == [Choice(FIRM)]


def test_the_least_loss_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the choice itself: losses of the folds are added up per candidate."""
    lesson, layout = lesson_of(related(60).labels, np.arange(60))
    among = candidates("auto", None, layout.width, True)
    losses = iter([np.arange(len(among))[::-1], np.zeros(len(among)), np.eye(len(among))[-1] * 1.5])
    monkeypatch.setattr(module, "_fold_losses", lambda *_: next(losses).astype(float))
    assert choose(among, lesson, layout, QUICK, True, Run()) is among[-2]


@pytest.mark.parametrize("helps", [(), ("lr",), ("lightgbm",)], ids=str)
def test_stages_that_help_nowhere_at_first_cost_no_more(
    helps: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the time of a fit: after the first fold only what was better than the channel alone is fitted again."""
    lesson, layout = lesson_of(related(60).labels, np.arange(60))
    among, asked = candidates("auto", None, layout.width, True), []

    def losses(left: list[Choice], *_: object) -> np.ndarray:
        asked.append(left)
        return np.array([RUNGS.index(c.rung) + len(c.stages) - 1.5 * (c.stages == helps) for c in left])

    monkeypatch.setattr(module, "_fold_losses", losses)
    assert choose(among, lesson, layout, QUICK, True, Run()) == Choice(RUNGS[0], helps)
    assert asked[0] == among
    assert all({choice.stages for choice in left} == {(), helps} for left in asked[1:])
    assert all(len({choice.rung for choice in left}) == len(RUNGS) for left in asked)


def test_a_stage_is_taken_where_it_helps() -> None:
    """Protects the point of it: an interaction that a linear channel cannot read brings the boosters in."""
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 600)) < 0.5
    y = np.stack([a, b, a ^ b], 1).astype(float)
    table = LabelTable.from_dense(TaskSet.binary(["a", "b", "c"]), y, np.ones(y.shape, bool))
    lesson, layout = lesson_of(table, np.arange(600))
    lesson = Lesson(lesson.scores * 0.01, table, lesson.scale, lesson.groups)
    among = candidates("weak", None, layout.width, True)
    assert "lightgbm" in choose(among, lesson, layout, ChannelConfig(steps=40), True, Run()).stages


@pytest.mark.parametrize("name", ["lr", "gaussian"])
def test_scores_are_logits_logarithms_and_values(name: str) -> None:
    """Protects the mean with the channel's scores: the stages speak its units, whatever the task's kind."""
    problem = related(120, tasks=MIXED)
    lesson, layout = lesson_of(problem.labels, np.arange(120))
    beside = Companions.fit((name,), lesson, layout, False, Run())
    (score,) = beside.scores(lesson.scores, problem.labels)
    assert torch.isfinite(score).all()
    for start, stop in layout.groups():
        assert (score[:, start:stop] <= 0).all()
    again = Companions.restore((name,), beside.state(), layout, False)
    torch.testing.assert_close(again.scores(lesson.scores, problem.labels)[0], score, rtol=0, atol=0)


def test_an_unknown_stage_is_named() -> None:
    lesson, layout = lesson_of(related(30).labels, np.arange(30))
    with pytest.raises(UserError, match="no second stage 'forest'"):
        Companions.fit(("forest",), lesson, layout, False, Run())
