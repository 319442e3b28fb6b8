"""Starting the other processes of a group on this machine: the same command again, each with its number."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

from weft.errors import UserError

#: Seconds that this process has to say itself what is wrong, after another has failed.
_GRACE = 40.0
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
    over = threading.Event()
    threading.Thread(target=_watch, args=(others, over), daemon=True).start()
    try:
        yield
    finally:  # whatever they still do, nothing of it is needed
        over.set()
        for name in _PLACE:
            os.environ.pop(name, None)
        for other in others:
            other.terminate()
            other.wait()


def _watch(others: list[subprocess.Popen[bytes]], over: threading.Event) -> None:
    """End this process when another has failed: it may be waiting for it, deep in a library, for hours.

    Nothing is lost by that: files appear whole, and locks go with the process.
    """
    while not over.wait(0.5):
        failed = next((other.returncode for other in others if other.poll()), None)
        if failed is not None and not over.wait(_GRACE):
            what = f"another of the {len(others) + 1} processes ended with code {failed} before its time"
            sys.stderr.write(f"Error: {what}. Run with --devices 1 to see what it says, or again with --resume.\n")
            sys.stderr.flush()
            os._exit(2)


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
