"""What strangers send: refused with a status of theirs, and the service goes on."""

import socket
from collections import Counter
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from httpx import Response

from tests.verifier.service.conftest import Start, running
from tests.verifier.service.server import PATIENCE, Server, served, wait_until
from tests.verifier.service.test_service import post
from tests.verifier.test_untrusted_input import REFUSED, png_of_size
from verifier.evaluation.mutation import mutated, seeds

FORM = {"content-type": "multipart/form-data; boundary=x"}
FILE_PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
FIELD = b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\na\r\n'


@pytest.fixture(scope="module")
def client(toy_folder: Path) -> Iterator[TestClient]:
    """One service for all: what is refused leaves nothing behind."""
    with running(toy_folder) as started:
        yield started


def is_a_problem(answer: Response) -> bool:
    """Whether it is as RFC 9457 has it, with the older names beside."""
    found = answer.json()
    return (
        answer.headers["content-type"] == "application/problem+json"
        and found.keys() == {"type", "title", "status", "detail", "kind", "message"}
        and (found["type"], found["detail"]) == ("about:blank", found["message"])
        and found["title"] == HTTPStatus(answer.status_code).phrase
        and found["status"] == answer.status_code
    )


@pytest.mark.slow
def test_mutated_files_are_reported_on_or_refused(client: TestClient) -> None:
    files = seeds()
    statuses: Counter[int] = Counter()
    for number in range(200):
        answer = post(client, mutated(np.random.default_rng((3, number)), files))
        statuses[answer.status_code] += 1
        assert ("verdict" in answer.json()) == (answer.status_code == 200)
    assert set(statuses) <= {200, 413, 415, 422}, statuses
    assert statuses[200] > 10
    assert statuses[422] > 50


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_files_that_are_no_photo(name: str, client: TestClient) -> None:
    data, error, _ = REFUSED[name]
    answer = post(client, data)
    assert answer.json()["kind"] == error.__name__
    assert is_a_problem(answer)
    assert answer.status_code in (413, 415, 422)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("headers", "body", "status", "words"),
    [
        ({"content-type": "text/plain"}, b"hello", 415, "text/plain"),
        ({}, b"hello", 415, "none that is taken"),
        ({"content-type": "application/json"}, b"[]", 400, '"url"'),
        ({"content-type": "application/json"}, b'{"url": 3}', 400, '"url"'),
        ({"content-type": "application/json"}, b'{"url": "x", "y": 1}', 400, "nothing else"),
        ({"content-type": "application/json"}, b"[" * 15_000, 400, '"url"'),
        ({"content-type": "application/json"}, b" " * 30_000, 413, "20,000 bytes"),
        ({"content-type": "multipart/form-data"}, b"hello", 400, "boundary"),
        (FORM, b"hello", 400, "can't be read"),
        (FORM, b"--x--\r\n", 400, 'needs a "file"'),
        (FORM, FILE_PART.replace(b'name="file"', b'name="other"') + b"a\r\n--x--\r\n", 400, "file"),
        (FORM, (FILE_PART + b"a\r\n") * 2 + b"--x--\r\n", 400, "Too many files"),
        (FORM, FILE_PART + b"\r\n--x--\r\n", 422, "0 bytes"),
        (FORM, FIELD * 9 + b"--x--\r\n", 400, "Too many fields"),
        (FORM, FILE_PART[:-2] + b"X: y\r\n" * 20 + b"\r\na\r\n--x--\r\n", 400, "form"),
        (FORM, FILE_PART[:-2] + b"X: " + b"y" * 9000 + b"\r\n\r\na\r\n--x--\r\n", 400, "form"),
        ({"content-type": f"multipart/form-data; boundary={'x' * 71}"}, b"", 400, "boundary"),
        ({"content-type": "image/jpeg"}, b"", 422, "0 bytes"),
    ],
)
def test_malformed_requests(
    headers: dict[str, str], body: bytes, status: int, words: str, client: TestClient
) -> None:
    answer = client.post("/v1/analyses", content=body, headers=headers)
    assert answer.status_code == status
    assert words in answer.json()["message"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/analyses/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/v1/analyses/" + "a" * 65, 400),
        ("GET", "/page/../settings.py", 404),
        ("GET", "/page/%2e%2e/settings.py", 404),
        ("GET", "/nothing", 404),
        ("PUT", "/v1/analyses", 405),
        ("POST", "/v1/analyses?async=perhaps", 400),
        ("POST", "/v1/analyses?format=pdf", 400),
    ],
)
def test_wrong_paths(method: str, path: str, status: int, client: TestClient) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert is_a_problem(answer)


def test_path_tricks_in_names_reach_no_header_and_no_page(client: TestClient, photo: bytes) -> None:
    name = "../../<script>alert(1)</script>.jpg"
    answer = post(client, photo, name, format="html")
    assert "<script>alert" not in answer.text
    assert "script&gt;.jpg" in answer.text


def test_too_many_photos_at_a_time_are_refused(start: Start, photo: bytes) -> None:
    client = start(held_bytes=len(photo) // 2)
    answer = post(client, photo)
    assert (answer.status_code, answer.json()["kind"]) == (503, "BusyError")
    assert "retry-after" in answer.headers
    assert post(client, png_of_size(10, 10)).status_code == 200


def test_what_an_upload_held_is_held_no_more(client: TestClient, photo: bytes) -> None:
    for data in (photo, b"no picture"):
        post(client, data)
    client.post("/v1/analyses", content=b"x", headers={"content-type": "text/plain"})
    assert "camsim_held_bytes 0.0" in client.get("/metrics").text


@pytest.mark.slow
def test_huge_slow_and_broken_uploads_over_a_real_port(toy_folder: object) -> None:
    head = b"POST /v1/analyses HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n"
    options = ("--weights", toy_folder, "--resend", "--largest", 1, "--upload-seconds")
    with served(*options, PATIENCE) as server, server.client() as client:
        raw = partial(answered, server)
        assert b" 413 " in raw(head + b"Content-Length: 5000000\r\n\r\nabc")
        assert b" 400 " in raw(head + b"Content-Length: -1\r\n\r\nabc")
        chunk = b"%x\r\n%s\r\n" % (300_000, bytes(300_000))
        assert b" 413 " in raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + 5 * chunk)
        with connected(server) as connection:
            connection.sendall(head + b"Content-Length: 5000\r\n\r\nabc")
        assert client.get("/healthz").status_code == 200
        wait_until(lambda: "camsim_held_bytes 0.0" in client.get("/metrics").text)
        assert client.post("/v1/analyses", files={"file": b"no picture"}).status_code == 422
    with served(*options, 1) as server:
        assert b" 408 " in answered(server, head + b"Content-Length: 5000\r\n\r\nabc")


def connected(server: Server) -> socket.socket:
    host, _, port = server.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def answered(server: Server, request: bytes) -> bytes:
    with connected(server) as connection:
        connection.sendall(request)
        return connection.recv(1000)
