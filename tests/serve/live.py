"""A real server in a thread of this process."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from weft.serve.app import create_app
from weft.serve.limits import Limits
from weft.serve.loaded import Loaded


@contextlib.contextmanager
def served(folder: Path, graph: Path | None = None, limits: Limits | None = None) -> Iterator[str]:
    """Serve a model while the block runs; yields its address."""
    own = socket.create_server(("127.0.0.1", 0))
    app = create_app(Loaded.read(folder, graph), limits)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, args=([own],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{own.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
