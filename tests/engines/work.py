"""Small pieces of work for engines; workers find them by name."""

import os
import signal
import time
from pathlib import Path

from weft.errors import UserError


def double(n):
    return 2 * n


def refuse(what):
    raise UserError(what, mend="Mend it.")


def fail(_):
    return 1 / 0


def lost_at_first(folder):
    """End the worker as a crash would, the first time."""
    mark = Path(folder) / "begun"
    if not mark.exists():
        mark.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return int(mark.read_text()) != os.getpid()


def lost(folder):
    """End the worker every time, and leave a mark each."""
    (Path(folder) / str(time.monotonic_ns())).touch()
    os.kill(os.getpid(), signal.SIGKILL)


def threads(_):
    import torch

    return torch.get_num_threads()


def frail_trial(trial):
    """Do a trial of a search, but end the first worker that begins one."""
    from weft.tuning.trial import run_trial

    mark = Path(os.environ["WEFT_FRAIL"]) / "killed"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return run_trial(trial)


def frail_part(job):
    """Predict a part of a table, but end the first worker that is at the third."""
    from weft.jobs.part_job import work

    mark = Path(os.environ["WEFT_FRAIL"]) / "killed"
    if job.at == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return work(job)


def lost_part(job):
    """Predict a part of a table; the third always ends its worker."""
    from weft.jobs.part_job import work

    if job.at == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return work(job)
