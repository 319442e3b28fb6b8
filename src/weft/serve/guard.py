"""What stands before every request: who may ask, how much may be sent, and headers that keep browsers strict."""

from __future__ import annotations

import asyncio
import hmac
import time
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from weft.serve.counters import Counters
from weft.serve.limits import MEGABYTE, Limits
from weft.serve.problems import problem, unexpected

COOKIE = "weft_token"
_OPEN = ("/api/health",)
_CLOSE = {"Connection": "close"}
#: A body that is too large is read to its end, unless it is this many times the limit or takes this long.
_DRAINED, _DRAIN_SECONDS = 4, 20.0
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class _TooMuchError(Exception):
    """A body grew beyond the limit while it was read."""


class _TooSlowError(Exception):
    """A body did not come in time."""


@dataclass
class Guard:
    """ASGI middleware, the outermost.

    Attributes:
        app: what it guards.
        limits: of bodies.
        counters: told of every request.
        token: that a client must know; None lets everybody in.
        hosts: names by which the server may be called (against DNS rebinding); None for any.
    """

    app: ASGIApp
    limits: Limits
    counters: Counters
    token: str | None = None
    hosts: frozenset[str] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, seen = time.perf_counter(), [500]
        try:
            await self._http(scope, receive, _strict(send, seen))
        finally:
            route = scope.get("route")
            path = str(getattr(route, "path", "")) or "other"
            self.counters.add(str(scope["method"]), path, seen[0], time.perf_counter() - start)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refuse(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        most = self._most(scope)
        if int(Headers(scope=scope).get("content-length", "0")) > most:
            await self._drain(receive)
            await self._too_big(most)(scope, receive, send)
            return
        begun = [False]

        async def told(message: Message) -> None:
            begun[0] = True
            await send(message)

        try:
            await self.app(scope, self._limited(receive, most), told)
        except _TooMuchError:
            await self._drain(receive)
            await self._too_big(most)(scope, receive, send)
        except _TooSlowError:
            what = f"the body did not come within {self.limits.seconds:g} s"
            await problem(408, what, "body", "Send it again.", _CLOSE)(scope, receive, send)
        except Exception as error:
            told_of = unexpected(str(scope["method"]), str(scope["path"]), error)
            if not begun[0]:
                await told_of(scope, receive, send)

    def _refuse(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = _name(headers.get("host", ""))
        if self.hosts is not None and host not in self.hosts:
            return problem(421, f"this server is not called {host[:60]!r}", "Host", "Use the address it printed.")
        origin = headers.get("origin")
        if origin is not None and scope["method"] not in ("GET", "HEAD") and _name(urlsplit(origin).netloc) != host:
            return problem(403, "another site may not ask this server", "Origin", "Open the server's own page.")
        denied = self._deny(scope, headers)
        if denied is not None:
            return denied
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            return problem(400, "the length is no number", "Content-Length")
        return None

    def _deny(self, scope: Scope, headers: Headers) -> Response | None:
        """Check the token: in the header, in the cookie, or once in the page's address, which then sets the cookie."""
        if self.token is None or scope["path"] in _OPEN:
            return None
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        if scope["path"] == "/" and _same(given, self.token):
            answer = RedirectResponse(scope.get("root_path", "") + "/", 303)
            answer.set_cookie(COOKIE, quote(self.token, safe=""), httponly=True, samesite="strict", path="/")
            return answer
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if _same(bearer, self.token) or _same(_cookie(headers.get("cookie", "")), quote(self.token, safe="")):
            return None
        mend = "Open the address with ?token=..., or send the header 'Authorization: Bearer TOKEN'."
        return problem(401, "the token is missing or wrong", None, mend, {"WWW-Authenticate": "Bearer"})

    def _most(self, scope: Scope) -> int:
        """Return the bytes that may be sent to a path."""
        return self.limits.body_bytes if scope["path"] == "/api/table" else self.limits.json_bytes

    def _limited(self, receive: Receive, most: int) -> Receive:
        """Return `receive` that stops when the body grows too large (it may come without a length) or is too slow."""
        total, more, until = 0, True, time.monotonic() + self.limits.seconds

        async def inner() -> Message:
            nonlocal total, more
            if not more:  # a wait for the client to go away
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(until - time.monotonic(), 0.001))
            except TimeoutError:
                raise _TooSlowError from None
            total += len(message.get("body", b""))
            more = bool(message.get("more_body", False))
            if total > most:
                raise _TooMuchError
            return message

        return inner

    async def _drain(self, receive: Receive) -> None:
        """Throw away what is being sent, for a while: a client that is cut off while it sends never sees the answer."""
        left = _DRAINED * self.limits.body_bytes
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while left > 0:
                    message = await receive()
                    left -= len(message.get("body", b""))
                    if message["type"] != "http.request" or not message.get("more_body", False):
                        return
        except TimeoutError:
            return

    def _too_big(self, most: int) -> Response:
        mend = "Send less at once, start the server with a larger --megabytes, or use 'weft predict'."
        return problem(413, f"the body is larger than {most / MEGABYTE:g} MB", "body", mend, _CLOSE)


def _strict(send: Send, seen: list[int]) -> Send:
    """Return `send` that adds the headers and notes the status."""

    async def inner(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen[0] = int(message["status"])
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return inner


def _name(host: str) -> str:
    """Return a host's name without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


def _same(given: str, token: str) -> bool:
    return bool(given) and hmac.compare_digest(given.encode(), token.encode())


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value
