"""Text that is none, wherever a request or a site has it: 4xx, never 500."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from verifier import Verifier
from verifier.service import Service, ServiceSettings, create_app
from verifier.service.fetching import Fetcher
from verifier.service.problems import FetchError, RefusedUrlError

NONSENSE = [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80\xae", b"\\ud800"]
CHARSETS = [
    "utf-7", "utf-16", "idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape",
    "rot13", "zlib", "none", "a\xffb",
]  # fmt: skip
PLACES = [
    "http://[::1", "http://a\ud800.example/", "//", "http://", "https://.a.example/", "///x",
    "http://a..example/", "http://a.example:99999/", "http://xn--\xff/", "http:///x", "\xff\xfe",
    "http://" + "a" * 70 + ".example/", "http://a.example/" + "a" * 3000, "data:,x",
]  # fmt: skip


@pytest.fixture(scope="module")
def open_client(toy_folder: Path) -> Iterator[TestClient]:
    """One whose URLs go nowhere."""
    verifier = Verifier.from_weights(toy_folder, resend_through=())
    settings = ServiceSettings(requests_per_minute=0, allow_urls=True)
    service = Service(verifier, settings, toy_folder, Fetcher(1000, resolve=nowhere))
    with TestClient(create_app(service), raise_server_exceptions=False) as client:
        yield client


def nowhere(host: str, _: int) -> list[str]:
    host.encode("idna")  # as the system's does
    raise OSError("no such host")


def is_refused(answer: Any) -> bool:
    body = json.loads(answer.content)
    return 400 <= answer.status_code < 500 and body["status"] == answer.status_code


@pytest.mark.parametrize("text", NONSENSE)
@pytest.mark.parametrize("charset", CHARSETS)
def test_forms(charset: str, text: bytes, open_client: TestClient) -> None:
    kind = f"multipart/form-data; charset={charset}; boundary=x".encode("latin-1")
    for disposition in (
        b'name="file"; filename="%s.jpg"',
        b'name="%s"; filename="a.jpg"',
        b'name="url"',
        b"name=file; filename*=utf-8''%s",
        b"name=file; filename*=idna''%s",
        b"name=file; filename*0*=none''%s",
    ):
        head = b"Content-Disposition: form-data; " + disposition.replace(b"%s", text)
        body = b"--x\r\n" + head + b"\r\n\r\nhttp://" + text + b"/\r\n--x--\r\n"
        answer = open_client.post("/v1/analyses", content=body, headers=[("content-type", kind)])
        assert is_refused(answer), (disposition, answer.text)


@pytest.mark.parametrize("place", [*PLACES, "\ud800", "http://a.example/\ud800"])
def test_urls(place: str, open_client: TestClient) -> None:
    answer = open_client.post(
        "/v1/analyses",
        content=json.dumps({"url": place}).encode(),
        headers={"content-type": "application/json"},
    )
    assert is_refused(answer), answer.text


@pytest.mark.parametrize(
    "body", [b'{"url":"\xff"}', b'{"\\ud800":1}', b"\xff\xfe{", b'{"url":' + b"9" * 5000 + b"}"]
)
def test_json(body: bytes, open_client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    assert is_refused(open_client.post("/v1/analyses", content=body, headers=headers))


@pytest.mark.parametrize("text", ["%ff", "%ed%a0%80", "%00", "%e2%80%ae", "%c0%80"])
def test_paths_and_queries(text: str, open_client: TestClient) -> None:
    for path in ("/v1/analyses/{}", "/v1/analyses/{}/maps/{}", "/page/{}", "/{}", "/page/{}/x"):
        assert is_refused(open_client.get(path.format(text, text)))
    for query in ("format", "async"):
        assert is_refused(open_client.post(f"/v1/analyses?{query}={text}", content=b"x"))
    answer = open_client.post(
        f"/v1/analyses?name={text}", content=b"x", headers={"content-type": "image/jpeg"}
    )
    assert is_refused(answer)


@pytest.mark.parametrize("name", ["authorization", "x-api-key", "content-type", "x-forwarded-for"])
@pytest.mark.parametrize("text", NONSENSE)
def test_headers(name: str, text: bytes, open_client: TestClient) -> None:
    answer = open_client.post("/v1/analyses", content=b"x", headers=[(name.encode(), text)])
    assert is_refused(answer)


class _Moves(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        place = PLACES[int(self.path.strip("/"))]
        self.send_response(302)
        self.wfile.write(b"".join(self._headers_buffer))  # type: ignore[attr-defined]
        self._headers_buffer = []
        self.wfile.write(b"Location: " + place.encode("utf-8", "surrogatepass") + b"\r\n\r\n")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Moves) as site:
        site.daemon_threads = True
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield site.server_port
        site.shutdown()


@pytest.mark.parametrize("number", range(len(PLACES)))
def test_redirects(number: int, port: int) -> None:
    def resolve(host: str, at: int) -> list[str]:
        return ["127.0.0.1"] if host == "site.example" else nowhere(host, at)

    fetcher = Fetcher(1000, 5.0, resolve, lambda _: True, (80, 443, port))
    with pytest.raises((RefusedUrlError, FetchError)):
        fetcher.fetch(f"http://site.example:{port}/{number}")


class _BreaksOff(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half of a photo")

    def log_message(self, *_: object) -> None: ...


def test_a_file_that_breaks_off_is_none() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _BreaksOff) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        fetcher = Fetcher(2000, 5.0, lambda *_: ["127.0.0.1"], lambda _: True, (site.server_port,))
        with pytest.raises(FetchError, match="broke off 985 bytes before the end"):
            fetcher.fetch(f"http://site.example:{site.server_port}/a.jpg")
        site.shutdown()
