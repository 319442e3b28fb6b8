"""Wrong requests to a server in this process: each is answered, none with an error of the server's own."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import httpx

from tests.fuzz.mutate import NUMBERS, TEXTS, mutate
from tests.fuzz.seeds import request_bytes
from tests.serve import models
from tests.serve.client import BASE
from weft.serve.app import create_app
from weft.serve.loaded import Loaded

_HEADERS = ("content-type", "content-length", "host", "authorization", "cookie", "x-weft-token", "transfer-encoding")


class Requests:
    """A server of the tiny model, and requests made wrong from their number.

    Args:
        folder: where the model is made.
    """

    def __init__(self, folder: Path) -> None:
        from tests import tiny
        from weft.predictor import REGISTRY

        REGISTRY[tiny.NAME] = "tests.tiny:Tiny"
        self.app = create_app(Loaded.read(models.tiny(folder)))
        self.loop = asyncio.new_event_loop()
        self.requests = request_bytes()

    def close(self) -> None:
        """Stop the server."""
        self.app.state.weft.close()
        self.loop.close()

    def case(self, number: int) -> bool:
        """Send the wrong request of a number; return whether it was answered with what was asked.

        Raises:
            AssertionError: for an error of the server's own.
        """
        draw = random.Random(f"requests {number}")
        method, path, body = draw.choice(self.requests)
        if draw.random() < 0.3:
            path = _path(path, draw)
        headers = {"content-type": "application/json"}
        if path.startswith("/api/table"):
            body = (
                b'--b\r\ncontent-disposition: form-data; name="file"; filename="t.csv"\r\n\r\n'
                + body
                + b"\r\n--b--\r\n"
            )
            headers = {"content-type": "multipart/form-data; boundary=b"}
        if draw.random() < 0.8:
            body = mutate(body, "body.json" if body[:1] == b"{" else "body.csv", draw)
        if draw.random() < 0.1:
            headers[draw.choice(_HEADERS[:6])] = draw.choice(NUMBERS + TEXTS[12:]).decode("latin1").strip("\n\x00 ")
        try:
            answer = self.loop.run_until_complete(self._ask(method, path, body, headers))
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeEncodeError):
            return False  # the client would not send it
        assert answer.status_code < 500, f"{method} {path[:80]}: {answer.status_code} {answer.text[:200]}"
        return answer.status_code == 200

    async def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE, timeout=60) as client:
            return await client.request(method, path, content=body, headers=headers)


def _path(path: str, draw: random.Random) -> str:
    changed = bytearray(path.encode())
    at = draw.randrange(1, len(changed))
    changed[at : at + draw.choice((0, 1, 3))] = draw.choice((*NUMBERS, *TEXTS[6:], b"%00", b"%ff", b"..%2f"))
    return "/" + changed.decode("latin1").lstrip("/")
