"""Whether a server that is asked for long stays well: no request lost, no error of its own, quick, and of one size.

    python benchmarks/serve_soak.py MODEL TABLE [OUT.json] [--minutes 30] [--rate 50] [--threads 1]

MODEL is a folder of `weft fit` on molecules, TABLE its training table. Requests go out by the clock, whether or not the
earlier ones were answered, and their time counts from when they were due, so that a stall is in every answer it delays.
Three in four are good: their predictions are held against those of an unloaded server. The others nobody should
send: each must get its 4xx. Memory is read every ten seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import platform
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from serve_process import Server, serving
from yarl import URL

from weft.data.columns import plan_columns
from weft.data.tables import read_table
from weft.files import write_json

MEGABYTE = 2**20
POOL, LONGEST = 300, 80
#: Name -> how many of a hundred.
GOOD = {"predict": 38, "several": 8, "new molecule": 2, "what-if": 14, "draw": 5, "table": 1, "health": 4, "card": 3}
BAD = {
    "bad SMILES": 7, "unknown task": 4, "wrong label": 3, "not JSON": 3, "missing field": 3, "no such page": 1,
    "wrong method": 1, "long SMILES": 1, "bad upload": 1, "5 MB of JSON": 1,
}  # fmt: skip
#: What each bad request must be answered.
ANSWERS = {
    "bad SMILES": {200, 400, 422}, "unknown task": {400, 422}, "wrong label": {400, 422}, "not JSON": {400, 422},
    "missing field": {422}, "no such page": {404}, "wrong method": {405}, "long SMILES": {200, 400, 422},
    "bad upload": {400, 422}, "5 MB of JSON": {413},
}  # fmt: skip


@dataclass
class Told:
    """What came of the requests.

    Attributes:
        times: kind -> seconds from when each was due to its answer.
        by_five: five minutes of the run, counted from 0 -> the same seconds.
        status: kind -> status -> how many.
        lost: why, of requests without an answer.
        wrong: good requests whose answer was another than that of the unloaded server, or bad ones taken.
        behind: seconds that the sender was late at most.
    """

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    by_five: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    status: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    behind: float = 0.0


@dataclass(frozen=True)
class Answer:
    """What came back: its status and body."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class Asker:
    """Makes requests of every kind and looks at what comes back."""

    def __init__(self, client: aiohttp.ClientSession, smiles: list[str], tasks: list[str], seed: int = 0) -> None:
        self.client, self.tasks, self.random = client, tasks, random.Random(seed)
        self.pool, self.fresh = smiles[:POOL], iter(smiles[POOL:])
        self.expected: dict[str, Any] = {}

    def item(self, smiles: str) -> dict[str, Any]:
        """Return a molecule, the same labels of it every time."""
        chosen = random.Random(smiles)
        return {"smiles": smiles, "known": {task: chosen.randint(0, 1) for task in chosen.sample(self.tasks, 3)}}

    async def predict(self, texts: list[str]) -> Answer:
        """Ask for molecules."""
        return await self.ask("POST", "/api/predict", json={"items": [self.item(text) for text in texts]})

    async def ask(self, method: str, path: str | URL, **body: Any) -> Answer:
        """Send one request."""
        async with self.client.request(method, path, **body) as answer:
            return Answer(answer.status, await answer.read())

    async def learn(self) -> None:
        """Keep the answers of an unloaded server."""
        for text in self.pool:
            self.expected[text] = _rows(await self.predict([text]))[0]

    async def send(self, kind: str) -> tuple[Answer, str]:
        """Send one request and return its answer, and what is wrong with that."""
        if kind in ("predict", "several"):
            texts = self.random.sample(self.pool, 1 if kind == "predict" else 4)
            answer = await self.predict(texts)
            same = answer.status != 200 or _alike(_rows(answer), [self.expected[text] for text in texts])
            return answer, "" if same else f"{kind}: another answer than when unloaded"
        answer = await self._other(kind)
        fits = answer.status in ANSWERS.get(kind, {200})
        return answer, "" if fits else f"{kind}: {answer.status} {answer.body[:200]!r}"

    async def _other(self, kind: str) -> Answer:
        text, headers = self.random.choice(self.pool), {"content-type": "application/json"}
        task, item = self.random.choice(self.tasks), self.item(text)
        match kind:
            case "new molecule":
                return await self.predict([next(self.fresh, text)])
            case "what-if":
                return await self.ask(
                    "POST", "/api/what-if", json={**item, "changes": {task: self.random.randint(0, 1)}}
                )
            case "draw":
                return await self.ask("GET", "/api/draw", params={"smiles": text})
            case "table":
                rows = "\n".join(self.random.sample(self.pool, 5))
                return await self.ask("POST", "/api/table", data=_upload("t.csv", f"smiles\n{rows}\n".encode()))
            case "health" | "card":
                return await self.ask("GET", f"/api/{kind}")
            case "bad SMILES":
                return await self.ask(
                    "POST", "/api/predict", json={"items": [{"smiles": text + "(("}, {"smiles": "%00"}]}
                )
            case "unknown task":
                return await self.ask("POST", "/api/predict", json={"items": [{"smiles": text, "known": {"../x": 1}}]})
            case "wrong label":
                return await self.ask(
                    "POST", "/api/predict", json={"items": [{"smiles": text, "known": {task: "perhaps"}}]}
                )
            case "not JSON":
                return await self.ask("POST", "/api/predict", data=b'{"items": [\xff', headers=headers)
            case "missing field":
                return await self.ask("POST", "/api/what-if", json={"changes": {}})
            case "no such page":
                return await self.ask("GET", URL("/api/..%2f..%2fetc%2fpasswd", encoded=True))
            case "wrong method":
                return await self.ask("DELETE", "/api/predict")
            case "long SMILES":
                return await self.ask("POST", "/api/predict", json={"items": [{"smiles": "C" * 100_000}]})
            case "bad upload":
                return await self.ask("POST", "/api/table", data=_upload("t.csv.gz", b"\x1f\x8b\x08 no gzip"))
            case _:
                return await self.ask(
                    "POST", "/api/predict", json={"items": [{"smiles": "C"}], "x": "y" * 5 * MEGABYTE}
                )


