"""A real server in a process of its own, for the measurements of `weft serve`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True)
class Server:
    """A server at work.

    Attributes:
        address: where it listens.
        pid: its process.
    """

    address: str
    pid: int

    def resident(self) -> int:
        """Return the bytes of memory it holds."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu(self) -> float:
        """Return the seconds of CPU it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def post(self, path: str, **body: object) -> httpx.Response:
        """Ask with a JSON body."""
        return httpx.post(f"{self.address}/api/{path}", json=body, timeout=120)


@contextmanager
def serving(model: Path, *flags: str) -> Generator[Server]:
    """Serve a model while the block runs."""
    command = [sys.executable, "-m", "weft", "serve", str(model), "--port", "0", *flags]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if "http://" not in line:
                raise SystemExit(f"the server did not start: {line}")
            yield Server(line[line.index("http://") :].strip().rstrip("/"), process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)
