"""Starting the other processes of a group on this machine: the same command again, each with its number."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from weft.errors import UserError

#: What tells a process its place, by the names that torchrun uses.
_PLACE = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@contextmanager
def several(count: int) -> Generator[None]:
    """Run the command line of this process in `count - 1` more, for as long as this one works at it.

    Under torchrun or another launcher, which has started them already, nothing is started.

    Raises:
        UserError: for no process at all, or when the launcher started another number.
    """
    if count < 1:
        raise UserError(f"{count} devices", where="--devices", mend="Use 1 or more.")
    given = os.environ.get("WORLD_SIZE")
    if given is not None:
        if count not in (1, int(given)):
            what = f"--devices is {count}, but {given} processes were started"
            raise UserError(what, where="--devices", mend="Leave it out under torchrun.")
        yield
        return
    if count == 1:
        yield
        return
    size = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
    place = {**size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port())}
    others = [_start(place, rank) for rank in range(1, count)]
    os.environ.update({**place, "RANK": "0", "LOCAL_RANK": "0"})
    try:
        yield
    finally:  # whatever they still do, nothing of it is needed
        for name in _PLACE:
            os.environ.pop(name, None)
        for other in others:
            other.terminate()
            other.wait()


def _start(place: dict[str, str], rank: int) -> subprocess.Popen[bytes]:
    """Start one process; what it says is left out, as the first process says the same."""
    environment = {**os.environ, **place, "RANK": str(rank), "LOCAL_RANK": str(rank)}
    command = [sys.executable, "-m", "weft", *sys.argv[1:]]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command, env=environment, stdin=nowhere, stdout=nowhere, stderr=nowhere)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
