"""Start a server, and stop it cleanly."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from weft.errors import MissingExtraError, UserError
from weft.jobs.options import available_threads
from weft.serve.limits import Limits

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ANY = ("0.0.0.0", "::", "")


@dataclass(frozen=True)
class ServeOptions:
    """How to serve.

    Attributes:
        host: address to listen on.
        port: 0 takes a free one.
        token: that clients must know; None makes one when the address can be reached from elsewhere.
        open: let everybody in, wherever they are.
        graph: for a model of a graph, where the graph is.
        threads: to compute with.
        limits: of requests.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    open: bool = False
    graph: Path | None = None
    threads: int = field(default_factory=available_threads)
    limits: Limits = field(default_factory=Limits)

    @property
    def secret(self) -> str | None:
        """The token that is asked for; made here when needed."""
        if self.token or self.open or self.host in LOOPBACK:
            return self.token
        return secrets.token_urlsafe(18)

    @property
    def hosts(self) -> frozenset[str] | None:
        """Names by which the server may be called: on loopback only its own, so that no site can pretend to be it."""
        return frozenset({*LOOPBACK, self.host}) if self.host in LOOPBACK else None


def serve(folder: Path, options: ServeOptions, ready: Callable[[str], None]) -> None:
    """Serve a model until stopped.

    Args:
        folder: the model.
        options: where and for whom.
        ready: told the address when requests can come.

    Raises:
        MissingExtraError: without the extra `serve`.
        UserError: for a folder that is no model, or an address that cannot be had.
    """
    check_extra()
    import torch
    import uvicorn

    from weft.serve.app import create_app
    from weft.serve.loaded import Loaded

    torch.set_num_threads(options.threads)
    # Ended by the system as by a person: what was begun is finished and the server's folder is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    loaded = Loaded.read(folder, options.graph)
    secret = options.secret
    app = create_app(loaded, options.limits, secret, options.hosts, options.threads)
    # Whatever a library puts aside goes to the server's own folder, which is removed at the end.
    tempfile.tempdir = str(app.state.weft.scratch)
    config = uvicorn.Config(app, options.host, options.port, log_level="warning", server_header=False, ws="none")
    try:
        sockets = [_bind(config)]
        app.state.weft.warm()
        port = int(sockets[0].getsockname()[1])
        ready(_address(options.host, port) + (f"/?token={quote(secret, safe='')}" if secret else "/"))
        uvicorn.Server(config).run(sockets)
    except KeyboardInterrupt:
        return
    finally:
        tempfile.tempdir = None
        app.state.weft.close()


def check_extra() -> None:
    """Raise a `MissingExtraError` when a package of the extra `serve` is not there."""
    import importlib

    for module in ("fastapi", "uvicorn", "python_multipart"):
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise MissingExtraError(module.replace("_", "-"), "serve") from error


def _bind(config: object):  # noqa: ANN202
    import socket

    host, port = str(getattr(config, "host", "")), int(getattr(config, "port", 0))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(2048)  # from now on clients may come; they wait until the server is up
    except (OSError, OverflowError) as error:
        found.close()
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise UserError(
            f"cannot listen there: {reason}", where=f"{host}:{port}", mend="Choose another --port."
        ) from error
    return found


def _address(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in _ANY else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"
