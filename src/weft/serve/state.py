"""Everything one server holds."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from weft.serve.asking import Asking
from weft.serve.counters import Counters
from weft.serve.limits import Limits
from weft.serve.loaded import Loaded
from weft.serve.queries import Queries
from weft.serve.schema import MAX_ITEMS
from weft.serve.worker import Worker

P = TypeVar("P")
T = TypeVar("T")


@dataclass(eq=False)
class State:
    """A model, the thread that owns it, and a folder of its own for uploads.

    Attributes:
        loaded: the model.
        limits: of requests.
        worker: runs whatever touches the model.
        asking: answers questions; called on the worker's thread.
        counters: of requests.
        scratch: the only folder that is written to; removed at the end.
        threads: to compute with.
    """

    loaded: Loaded
    limits: Limits
    worker: Worker
    asking: Asking
    counters: Counters
    scratch: Path
    threads: int = 1
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def open(cls, loaded: Loaded, limits: Limits, threads: int) -> State:
        """Start the worker and make the folder."""
        asking = Asking(loaded, Queries(limits.cached))
        worker = Worker(limits.waiting, MAX_ITEMS)
        scratch = Path(tempfile.mkdtemp(prefix="weft-serve-"))
        return cls(loaded, limits, worker, asking, Counters(), scratch, threads)

    def close(self) -> None:
        """Stop the worker and remove the folder."""
        self.worker.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    async def ask(self, run: Callable[[], T]) -> T:
        """Run a function on the model's thread."""
        return await self.worker.ask(run, self.limits.seconds)

    async def ask_together(self, together: Callable[[Sequence[P]], Sequence[T]], payload: P, size: int) -> T:
        """Answer a payload together with others that wait."""
        return await self.worker.ask_together(together, payload, size, self.limits.seconds)
