"""Work on Ray: a cluster's when one is named by `RAY_ADDRESS`, else workers that are started on this machine.

All machines must see the same folders: what a piece of work reads and leaves are files.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from weft.engines.base import Ended, Work, done, places
from weft.engines.local import THREADS
from weft.errors import MissingExtraError, UserError

if TYPE_CHECKING:
    from weft.training.run import Report

#: Bytes of memory that workers of this machine share; answers are small, and Ray takes no less.
_SHARED = 80 * 2**20
#: Of a Ray that is started here: it tells nobody of its use, and its workers are no less urgent than other processes.
SURROUNDINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}


class RayTasks:
    """Ray tasks (implements `Engine`).

    Ray begins a task again whose worker or machine is lost.

    Args:
        count: at a time; 0 for as many as the processors of all machines have room for.
        threads: that each computes with.

    Raises:
        MissingExtraError: when Ray is not installed.
    """

    def __init__(self, count: int = 0, threads: int = 1) -> None:
        if not _installed():
            raise MissingExtraError("ray", "ray")
        self.count, self.threads = count, threads

    def run(self, work: Iterable[Work], total: int, stage: str, report: Report) -> Iterator[Ended]:
        """Give every piece of work as it ends; see `Engine`."""
        import ray

        waiting, n = iter(work), 0
        running: dict[Any, Work] = {}
        with _connected(self.count, self.threads):
            count = self.count or max(1, int(ray.cluster_resources().get("CPU", 1)) // self.threads)
            try:
                while True:
                    while len(running) < count and (one := next(waiting, None)) is not None:
                        running[self._start(one)] = one
                    if not running:
                        break
                    report(stage, n, total, "; ".join(held.words for held in running.values()))
                    ready, _ = ray.wait(list(running), num_returns=1, timeout=5)
                    for reference in ready:
                        n += 1
                        yield _ended(running.pop(reference), reference)
            finally:
                for reference in running:
                    ray.cancel(reference, force=True)
        report(stage, n, total, "")

    def _start(self, work: Work) -> Any:
        import ray

        calls = int(work.alone)  # 0: any number
        task = ray.remote(num_cpus=self.threads, max_retries=work.tries - 1, max_calls=calls)(_answer)
        return task.remote(work.target, work.spec, self.threads, places())


def _answer(target: str, spec: Any, threads: int, where: dict[str, str]) -> tuple[Any, str]:
    """Do a piece of work on a worker."""
    os.environ.update(where | dict.fromkeys(THREADS, str(threads)))
    return done(target, spec, threads)


def _ended(work: Work, reference: Any) -> Ended:
    import ray
    from ray.exceptions import RayError

    try:
        return Ended(work, *ray.get(reference))
    except RayError as error:
        first = str(error).strip().partition("\n")[0]
        return Ended(work, fault=f"its worker was lost: {first}", lost=True)


def _installed() -> bool:
    from importlib.util import find_spec

    return find_spec("ray") is not None


@contextmanager
def _connected(count: int, threads: int) -> Generator[None]:
    """Connect to the cluster that `RAY_ADDRESS` names, or start workers here, for a while."""
    import ray

    if ray.is_initialized():
        yield
        return
    for name, value in SURROUNDINGS.items():
        os.environ.setdefault(name, value)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    if "RAY_ADDRESS" not in os.environ:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        cpus = max(count * threads, threads, 0 if count else cores)
        quiet |= {"address": "local", "num_cpus": cpus, "include_dashboard": False, "object_store_memory": _SHARED}
    try:
        ray.init(**quiet)
    except (ConnectionError, RuntimeError, TimeoutError) as error:
        where = os.environ.get("RAY_ADDRESS", "this machine")
        raise UserError(f"Ray cannot be reached ({error})", where=where, mend="See docs: Clusters.") from error
    try:
        yield
    finally:
        ray.shutdown()
