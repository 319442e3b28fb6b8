"""Everything one server holds."""

from __future__ import annotations

import asyncio
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
from weft.serve.nodes import NodeDesk
from weft.serve.others import example
from weft.serve.pictures import Pictures, draw
from weft.serve.queries import Queries
from weft.serve.schema import MAX_ITEMS, NodeName, PredictBody, Subject
from weft.serve.worker import Worker

P = TypeVar("P")
T = TypeVar("T")
_METHANE = "C"
#: Molecules asked about before anybody waits: more than a forest treats as few (see `weft.baselines.trees`).
_MANY = 64


@dataclass(eq=False)
class State:
    """A model, the thread that owns it, and a folder of its own for uploads.

    Attributes:
        loaded: the model.
        limits: of requests.
        worker: runs whatever touches the model.
        asking: answers questions; called on the worker's thread.
        nodes: answers questions about nodes of a graph.
        pictures: what is drawn of molecules and tasks.
        counters: of requests.
        scratch: the only folder that is written to; removed at the end.
        threads: to compute with.
        growing: held while a task is added.
        started: when, by the monotonic clock.
    """

    loaded: Loaded
    limits: Limits
    worker: Worker
    asking: Asking
    nodes: NodeDesk
    pictures: Pictures
    counters: Counters
    scratch: Path
    threads: int = 1
    growing: asyncio.Lock = field(default_factory=asyncio.Lock)
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def open(cls, loaded: Loaded, limits: Limits, threads: int) -> State:
        """Start the worker and make the folder."""
        asking = Asking(loaded, Queries(limits.cached))
        worker = Worker(limits.waiting, MAX_ITEMS)
        scratch = Path(tempfile.mkdtemp(prefix="weft-serve-"))
        return cls(loaded, limits, worker, asking, NodeDesk(asking), Pictures(loaded), Counters(), scratch, threads)

    def warm(self) -> None:
        """Ask for one and for many before anybody waits: what is made when first needed takes seconds."""
        graph, tasks = self.loaded.graph, self.loaded.predictor.tasks
        if graph is not None:
            kind = tasks[0].node_type or next(iter(graph.nodes))
            node = NodeName(type=kind, id=graph.nodes[kind].key(0))
            self.asking.predict([PredictBody(items=[Subject(node=node)], coverage=None)])
            return
        if self.loaded.subject is not None:
            self.asking.predict([PredictBody(items=[example(self.loaded.subject)], coverage=None)])
            return
        for count in (1, _MANY):
            items = [Subject(smiles=_METHANE * (k + 1)) for k in range(count)]
            self.asking.predict([PredictBody(items=items, coverage=None)])
        draw(_METHANE, 100, 100)

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
