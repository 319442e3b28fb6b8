"""What the server counts, as the text that Prometheus reads (exposition format 0.0.4)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

#: Upper bounds of the histogram of seconds per request.
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Counters:
    """Requests by path and status, their seconds, and bytes in; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._buckets: Counter[tuple[str, float]] = Counter()
        self._seconds: Counter[str] = Counter()
        self._count: Counter[str] = Counter()

    def add(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count a finished request; `path` is the route's, so that there are few of them."""
        with self._lock:
            self._requests[method, path, status] += 1
            self._count[path] += 1
            self._seconds[path] += seconds  # pyright: ignore[reportArgumentType] - a Counter adds floats as well
            for bound in BOUNDS:
                if seconds <= bound:
                    self._buckets[path, bound] += 1

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """Return the page.

        Args:
            gauges: name -> help and value of what is read at this moment.
        """
        with self._lock:
            lines = [*_head("weft_requests_total", "counter", "Requests answered.")]
            lines += [
                f'weft_requests_total{{method="{method}",path="{_escape(path)}",status="{status}"}} {count}'
                for (method, path, status), count in sorted(self._requests.items())
            ]
            lines += _head("weft_request_seconds", "histogram", "Seconds from request to answer.")
            for path in sorted(self._count):
                lines += self._histogram(path)
        for name, (told, value) in gauges.items():
            kind = "counter" if name.endswith("_total") else "gauge"
            lines += [*_head(f"weft_{name}", kind, told), f"weft_{name} {value:g}"]
        return "\n".join(lines) + "\n"

    def _histogram(self, path: str) -> Iterable[str]:
        name, label = "weft_request_seconds", f'path="{_escape(path)}"'
        for bound in BOUNDS:
            yield f'{name}_bucket{{{label},le="{bound:g}"}} {self._buckets[path, bound]}'
        yield f'{name}_bucket{{{label},le="+Inf"}} {self._count[path]}'
        yield f"{name}_sum{{{label}}} {self._seconds[path]:.6f}"
        yield f"{name}_count{{{label}}} {self._count[path]}"


def _head(name: str, kind: str, told: str) -> list[str]:
    return [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def resident_bytes() -> int:
    """Return the memory this process holds at the moment; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    import resource

    return pages * resource.getpagesize()
