"""Progress on standard error: bars with the time left on a terminal, a line per stage elsewhere."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from weft.cli.console import err, note

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress, TaskID

    from weft.training.run import Report


@contextmanager
def progress(quiet: bool = False) -> Generator[Report]:
    """Give a `Report` to hand to a job.

    Args:
        quiet: report nothing.
    """
    if quiet:
        from weft.training.run import silent

        yield silent
    elif err().is_terminal:
        with _bars() as bars:
            yield _Bars(bars)
    else:
        yield _Lines()


@contextmanager
def resumable(out: Path) -> Generator[None]:
    """Say how to go on when the work on a folder is interrupted, and exit with 130."""
    try:
        yield
    except KeyboardInterrupt:
        note(f"stopped. Continue with the same command and --resume, or delete {out / '.work'}.")
        raise typer.Exit(130) from None


def _bars() -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        TextColumn("{task.fields[note]}", markup=False),
        console=err(),
    )


class _Bars:
    """One bar per stage."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.stages: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int, note: str) -> None:
        if stage not in self.stages:
            self.stages[stage] = self.bars.add_task(stage, total=total, note=note)
        self.bars.update(self.stages[stage], completed=done, total=total, note=note)


class _Lines:
    """A line when a stage ends, and every half minute while it lasts."""

    def __init__(self) -> None:
        self.console = err()
        self.began: dict[str, float] = {}
        self.told: dict[str, float] = {}

    def __call__(self, stage: str, done: int, total: int, note: str) -> None:
        now = time.monotonic()
        self.began.setdefault(stage, now)
        self.told.setdefault(stage, now)
        if done < total and now - self.told[stage] < 30:
            return
        self.told[stage] = now
        count = f" {done}/{total}" if total > 1 else ""
        line = f"{stage}{count}, {now - self.began[stage]:.0f} s{': ' if note else ''}{note}"
        self.console.print(line, markup=False)
