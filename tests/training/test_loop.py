"""The training loop: determinism, checkpoints and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from weft.errors import UserError
from weft.training.loop import LoopConfig, Step, learning_rate, train
from weft.training.run import Run


class Killed(Exception):
    """Stands for a kill: nothing after it runs."""


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), nn.Linear(8, 1))


def fit(module: nn.Module, run: Run, config: LoopConfig, stop_at: int | None = None) -> None:
    x = torch.randn(32, 3, generator=torch.Generator().manual_seed(1))

    def steps(epoch: int) -> Iterator[Step]:
        if epoch == stop_at:
            raise Killed
        for part in torch.randperm(32).split(8):  # drawn from the epoch's own seed
            yield lambda part=part: (module(x[part]) - x[part, :1]).square().mean()

    def validate() -> float:
        return -float((module(x) - x[:, :1]).square().mean())

    train(module, steps, validate, config, run)


def test_a_killed_run_ends_with_the_weights_of_the_undisturbed_one(tmp_path: Path) -> None:
    """Resumable, invariant 5. Seen to catch: Adam's moments not restored; the epoch's seed not set."""
    whole, killed, resumed = net(), net(), net()
    config = LoopConfig(epochs=6, select="last")
    fit(whole, Run(seed=3), config)
    with pytest.raises(Killed):
        fit(killed, Run(seed=3, folder=tmp_path), config, stop_at=4)
    fit(resumed, Run(seed=3, folder=tmp_path), config)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_a_network_in_another_type_than_asked_for_is_refused() -> None:
    """Else --precision would be told in the run card and change nothing."""
    with pytest.raises(UserError, match="float32 or bfloat16"):
        fit(net(), Run(), LoopConfig(epochs=1, precision="float64"))


def test_same_seed_same_weights_and_other_seed_other_weights() -> None:
    """Invariant 4, and the global generator is left as it was."""
    first, second, third = net(), net(), net()
    before = torch.random.get_rng_state()
    for module, seed in ((first, 0), (second, 0), (third, 1)):
        fit(module, Run(seed=seed), LoopConfig(epochs=2))
    assert torch.equal(before, torch.random.get_rng_state())
    weights = [module.state_dict()["0.weight"] for module in (first, second, third)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_best_epoch_is_kept_and_patience_stops() -> None:
    module = nn.Linear(1, 1)
    scores = iter([0.1, 0.9, 0.5, 0.4, 0.3, 0.2])
    seen: list[torch.Tensor] = []

    def validate() -> float:
        seen.append(module.weight.detach().clone())
        return next(scores)

    def steps(epoch: int) -> list[Step]:
        return [lambda: module(torch.ones(1, 1)).square().sum()]

    history = train(module, steps, validate, LoopConfig(epochs=6, patience=2), Run())
    assert (history.best_epoch, len(history.rows)) == (1, 4)
    assert torch.equal(module.weight, seen[1])


def test_schedules() -> None:
    assert learning_rate(LoopConfig(epochs=10, lr=1.0), 0) == 1.0
    assert learning_rate(LoopConfig(epochs=10, lr=1.0), 5) == pytest.approx(0.5)
    rates = [learning_rate(LoopConfig(epochs=11, lr=1.0, schedule="onecycle"), e) for e in range(11)]
    assert max(rates) == pytest.approx(1.0)
    assert rates[0] < 0.5
    assert 0 < rates[-1] < 0.05
    assert learning_rate(LoopConfig(epochs=1, lr=1.0, schedule="onecycle"), 0) > 0.5  # a single epoch does train
    with pytest.raises(UserError, match="cosine"):
        learning_rate(LoopConfig(schedule="cosin"), 0)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_parameters_trained_before_move_by_their_share(share: float) -> None:
    """Fine-tuning. Adam's first step is its step size: the pre-trained layer's is `share` of the other's."""
    moved: dict[str, float] = {}
    module = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    config = LoopConfig(epochs=1, lr=0.01, weight_decay=0.0, schedule="constant", select="last", pretrained=share)
    x = torch.randn(8, 3, generator=torch.Generator().manual_seed(1))
    train(
        module,
        lambda _: [lambda: module(x).square().mean()],
        lambda: None,
        config,
        Run(),
        "a",
        [*module[0].parameters()],
    )
    for name, value in module.state_dict().items():
        moved[name] = float((value - before[name]).abs().max())
    assert moved["1.weight"] == pytest.approx(0.01, rel=1e-3)
    assert moved["0.weight"] == pytest.approx(0.01 * share, rel=1e-2, abs=1e-9)
