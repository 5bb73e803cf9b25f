"""Photos by URL: off, or bounded, and never from a private network."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from fastapi.testclient import TestClient

from tests.verifier.conftest import jpeg
from tests.verifier.service.conftest import Start
from tests.verifier.toy import native
from verifier.errors import PhotoTooLargeError
from verifier.service.fetching import Fetched, Fetcher, _place, is_public
from verifier.service.problems import FetchError, RefusedUrlError

PRIVATE = [
    "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "::1", "::",
    "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip
PHOTO = jpeg(native(64, 80))


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.partition("?")[0].strip("/")
        if name == "photo.jpg":
            self._answer(200, PHOTO)
        elif name == "large":
            self._answer(200, bytes(50_000))
        elif name == "loop":
            self._answer(302, b"", location="/loop")
        elif name == "moved":
            self._answer(302, b"", location="/photo.jpg")
        elif name == "inside":
            self._answer(302, b"", location="http://inside.example/secret")
        elif name == "file":
            self._answer(302, b"", location="file:///etc/passwd")
        elif name == "drops":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"a")
                time.sleep(0.05)
        else:
            self._answer(404, b"nothing here")

    def _answer(self, status: int, content: bytes, location: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as site:
        site.daemon_threads = True
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield site.server_port
        site.shutdown()


@pytest.fixture
def fetcher(port: int) -> Fetcher:
    """One for which this machine stands for the public network, except what is named inside."""
    return Fetcher(
        20_000,
        seconds=1.0,
        resolve=lambda host, _: ["10.0.0.1"] if host == "inside.example" else ["127.0.0.1"],
        is_public=lambda address: address == "127.0.0.1",
        ports=(80, port),
    )


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(RefusedUrlError, match="not in the public network"):
        Fetcher(1000, resolve=lambda *_: [address]).fetch("http://photos.example/a.jpg")
    with pytest.raises(RefusedUrlError, match="not in the public network"):
        Fetcher(1000, resolve=lambda *_: ["93.184.215.14", address]).fetch("http://photos.example/")


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "http://", "", "photo.jpg",
        "http://user:pass@a.example/", "http://a.example:22/", "http://a.example:99999/",
        "http://[::1/", "http://a.example/" + "a" * 3000, "javascript:alert(1)",
        "http://127.0.0.1/", "http://[::1]/", "http://localhost/", "http://2130706433/",
        "http://0x7f.1/", "http://127.1/", "http://169.254.169.254/latest/meta-data/",
    ],
)  # fmt: skip
def test_urls_that_are_not_fetched(url: str) -> None:
    with pytest.raises((RefusedUrlError, FetchError)):
        Fetcher(1000).fetch(url)


def test_a_photo_is_fetched_and_redirects_are_followed(fetcher: Fetcher, port: int) -> None:
    assert fetcher.fetch(f"http://a.example:{port}/photo.jpg") == Fetched(PHOTO, "photo.jpg")
    assert fetcher.fetch(f"http://a.example:{port}/moved?x=%20ä").name == "photo.jpg"


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("inside", RefusedUrlError, "inside.example is not in the public network"),
        ("file", RefusedUrlError, "only http and https"),
        ("loop", FetchError, "more than 5 times"),
        ("nothing", FetchError, "answers 404"),
        ("large", PhotoTooLargeError, "20,000 bytes"),
    ],
)
def test_what_a_site_may_answer(
    path: str, error: type[Exception], words: str, fetcher: Fetcher, port: int
) -> None:
    with pytest.raises(error, match=words):
        fetcher.fetch(f"http://a.example:{port}/{path}")


def test_a_site_that_sends_drops_is_cut_off(fetcher: Fetcher, port: int) -> None:
    with pytest.raises(FetchError):  # else it gets all of them in the end
        fetcher.fetch(f"http://a.example:{port}/drops")


def certificate(folder: Path, name: str) -> Path:
    """Make a certificate of a host that vouches for itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "host.pem"
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("host", "trusted", "words"),
    [("a.example", True, None), ("b.example", True, "b.example"), ("a.example", False, "verify")],
)
def test_https_is_checked_against_the_name_of_the_url(
    host: str, trusted: bool, words: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path, "a.example")
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(pem)
    theirs = ssl.create_default_context(cafile=str(pem) if trusted else None)
    monkeypatch.setattr(ssl, "create_default_context", lambda: theirs)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as site:
        site.socket = ours.wrap_socket(site.socket, server_side=True)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        fetcher = Fetcher(
            20_000,
            resolve=lambda *_: ["127.0.0.1"],
            is_public=lambda _: True,
            ports=(site.server_port,),
        )
        url = f"https://{host}:{site.server_port}/photo.jpg"
        if words is None:
            assert fetcher.fetch(url).content == PHOTO
        else:
            with pytest.raises(FetchError, match=words):
                fetcher.fetch(url)
        site.shutdown()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://a.example", "/"),
        ("http://a.example?x=1", "/?x=1"),
        ("http://a.example//b/c#d", "//b/c"),
        ("http://a.example/ä b?ü", "/%C3%A4%20b?%C3%BC"),
        ("http://a.example/%20", "/%20"),
    ],
)
def test_places_as_requests_have_them(url: str, place: str) -> None:
    assert _place(urlsplit(url)) == place


def test_the_address_that_was_checked_is_the_one_asked(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    connect = socket.create_connection

    def noted(address: tuple[str, int], **options: object) -> socket.socket:
        asked.append(address)
        return connect(address, **options)

    monkeypatch.setattr(socket, "create_connection", noted)
    fetcher = Fetcher(
        20_000,
        resolve=lambda *_: next(answers),
        is_public=lambda address: address == "127.0.0.1",
        ports=(port,),
    )
    fetcher.fetch(f"http://rebinding.example:{port}/photo.jpg")
    assert asked == [("127.0.0.1", port)]


def test_urls_are_off_unless_allowed(client: TestClient) -> None:
    answer = client.post("/v1/analyses", json={"url": "http://a.example/photo.jpg"})
    assert (answer.status_code, answer.json()["kind"]) == (403, "UrlsOffError")


def test_the_service_fetches_where_it_is_allowed(start: Start, fetcher: Fetcher, port: int) -> None:
    client = start(fetcher, allow_urls=True)
    url = f"http://a.example:{port}/photo.jpg"
    assert client.post("/v1/analyses", json={"url": url}).json()["input"]["name"] == "photo.jpg"
    assert client.post("/v1/analyses", data={"url": url}).status_code == 415
    form = {"url": (None, url)}
    assert client.post("/v1/analyses", files=form).json()["input"]["width"] == 80
    refused = client.post("/v1/analyses", json={"url": "http://inside.example/"})
    assert (refused.status_code, refused.json()["kind"]) == (422, "RefusedUrlError")
    assert "camsim_held_bytes 0.0" in client.get("/metrics").text