def _upload(name: str, content: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("file", content, filename=name)
    return form


def _rows(answer: Answer) -> list[Any]:
    return answer.json()["items"]


def _alike(one: Any, other: Any) -> bool:
    """Whether two answers say the same; molecules that are answered together differ in the last bits."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_alike(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-5) if isinstance(one, float) else one == other


async def soak(server: Server, smiles: list[str], rate: float, seconds: float) -> tuple[Told, list[tuple[float, int]]]:
    """Ask for a while; return what came of it, and (seconds since the start, bytes held)."""
    told, memory, kinds = Told(), list[tuple[float, int]](), {**GOOD, **BAD}
    # aiohttp and not httpx: the latter's pool takes time for every request that waits, and never catches up
    async with aiohttp.ClientSession(server.address, timeout=aiohttp.ClientTimeout(60)) as client:
        asker = Asker(client, smiles, [])
        about = (await asker.ask("GET", "/api/model")).json()["tasks"]
        asker.tasks = [task["name"] for task in about if task["kind"] == "binary"]
        await asker.learn()
        plan = random.Random(1).choices(list(kinds), list(kinds.values()), k=int(rate * seconds))
        start = time.perf_counter()

        async def one(kind: str, due: float) -> None:
            try:
                answer, bad = await asker.send(kind)
            except (aiohttp.ClientError, TimeoutError, KeyError, ValueError) as error:
                told.lost.append(f"{kind}: {type(error).__name__} {error}")
                return
            took = time.perf_counter() - due
            told.times[kind].append(took)
            told.by_five[int((due - start) // 300)].append(took)
            told.status[kind][answer.status] += 1
            if bad:
                told.wrong.append(bad)

        running = set[asyncio.Task[None]]()
        for at, kind in enumerate(plan):
            due = start + at / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            told.behind = max(told.behind, time.perf_counter() - due)
            task = asyncio.create_task(one(kind, due))
            running.add(task)
            task.add_done_callback(running.discard)
            if at % int(10 * rate) == 0:
                memory.append((time.perf_counter() - start, server.resident()))
                _show(memory[-1], told, at)
        await asyncio.gather(*running)
        memory.append((time.perf_counter() - start, server.resident()))
    return told, memory


def _show(memory: tuple[float, int], told: Told, sent: int) -> None:
    every = np.concatenate([*map(np.array, told.times.values()), [0.0]])
    late = f"p99 {1000 * np.quantile(every, 0.99):.0f} ms"
    print(f"{memory[0]:6.0f} s  sent {sent}  lost {len(told.lost)}  {late}  {memory[1] // MEGABYTE} MB", flush=True)


def summary(told: Told, memory: list[tuple[float, int]], rate: float, cpu: float) -> dict[str, Any]:
    """Return the figures, JSON-ready."""
    times = np.concatenate(list(map(np.array, told.times.values())))
    seconds, held = np.array(memory).T
    late = seconds >= seconds[-1] / 2
    slope = float(np.polyfit(seconds[late], held[late] / MEGABYTE, 1)[0] * 3600) if late.sum() > 2 else 0.0
    statuses = Counter[int]()
    for counts in told.status.values():
        statuses.update(counts)
    minute = {round(at / 60, 1): round(n / MEGABYTE) for at, n in memory[:: max(1, len(memory) // 30)]}
    return {
        "asked_per_second": rate,
        "answered_per_second": round(len(times) / seconds[-1], 2),
        "minutes": round(seconds[-1] / 60, 2),
        "requests": len(times) + len(told.lost),
        "lost": len(told.lost),
        "server_errors": sum(n for status, n in statuses.items() if status >= 500),
        "other_answers_than_due": len(told.wrong),
        "ms": {f"p{q:g}": round(1000 * float(np.quantile(times, q / 100)), 1) for q in (50, 90, 99, 99.9, 100)},
        "p99_ms_by_five_minutes": [
            round(1000 * float(np.quantile(v, 0.99)), 1) for _, v in sorted(told.by_five.items())
        ],
        "sender_behind_ms_at_most": round(1000 * told.behind, 1),
        "status": {str(key): statuses[key] for key in sorted(statuses)},
        "p99_ms_by_kind": {k: round(1000 * float(np.quantile(v, 0.99)), 1) for k, v in sorted(told.times.items())},
        "resident_mb_by_minute": minute,
        "mb_per_hour_in_the_second_half": round(slope, 1),
        "server_cpu_share": round(cpu / seconds[-1], 3),
        "first_lost": told.lost[:5],
        "first_other": told.wrong[:5],
    }


def molecules(table: Path) -> list[str]:
    """Return the short SMILES of a table, each once."""
    read = read_table(table)
    texts = read.frame[plan_columns(read, tasks=[]).smiles]
    return [text for text in dict.fromkeys(texts) if text and len(text) <= LONGEST]


def main() -> None:
    """Ask and tell; the exit code is 1 when a request was lost or a server error came."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    before = os.getloadavg()[0]
    with serving(given.model, "--threads", str(given.threads)) as server:
        cpu = server.cpu()
        told, memory = asyncio.run(soak(server, molecules(given.table), given.rate, 60 * given.minutes))
        found = summary(told, memory, given.rate, server.cpu() - cpu)
    about = {"data": given.table.name, "cores": os.cpu_count(), "threads": given.threads}
    loads = {"load": [round(before, 1), round(os.getloadavg()[0], 1)], "python": platform.python_version()}
    print(json.dumps({**about, **loads, **found}, indent=2))
    if given.out:
        write_json(given.out, {**about, **loads, **found})
    raise SystemExit(1 if found["lost"] or found["server_errors"] or found["other_answers_than_due"] else 0)


if __name__ == "__main__":
    main()
