"""A repository over HTTP: what it answers is bounded, checked, and never leads elsewhere."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.verifier.repository.lying_server import STORE, Lies, lying_server
from tests.verifier.repository.stores import ALG, label, payload, publication, store_of
from tests.verifier.service.test_fetching import certificate
from verifier.errors import (
    ManifestConflictError,
    ManifestNotFoundError,
    ManifestRefusedError,
    RepositoryError,
    SettingsError,
)
from verifier.repository import HttpRepository, open_repository
from verifier.repository.endpoint import Endpoint
from verifier.repository.keys_file import VARIABLE


@pytest.fixture
def lies() -> Iterator[Lies]:
    with lying_server() as server:
        yield server


def asked(lies: Lies, seconds: float = 5.0, key: str = "") -> HttpRepository:
    return HttpRepository(Endpoint.of_url(lies.url, seconds=seconds), key)


def matched(*names: object) -> dict[str, object]:
    return {"matches": [{"manifestId": name} for name in names]}


def test_a_look_up_asks_by_the_standard(lies: Lies) -> None:
    lies.answers({"matches": [{"manifestId": label(1), "similarityScore": 100}]})
    repository = open_repository(lies.url)
    assert repository.name == f"{lies.url}/v1"
    assert repository.matches(ALG, b"\xff\xfe" + bytes(6)) == (label(1),)
    method, path, _ = lies.asked[0]
    assert (method, urlsplit(path).path) == ("GET", "/v1/matches/byBinding")
    assert parse_qs(urlsplit(path).query) == {
        "alg": [ALG],
        "value": [base64.b64encode(b"\xff\xfe" + bytes(6)).decode()],
        "maxResults": ["10"],
    }


def test_a_manifest_is_asked_for_by_its_name(lies: Lies) -> None:
    lies.answers(store_of(label(1)), STORE)
    assert asked(lies).manifest(label(1)) == store_of(label(1))
    assert lies.asked[0][1] == f"/v1/manifests/{label(1).replace(':', '%3A')}"


def test_a_path_is_kept(lies: Lies) -> None:
    lies.answers(matched())
    HttpRepository(Endpoint.of_url(f"{lies.url}/a/v2/")).matches(ALG, b"1")
    assert lies.asked[0][1].startswith("/a/v2/matches/byBinding?")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>", "no JSON"),
        (b"[" * 50_000, "no JSON"),
        (b"[]", "no object"),
        (b"{}", "without a list"),
        (b'{"matches": {}}', "without a list"),
        (b'{"matches": [1]}', "manifestId is none"),
        (b'{"matches": [{"manifestId": 1}]}', "manifestId is none"),
        (b'{"matches": [{"manifestId": "a b"}]}', "manifestId is none"),
        (b'{"matches": [{"manifestId": "a\\u001b[31m"}]}', "manifestId is none"),
        (b'{"matches": [{"manifestId": "' + b"a" * 400 + b'"}]}', "manifestId is none"),
        (b'{"matches": [' + b", ".join([b'{"manifestId": "a"}'] * 11) + b"]}", "11 matches"),
        (b" " * 200_000, "more than 100,000 bytes"),
    ],
)
def test_nonsense_in_place_of_matches(lies: Lies, content: bytes, words: str) -> None:
    lies.answers(content)
    with pytest.raises(RepositoryError, match=words):
        asked(lies).matches(ALG, b"1")


def test_a_place_that_a_match_names_is_not_asked(lies: Lies) -> None:
    lies.answers({"matches": [{"manifestId": label(1), "endpoint": "http://10.0.0.1/v1"}]})
    repository = asked(lies)
    [found] = repository.matches(ALG, b"1")
    lies.answers(store_of(label(1)), STORE)
    repository.manifest(found)
    assert len(lies.asked) == 2


def test_the_wrong_type_is_refused(lies: Lies) -> None:
    lies.answers(matched(), "text/html; charset=utf-8")
    with pytest.raises(RepositoryError, match="type 'text/html', not application/json"):
        asked(lies).matches(ALG, b"1")
    lies.answers(store_of(label(1)), "application/json")
    with pytest.raises(RepositoryError, match="not application/c2pa"):
        asked(lies).manifest(label(1))


def test_another_manifest_than_was_asked_for_is_refused(lies: Lies) -> None:
    lies.answers(store_of(label(2)), STORE)
    with pytest.raises(RepositoryError, match=rf"answers the manifest {label(2)} where"):
        asked(lies).manifest(label(1))


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", store_of(label(1))[:-1]])
def test_what_is_no_manifest_store_is_refused(lies: Lies, content: bytes) -> None:
    lies.answers(content, STORE)
    with pytest.raises(RepositoryError, match="answers no manifest store"):
        asked(lies).manifest(label(1))


def test_a_huge_store_is_not_read_to_its_end(lies: Lies) -> None:
    lies.answers(bytes(3_000_000), STORE)
    with pytest.raises(RepositoryError, match="more than 2,000,000 bytes"):
        asked(lies).manifest(label(1))


def test_an_answer_that_breaks_off_is_refused(lies: Lies) -> None:
    lies.answers(store_of(label(1)), STORE)
    lies.stated_length = len(lies.content) + 10
    with pytest.raises(RepositoryError, match="broke off"):
        asked(lies).manifest(label(1))


def test_an_answer_in_drops_is_cut_off(lies: Lies) -> None:
    lies.answers(bytes(1000), STORE)
    lies.drops = 0.02
    with pytest.raises(RepositoryError, match=r"doesn't answer within 0\.3 s"):
        asked(lies, seconds=0.3).manifest(label(1))


@pytest.mark.parametrize(
    "place",
    ["http://10.0.0.1/v1/x", "https://photos.example/x", "//169.254.169.254/latest", "file:///etc"],
)
def test_a_redirect_elsewhere_is_refused(lies: Lies, place: str) -> None:
    lies.answers(b"", status=302)
    lies.headers["Location"] = place
    with pytest.raises(RepositoryError, match="redirects to"):
        asked(lies).manifest(label(1))
    assert len(lies.asked) == 1


def test_a_redirect_to_another_port_is_refused(lies: Lies) -> None:
    with lying_server() as other:
        lies.answers(b"", status=307)
        lies.headers["Location"] = f"{other.url}/v1/manifests/a"
        with pytest.raises(RepositoryError, match="redirects to"):
            asked(lies, key="secret").manifest(label(1))
        assert other.asked == []


def test_a_circle_of_redirects_ends(lies: Lies) -> None:
    lies.answers(b"", status=302)
    lies.headers["Location"] = "/v1/again"
    with pytest.raises(RepositoryError, match="redirects more than 3 times"):
        asked(lies).manifest(label(1))


@pytest.mark.parametrize("status", [400, 404, 410, 429, 500, 503])
def test_refusals_are_told_with_their_reason(lies: Lies, status: int) -> None:
    lies.answers({"error": "it rains"}, status=status)
    if status == 404:
        with pytest.raises(RepositoryError, match="check the path of its URL"):
            asked(lies).matches(ALG, b"1")
        with pytest.raises(ManifestNotFoundError):
            asked(lies).manifest(label(1))
        return
    with pytest.raises(RepositoryError, match=f"answers {status}: it rains"):
        asked(lies).matches(ALG, b"1")


def test_a_key_goes_to_its_repository(
    lies: Lies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"# mine\nhttps://other.example wrong\n{lies.url} right\n")
    monkeypatch.setenv(VARIABLE, str(keys))
    lies.answers(matched())
    open_repository(lies.url).matches(ALG, b"1")
    assert lies.asked[0][2]["Authorization"] == "Bearer right"
    keys.write_text("one two three\n")
    with pytest.raises(SettingsError, match="line 1"):
        open_repository(lies.url)
    keys.unlink()
    with pytest.raises(SettingsError, match="can't be read"):
        open_repository(lies.url)


def test_a_key_that_is_missing_is_told(lies: Lies) -> None:
    lies.answers({"detail": "a key is needed"}, status=401)
    with pytest.raises(RepositoryError, match="a key may be missing"):
        asked(lies).matches(ALG, b"1")


def test_publishing_sends_the_store_alone(lies: Lies) -> None:
    lies.at[("GET", "/v1/matches/byBinding")] = (200, matched(label(1)))
    lies.answers({"manifestId": label(1)})
    assert asked(lies, key="mine").publish(publication(1), expires_days=3)
    method, path, headers = lies.asked[0]
    assert (method, path) == ("POST", "/v1/manifests?expiresDays=3")
    assert headers["Content-Type"] == "application/c2pa"
    assert lies.bodies[0] == publication(1).store
    assert [method for method, _, _ in lies.asked] == ["POST", "GET"]


def test_a_repository_that_reads_no_bindings_is_told_them(lies: Lies) -> None:
    lies.at[("GET", "/v1/matches/byBinding")] = (200, matched())
    lies.at[("POST", "/v1/bindings")] = (204, b"")
    lies.answers({"manifestId": label(1)})
    assert asked(lies).publish(publication(1))
    assert json.loads(lies.bodies[-1]) == {
        "bindingValue": base64.b64encode(payload(1)).decode(),
        "manifestId": label(1),
    }
    lies.at[("POST", "/v1/bindings")] = (403, {"error": "no"})
    with pytest.raises(RepositoryError, match="403: no"):
        asked(lies).publish(publication(1))
    lies.at[("POST", "/v1/bindings")] = (500, {"error": "no"})
    with pytest.raises(RepositoryError, match="published, but not found"):
        asked(lies).publish(publication(1))


@pytest.mark.parametrize(
    ("status", "kind"), [(400, ManifestRefusedError), (422, ManifestRefusedError),
                         (409, ManifestConflictError), (503, RepositoryError)],
)  # fmt: skip
def test_a_publication_that_is_refused(lies: Lies, status: int, kind: type[Exception]) -> None:
    lies.answers({"detail": "no"}, status=status)
    with pytest.raises(kind, match=f"{status}: no"):
        asked(lies).publish(publication(1))


def test_a_publication_under_another_name_is_told(lies: Lies) -> None:
    lies.answers({"manifestId": label(2)})
    with pytest.raises(RepositoryError, match="says that it published"):
        asked(lies).publish(publication(1))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://photos.example/v1", "use https"),
        ("http://10.0.0.1/", "use https"),
        ("http://localhost.example/", "use https"),
        ("ftp://photos.example/", "no URL of https"),
        ("https://", "no URL of https"),
        ("https://a:b@photos.example/", "has a user"),
        ("https://a:b@photos.example:x", "is no URL"),
        ("http://a:b@photos.example", "has a user"),
        ("https://photos.example/?a", "has a user"),
        ("https://photos.example:99999/", "is no URL"),
        ("https://[::1/", "is no URL"),
        ("https://a.example/" + "a" * 600, "no URL of https"),
    ],
)
def test_urls_that_are_not_asked(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        open_repository(url)


@pytest.mark.parametrize(
    ("url", "address", "may"),
    [
        ("http://localhost/", "127.0.0.1", True),
        ("http://localhost/", "10.0.0.1", False),
        ("http://localhost/", "93.184.215.14", False),
        ("http://[::1]:8000/", "::1", True),
        ("https://photos.example/", "93.184.215.14", True),
        ("https://desk.internal/", "10.1.2.3", True),
        ("https://photos.example/", "127.0.0.1", False),
        ("https://photos.example/", "::1", False),
        ("https://photos.example/", "::ffff:127.0.0.1", False),
        ("https://photos.example/", "169.254.169.254", False),
        ("https://photos.example/", "0.0.0.0", False),
        ("https://photos.example/", "fe80::1%eth0", False),
        ("https://10.1.2.3/", "10.1.2.3", True),
    ],
)
def test_addresses_that_a_name_may_lead_to(url: str, address: str, may: bool) -> None:
    endpoint = Endpoint.of_url(url, resolve=lambda *_: [address])
    if may:
        assert endpoint._address() == address
        return
    with pytest.raises(RepositoryError, match="isn't asked at"):
        endpoint._address()


def test_nobody_there() -> None:
    with pytest.raises(RepositoryError, match="can't be asked: Connection refused"):
        HttpRepository(Endpoint.of_url("http://127.0.0.1:1/")).matches(ALG, payload(1))
    nowhere = Endpoint.of_url("https://photos.invalid", resolve=_unknown)
    with pytest.raises(RepositoryError, match="has no address"):
        HttpRepository(nowhere).matches(ALG, payload(1))


def _unknown(*_: object) -> list[str]:
    raise OSError("unknown")


def test_a_certificate_that_nobody_vouches_for_is_refused(lies: Lies) -> None:
    plain = Endpoint.of_url(lies.url)
    secured = Endpoint("https", "127.0.0.1", plain.port, "/v1", seconds=2.0)
    with pytest.raises(RepositoryError, match="can't be asked"):
        HttpRepository(secured, "secret").matches(ALG, b"1")
    assert lies.asked == []


def test_algorithms(lies: Lies) -> None:
    lies.answers({"watermarks": [{"alg": ALG}, {"alg": 1}, 2], "fingerprints": None})
    assert asked(lies).algorithms() == (ALG,)


@pytest.mark.parametrize("trusted", [True, False])
def test_https_is_checked_before_a_key_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    pem = certificate(tmp_path, "localhost")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with lying_server(pem) as lies:
        lies.answers(matched(label(1)))
        repository = HttpRepository(Endpoint.of_url(lies.url), "secret")
        if trusted:
            assert repository.matches(ALG, b"1") == (label(1),)
            assert lies.asked[0][2]["Authorization"] == "Bearer secret"
            return
        with pytest.raises(RepositoryError, match="certificate verify failed"):
            repository.matches(ALG, b"1")
        assert lies.asked == []


@pytest.mark.parametrize("end", ["", ":x", ":99999", "/v1?secret", "/v1#secret", "]"])
@pytest.mark.parametrize("scheme", ["https", "http", "ftp"])
def test_a_secret_in_a_url_is_not_repeated(scheme: str, end: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Endpoint.of_url(f"{scheme}://user:secret@photos.example{end}")
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None or "secret" not in str(raised.value.__cause__)
