import asyncio

import pytest

from tests.serve.client import Client
from weft.serve.guard import HEADERS
from weft.serve.limits import Limits
from weft.serve.run import ServeOptions

BODY = {"items": [{"smiles": "CC"}]}


@pytest.fixture
def locked(tiny_folder):
    found = Client.of(tiny_folder, token="s3cret ü", hosts=ServeOptions().hosts)
    yield found
    found.close()


def test_a_token_is_asked_for(locked):
    """Protects a server that others can reach: header, cookie, or nothing; health is open to all."""
    assert locked.post("/api/predict", json=BODY).status_code == 401
    assert locked.get("/").json()["mend"].startswith("Open the address with ?token=")
    assert locked.get("/api/health").status_code == 200
    assert locked.get("/metrics").status_code == 401
    wrong, right = ({"authorization": f"Bearer {word}".encode()} for word in ("s3cret", "s3cret ü"))
    assert locked.post("/api/predict", json=BODY, headers=wrong).status_code == 401
    assert locked.post("/api/predict", json=BODY, headers=right).status_code == 200


def test_the_page_trades_the_token_for_a_cookie(locked):
    """The address with the token works once in a browser: the token leaves the address, and scripts cannot read it."""
    answer = locked.get("/", params={"token": "s3cret ü"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    sent = {"cookie": cookie.partition(";")[0]}
    assert locked.post("/api/predict", json=BODY, headers=sent).status_code == 200
    assert locked.post("/api/predict", json=BODY, headers={"cookie": "weft_token=x"}).status_code == 401


def test_other_sites_may_not_ask(locked, client):
    """Against DNS rebinding and forged requests: only the server's own name, only its own page."""
    assert locked.get("/api/health", headers={"host": "evil.example"}).status_code == 421
    assert locked.get("/api/health", headers={"host": "localhost:8000"}).status_code == 200
    assert locked.get("/api/health", headers={"host": "[::1]:8000"}).status_code == 200
    assert client.post("/api/predict", json=BODY, headers={"origin": "https://evil.example"}).status_code == 403
    assert client.post("/api/predict", json=BODY, headers={"origin": "http://127.0.0.1:8000"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/health", "/nowhere", "/static/../app.py", "/api/draw?smiles=CC"])
def test_browsers_are_kept_strict(client, path):
    """Every answer, errors as well, forbids inline scripts, other sites and frames."""
    answer = client.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["../app.py", "%2e%2e/app.py", "..%2fapp.py", "/etc/passwd", "....//app.py"])
def test_no_file_outside_the_page_is_served(client, path):
    """A path is no way out of the page's folder."""
    assert client.get(f"/static/{path}").status_code == 404


def test_bodies_have_a_limit_told_or_not(tiny_folder):
    """A body that is too large is refused by its length, or while it comes when it has none; a table may be larger."""
    client = Client.of(tiny_folder, Limits(body_bytes=5_000_000))
    assert client.post("/api/predict", content=b" " * 4_300_000).status_code == 413
    assert client.upload("smiles\n" + "CC\n" + "\n" * 4_300_000).status_code == 200
    assert client.upload("smiles\n" + "CC\n" + "\n" * 5_300_000).status_code == 413

    async def pieces():
        for _ in range(44):
            yield b" " * 100_000

    answer = client.post("/api/predict", content=pieces())
    assert answer.status_code == 413
    assert "4 MB" in answer.json()["what"]
    assert client.post("/api/predict", content=b"{}", headers={"content-length": "-5"}).status_code == 400
    client.close()


def test_a_body_that_does_not_come_is_not_waited_for(tiny_folder):
    """Protects from clients that send a byte now and then."""
    client = Client.of(tiny_folder, Limits(seconds=0.2))

    async def slow():
        yield b"{"
        await asyncio.sleep(3)
        yield b"}"

    assert client.post("/api/predict", content=slow()).status_code == 408
    client.close()


def test_a_fault_is_told_without_its_details(client, monkeypatch, caplog):
    """A fault of ours is a 500 in the form of every error; the details go to the log, not to the client."""
    monkeypatch.setattr(type(client.state.loaded.predictor), "predict_encoded", lambda *_: 1 / 0)
    told = client.refused("predict", 500, **BODY)
    assert told["what"] == "the server failed (ZeroDivisionError)"
    assert "division by zero" in caplog.text
    assert client.get("/api/health").status_code == 200
    assert 'status="500"' in client.get("/metrics").text


@pytest.mark.parametrize(
    ("host", "token", "is_open", "asks"),
    [("127.0.0.1", None, False, False), ("0.0.0.0", None, False, True), ("0.0.0.0", None, True, False),
     ("127.0.0.1", "x", False, True), ("::1", None, False, False), ("192.168.0.7", None, False, True)],
)  # fmt: skip
def test_who_can_be_reached_from_elsewhere_asks_for_a_token(host, token, is_open, asks):
    """Safe by default: a server beyond loopback has a token unless told otherwise."""
    assert bool(ServeOptions(host=host, token=token, open=is_open).secret) == asks
