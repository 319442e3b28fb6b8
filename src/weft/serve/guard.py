"""What stands before every request: who may ask, how much may be sent, and headers that keep browsers strict."""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from weft.serve.body import Body, TooMuchError, TooSlowError, drain
from weft.serve.counters import Counters
from weft.serve.limits import MEGABYTE, Limits
from weft.serve.problems import problem, unexpected

COOKIE = "weft_token"
_OPEN = ("/api/health",)
_CLOSE = {"Connection": "close"}
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
            await drain(receive, self.limits.body_bytes)
            await self._too_big(most)(scope, receive, send)
            return
        begun, body = False, Body(receive, most, self.limits.seconds)

        async def told(message: Message) -> None:
            nonlocal begun
            if body.fault is None or begun:  # the framework may take a fault of reading for one of what was sent
                begun = True
                await send(message)

        fault: Exception | None = None
        try:
            await self.app(scope, body.receive, told)
        except Exception as error:
            fault = error
        fault = body.fault or fault
        if fault is not None:
            answer = await self._told_of(scope, receive, fault, most)
            if not begun:
                await answer(scope, receive, send)

    async def _told_of(self, scope: Scope, receive: Receive, fault: Exception, most: int) -> Response:
        """Return the answer to a request that failed before it was answered."""
        if isinstance(fault, TooMuchError):
            await drain(receive, self.limits.body_bytes)
            return self._too_big(most)
        if isinstance(fault, TooSlowError):
            what = f"the body did not come within {self.limits.seconds:g} s"
            return problem(408, what, "body", "Send it again.", _CLOSE)
        return unexpected(str(scope["method"]), str(scope["path"]), fault)

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
        bearer = headers.get("authorization", "").removeprefix("Bearer ").encode("latin-1")  # as it came
        if _same(bearer, self.token) or _same(_cookie(headers.get("cookie", "")), quote(self.token, safe="")):
            return None
        mend = "Open the address with ?token=..., or send the header 'Authorization: Bearer TOKEN'."
        return problem(401, "the token is missing or wrong", None, mend, {"WWW-Authenticate": "Bearer"})

    def _most(self, scope: Scope) -> int:
        """Return the bytes that may be sent to a path."""
        return self.limits.body_bytes if scope["path"] == "/api/table" else self.limits.json_bytes

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


def _same(given: str | bytes, token: str) -> bool:
    came = given.encode() if isinstance(given, str) else given
    return bool(came) and hmac.compare_digest(came, token.encode())


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value
