import asyncio
import threading

import pytest

from tests.serve.client import Client
from weft.errors import UserError
from weft.serve.limits import Limits
from weft.serve.worker import BusyError, SlowError, Worker


@pytest.fixture
def worker():
    found = Worker(waiting=3, most=4)
    yield found
    found.close()


def held(worker):
    """Keep the worker busy until the event that is returned is set."""
    go, at_work = threading.Event(), threading.Event()

    def job():
        at_work.set()
        go.wait(10)

    return go, at_work, worker.ask(job, 10)


def test_what_waits_together_is_answered_together(worker):
    """Batching: requests of one sort that wait are one call, up to a size, each with its own answer."""
    calls = []

    def double(payloads):
        calls.append(list(payloads))
        return [2 * payload for payload in payloads]

    async def ask():
        go, at_work, first = held(worker)
        busy = asyncio.create_task(first)
        await asyncio.to_thread(at_work.wait)
        asked = [asyncio.create_task(worker.ask_together(double, k, 2, 10)) for k in range(3)]
        await asyncio.sleep(0.05)
        go.set()
        await busy
        return await asyncio.gather(*asked)

    assert asyncio.run(ask()) == [0, 2, 4]
    assert calls == [[0, 1], [2]]
    assert (worker.batches, worker.batched) == (2, 3)


def test_a_bad_payload_spoils_only_its_own_answer(worker):
    """One client's mistake is not another's error, although both were asked together."""

    def check(payloads):
        if "bad" in payloads:
            raise UserError("bad")
        return payloads

    async def ask():
        each = [worker.ask_together(check, word, 1, 10) for word in ("good", "bad", "fine")]
        return await asyncio.gather(*each, return_exceptions=True)

    good, bad, fine = asyncio.run(ask())
    assert (good, fine) == ("good", "fine")
    assert isinstance(bad, UserError)


def test_a_full_queue_turns_away(worker):
    """Protects memory and patience: beyond the limit a client is told at once."""

    async def ask():
        go, at_work, first = held(worker)
        busy = asyncio.create_task(first)
        await asyncio.to_thread(at_work.wait)
        waiting = [asyncio.create_task(worker.ask(lambda: 1, 10)) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert worker.full
        with pytest.raises(BusyError):
            await worker.ask(lambda: 1, 10)
        go.set()
        await busy
        return await asyncio.gather(*waiting)

    assert asyncio.run(ask()) == [1, 1, 1]


def test_what_nobody_waits_for_is_not_begun(worker):
    """A request that is out of time is answered, and its work is not done later in vain."""
    done = []

    async def ask():
        go, at_work, first = held(worker)
        busy = asyncio.create_task(first)
        await asyncio.to_thread(at_work.wait)
        with pytest.raises(SlowError):
            await worker.ask(lambda: done.append(1), 0.02)
        go.set()
        await busy
        await worker.ask(lambda: None, 10)

    asyncio.run(ask())
    assert done == []


def test_the_server_says_busy_and_slow(tiny_folder):
    """503 with Retry-After from a full queue, 504 out of time, both as every error; the server is well afterwards."""
    client = Client.of(tiny_folder, Limits(waiting=1, seconds=0.2))
    go, at_work, first = held(client.state.worker)
    keeper = threading.Thread(target=asyncio.run, args=(first,))
    keeper.start()
    at_work.wait(10)
    body = {"json": {"smiles": "CC", "changes": {"a": 1}}}
    answers = client.together([("POST", "/api/what-if", body)] * 3)
    assert sorted(answer.status_code for answer in answers) == [503, 503, 504]
    busy = next(answer for answer in answers if answer.status_code == 503)
    assert busy.headers["retry-after"] == "2"
    assert busy.json().keys() == {"what", "where", "mend"}
    go.set()
    keeper.join()
    assert client.get("/api/health").json()["status"] == "ok"
    assert client.request("POST", "/api/what-if", **body).status_code in (200, 504)
    client.close()


def test_many_small_requests_share_calls_of_the_model(client, monkeypatch):
    """Concurrent predict requests are batched, and each client gets its own molecules."""
    asked = [("POST", "/api/predict", {"json": {"items": [{"smiles": "C" * (k + 1)}]}}) for k in range(30)]
    answers = [answer.json()["items"][0]["key"] for answer in client.together(asked)]
    assert answers == ["C" * (k + 1) for k in range(30)]
    assert client.state.worker.batches < 30
