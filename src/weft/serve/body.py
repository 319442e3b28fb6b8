"""The body of a request while it comes: not too large, not too slow."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from starlette.types import Message, Receive

#: A body that is too large is read to its end, unless it is this many times the limit or takes this long.
_DRAINED, _DRAIN_SECONDS = 4, 20.0


class TooMuchError(Exception):
    """A body grew beyond the limit while it was read."""


class TooSlowError(Exception):
    """A body did not come in time."""


@dataclass
class Body:
    """A request's body, which stops when it grows too large (it may come without a length) or is too slow.

    Attributes:
        inner: where it comes from.
        most: bytes it may have.
        seconds: it may take.
        fault: why it was stopped.
    """

    inner: Receive
    most: int
    seconds: float
    fault: Exception | None = None

    def __post_init__(self) -> None:
        self._until, self._total, self._more = time.monotonic() + self.seconds, 0, True

    async def receive(self) -> Message:
        """Return the next piece."""
        if not self._more:  # a wait for the client to go away
            return await self.inner()
        try:
            message = await asyncio.wait_for(self.inner(), max(self._until - time.monotonic(), 0.001))
        except TimeoutError:
            self.fault = TooSlowError()
            raise self.fault from None
        self._total += len(message.get("body", b""))
        self._more = bool(message.get("more_body", False))
        if self._total > self.most:
            self.fault = TooMuchError()
            raise self.fault
        return message


async def drain(receive: Receive, limit: int) -> None:
    """Throw away what is being sent, for a while: a client that is cut off while it sends never sees the answer."""
    left = _DRAINED * limit
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return
