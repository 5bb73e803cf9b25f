"""The repository over HTTP, in one process: C2PA's Soft Binding Resolution API 2.4."""

import base64
import contextlib
import itertools
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi.testclient import TestClient

from tests.verifier.conftest import jpeg
from tests.verifier.repository.signed_photos import signed_photo, signed_store
from tests.verifier.repository.stores import store_of
from tests.verifier.service.conftest import Start
from tests.verifier.service.server import Server, served, wait_until
from tests.verifier.signing import Chain, flipped, signature_at
from tests.verifier.watermark.made import GROUP, PAYLOAD, photo
from verifier import Verifier
from verifier.api_keys import add_key
from verifier.errors import RepositoryError
from verifier.reading.credentials.recovered import RecoveredManifest, read_recovered
from verifier.repository import (
    FolderRepository,
    HttpRepository,
    open_repository,
    publication_of,
)
from verifier.repository.active_manifest import active_label
from verifier.repository.endpoint import Endpoint
from verifier.repository.repository import MOST_STORE_BYTES
from verifier.service import Keys, Service, ServiceSettings, create_app
from watermark.payload import ALGORITHM

STORE = {"content-type": "application/c2pa"}
_numbers = itertools.count(1)


class Repository:
    """A served repository, and who may publish in it."""

    def __init__(self, client: TestClient, folder: Path, chain: Chain, key: str) -> None:
        self.client = client
        self.folder = folder
        self.chain = chain
        self.key = {"authorization": f"Bearer {key}"}

    def publish(self, store: bytes, key: dict[str, str] | None = None, **query: Any) -> Any:
        headers = STORE | (self.key if key is None else key)
        return self.client.post("/v1/manifests", content=store, headers=headers, params=query)

    def published(self, **query: Any) -> tuple[bytes, str, bytes]:
        payload = next(_numbers).to_bytes(8)
        store = signed_store(self.chain, payload)
        answer = self.publish(store, **query)
        assert answer.status_code == 200, answer.text
        return payload, answer.json()["manifestId"], store

    def matches(self, value: bytes, alg: str = ALGORITHM, **headers: str) -> Any:
        query = {"alg": alg, "value": base64.b64encode(value).decode()}
        return self.client.get("/v1/matches/byBinding", params=query, headers=headers)

    def found(self, value: bytes, alg: str = ALGORITHM) -> list[str]:
        return [match["manifestId"] for match in self.matches(value, alg).json()["matches"]]


Started = Callable[..., Repository]


@pytest.fixture
def started(start: Start, tmp_path: Path, chain: Chain) -> Started:
    def make(**settings: Any) -> Repository:
        folder = tmp_path / "manifests"
        FolderRepository(folder, make=True).close()
        key = add_key(folder / "keys", "desk")
        given = {"repository": folder, "lookups_per_minute": 0} | settings
        return Repository(start(**given), folder, chain, key)

    return make


@pytest.fixture(scope="module")
def repository(
    toy_folder: Path, tmp_path_factory: pytest.TempPathFactory, chain: Chain
) -> Iterator[Repository]:
    """One service for all tests that don't mind what the others published."""
    folder = tmp_path_factory.mktemp("repository") / "manifests"
    FolderRepository(folder, make=True).close()
    key = add_key(folder / "keys", "desk")
    verifier = Verifier.from_weights(toy_folder, resend_through=(), watermark_keys=())
    settings = ServiceSettings(repository=folder, lookups_per_minute=0)
    with TestClient(create_app(Service(verifier, settings, toy_folder))) as client:
        yield Repository(client, folder, chain, key)


def kind(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["kind"]


def test_what_is_published_is_found_and_given_back(repository: Repository) -> None:
    payload, name, store = repository.published()
    assert name == active_label(store)
    assert repository.found(payload) == [name]
    answer = repository.client.get(f"/v1/manifests/{name}")
    assert answer.headers["content-type"] == "application/c2pa"
    assert answer.content == store
    alone = repository.client.get(f"/v1/manifests/{name}?returnActiveManifest=true")
    assert alone.content == store  # it has but one


def test_a_look_up_by_post(repository: Repository) -> None:
    payload, name, _ = repository.published()
    query = {"alg": ALGORITHM, "value": base64.b64encode(payload).decode()}
    answer = repository.client.post("/v1/matches/byBinding?maxResults=1", json=query)
    assert answer.json() == {"matches": [{"manifestId": name}]}


def test_a_value_as_the_manifest_writes_it_is_understood(repository: Repository) -> None:
    payload, name, _ = repository.published()
    assert repository.found(payload.hex().encode()) == [name]


def test_nothing_found_is_an_empty_list(repository: Repository) -> None:
    assert repository.matches(b"unknown!").json() == {"matches": []}
    assert repository.matches(b"unknown!", "com.example.other").json() == {"matches": []}


@pytest.mark.parametrize("value", ["", "!", "a", "ä", "A" * 1400])
def test_a_value_that_is_none_is_refused(repository: Repository, value: str) -> None:
    query = {"alg": ALGORITHM, "value": value}
    answer = repository.client.get("/v1/matches/byBinding", params=query)
    assert kind(answer) == (400, "RequestError")
    assert kind(repository.client.post("/v1/matches/byBinding", json=query)) == (
        400, "RequestError",
    )  # fmt: skip


def test_a_value_that_is_too_long_for_a_url(repository: Repository) -> None:
    query = {"alg": ALGORITHM, "value": "A" * 2052}
    answer = repository.client.get("/v1/matches/byBinding", params=query)
    assert kind(answer) == (414, "QueryTooLongError")


def test_bodies_that_are_none(repository: Repository) -> None:
    post = repository.client.post
    assert kind(post("/v1/matches/byBinding", content=b"{}")) == (400, "RequestError")
    assert kind(post("/v1/matches/byBinding", json=[])) == (400, "RequestError")
    assert kind(post("/v1/matches/byBinding", json={"alg": ALGORITHM})) == (400, "RequestError")
    large = {"alg": ALGORITHM, "value": "A" * 30_000}
    assert kind(post("/v1/matches/byBinding", json=large)) == (413, "PhotoTooLargeError")


def test_publishing_the_same_again_is_no_error(repository: Repository) -> None:
    _, name, store = repository.published()
    assert repository.publish(store).json() == {"manifestId": name, "new": False}


@pytest.mark.parametrize("key", [{}, {"authorization": "Bearer wrong"}])
def test_publishing_needs_a_key(repository: Repository, key: dict[str, str]) -> None:
    _, name, store = repository.published()
    assert kind(repository.publish(store, key)) == (401, "KeyMissingError")
    assert kind(repository.client.delete(f"/v1/manifests/{name}", headers=key)) == (
        401, "KeyMissingError",
    )  # fmt: skip


def test_without_a_file_of_keys_nothing_is_published(start: Start, tmp_path: Path) -> None:
    FolderRepository(tmp_path / "manifests", make=True).close()
    client = start(repository=tmp_path / "manifests")
    answer = client.post("/v1/manifests", content=b"", headers=STORE)
    assert kind(answer) == (403, "PublishingOffError")
    stated = client.get("/v1/services/capabilities").json()
    assert stated == {"c2paSpecificationVersion": "2.4.0", "supportedCapabilities": []}


def test_what_was_not_signed_is_refused(repository: Repository, chain: Chain) -> None:
    store = signed_store(chain, b"payload1")
    assert kind(repository.publish(store_of("urn:c2pa:a"))) == (400, "ManifestRefusedError")
    assert kind(repository.publish(b"")) == (400, "ManifestRefusedError")
    assert kind(repository.publish(jpeg(photo((64, 64))))) == (400, "ManifestRefusedError")
    forged = repository.publish(
        store.replace(b"payload1".hex().encode(), b"payload2".hex().encode())
    )
    assert kind(forged) == (400, "ManifestRefusedError")
    broken = repository.publish(flipped(store, signature_at(store) + 5))
    assert kind(broken) == (400, "ManifestRefusedError")
    assert repository.found(b"payload1") == repository.found(b"payload2") == []


def test_a_manifest_without_a_watermark_is_refused(repository: Repository, chain: Chain) -> None:
    answer = repository.publish(signed_store(chain, None))
    assert kind(answer) == (400, "ManifestRefusedError")
    assert "no watermark" in answer.json()["message"]


def test_large_and_other_bodies_are_refused(repository: Repository) -> None:
    assert kind(repository.publish(bytes(MOST_STORE_BYTES + 1))) == (413, "PhotoTooLargeError")
    headers = repository.key | {"content-type": "image/jpeg"}
    answer = repository.client.post("/v1/manifests", content=b"a", headers=headers)
    assert kind(answer) == (415, "PhotoUnsupportedError")


def test_a_store_under_a_name_that_is_taken_is_refused(
    repository: Repository, chain: Chain
) -> None:
    _, name, _ = repository.published()
    other = signed_store(chain, b"payload1")
    with FolderRepository(repository.folder, writes=True) as folder:
        folder._connection.execute(
            "UPDATE manifests SET id = ? WHERE id = ?", (active_label(other), name)
        )
    assert kind(repository.publish(other)) == (409, "ManifestConflictError")


def test_a_key_deletes_what_it_published(repository: Repository) -> None:
    payload, name, _ = repository.published()
    another = {"authorization": f"Bearer {add_key(repository.folder / 'keys', 'another')}"}
    delete = repository.client.delete
    assert delete(f"/v1/manifests/{name}", headers=another).status_code == 404  # not its own
    assert delete(f"/v1/manifests/{name}", headers=repository.key).status_code == 204
    assert kind(repository.client.get(f"/v1/manifests/{name}")) == (404, "ManifestNotFoundError")
    assert repository.found(payload) == []
    assert kind(delete(f"/v1/manifests/{name}", headers=repository.key)) == (
        404, "ManifestNotFoundError",
    )  # fmt: skip


def test_a_key_deletes_nothing_of_another(repository: Repository) -> None:
    _, name, _ = repository.published()
    with FolderRepository(repository.folder, writes=True) as folder:
        folder._connection.execute("UPDATE manifests SET owner = 'another' WHERE id = ?", (name,))
    answer = repository.client.delete(f"/v1/manifests/{name}", headers=repository.key)
    assert kind(answer) == (404, "ManifestNotFoundError")
    assert repository.client.get(f"/v1/manifests/{name}").status_code == 200


def test_what_expired_is_not_found(repository: Repository) -> None:
    payload, name, _ = repository.published(expiresDays=1e-9)
    wait_until(lambda: repository.found(payload) == [])
    assert kind(repository.client.get(f"/v1/manifests/{name}")) == (404, "ManifestNotFoundError")
    for days in (0, -1, "nan", "inf", 1e9):
        assert kind(repository.publish(b"a", expiresDays=days)) == (400, "RequestError")


@pytest.mark.parametrize("name", ["unknown", "a b", "%00", "%ff", "a" * 301, "urn:c2pa:%E2%80%AE"])
def test_names_that_are_none(repository: Repository, name: str) -> None:
    answer = repository.client.get(f"/v1/manifests/{name}")
    assert kind(answer)[0] in (400, 404)


def test_a_receipt_proves_what_was_published_and_when(repository: Repository) -> None:
    payload = b"receipt1"
    store = signed_store(repository.chain, payload)
    answer = repository.publish(store, returnReceipt="true").json()
    name, receipt = answer["manifestId"], answer["receipt"]
    assert receipt["@type"] == "org.c2pa.manifest-receipt"
    assert receipt["repository"] == {"uri": "http://testserver/v1", "manifestId": name}
    place = f"/v1/manifests/{name}/receipts"
    assert receipt["anchor"]["uri"] == f"http://testserver{place}"
    assert repository.client.get(place).json() == receipt | {"verified": True}
    assert repository.client.post(place, json=receipt).json() == receipt | {"verified": True}
    datetime.fromisoformat(receipt["anchor"]["parameters"]["published"])


def test_a_stranger_can_check_a_receipt(repository: Repository) -> None:
    """As docs/repository.md says."""
    import hashlib
    import json

    def decoded(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    _, name, store = repository.published()
    receipt = repository.client.get(f"/v1/manifests/{name}/receipts").json()
    stated = receipt["anchor"]["parameters"]
    key = Ed25519PublicKey.from_public_bytes(decoded(stated["publicKey"]))
    signed = {
        "manifestId": name,
        "published": stated["published"],
        "sha256": hashlib.sha256(store).hexdigest(),
    }
    proof = decoded(receipt["anchor"]["proof"]["value"])
    key.verify(proof, json.dumps(signed, sort_keys=True, separators=(",", ":")).encode())
    with pytest.raises(InvalidSignature):
        key.verify(proof, json.dumps(signed).encode())


def test_a_receipt_that_was_changed_is_told(repository: Repository) -> None:
    _, name, _ = repository.published()
    _, other, _ = repository.published()
    place = f"/v1/manifests/{name}/receipts"
    receipt = repository.client.get(place).json()

    def checked(**changes: Any) -> Any:
        return repository.client.post(place, json=receipt | changes).json()

    anchor = receipt["anchor"]
    for changed in (
        {"repository": receipt["repository"] | {"manifestId": other}},
        {"anchor": anchor | {"proof": {"alg": "none", "value": ""}}},
        {"anchor": anchor | {"proof": anchor["proof"] | {"value": "AAAA"}}},
        {"anchor": anchor | {"parameters": anchor["parameters"] | {"published": "2020-01-01"}}},
        {"anchor": anchor | {"parameters": None}},
    ):
        answer = checked(**changed)
        assert answer["verified"] is False
        assert answer["error"].startswith("the receipt")
    wrong = repository.client.post(place, json=receipt | {"@type": "other"})
    assert kind(wrong) == (400, "RequestError")
    gone = repository.client.post("/v1/manifests/urn:c2pa:gone/receipts", json=receipt)
    assert kind(gone) == (404, "ManifestNotFoundError")


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_value_is_bound_by_the_signer_alone(repository: Repository, method: str) -> None:
    payload, name, _ = repository.published()

    def bind(value: bytes, manifest: str) -> Any:
        body = {"bindingValue": base64.b64encode(value).decode(), "manifestId": manifest}
        return repository.client.request(method, "/v1/bindings", json=body, headers=repository.key)

    assert bind(payload, name).status_code == 204
    assert kind(bind(b"another1", name)) == (403, "NotSignedError")
    assert kind(bind(payload, "urn:c2pa:unknown")) == (404, "ManifestNotFoundError")
    assert repository.found(b"another1") == []
    without = repository.client.request(method, "/v1/bindings", json={})
    assert kind(without) == (401, "KeyMissingError")


def test_looking_up_needs_the_key_of_the_service(started: Started) -> None:
    reader = Keys({"desk": "0" * 64})
    repository = started(keys=reader)
    repository.published()
    assert kind(repository.matches(b"12345678")) == (401, "KeyMissingError")
    assert kind(repository.client.get("/v1/manifests/a")) == (401, "KeyMissingError")
    assert repository.matches(b"12345678", **repository.key).status_code == 200  # a publisher's
    assert repository.client.get("/v1/services/supportedAlgorithms").status_code == 200


def test_looking_up_can_be_opened(started: Started) -> None:
    repository = started(keys=Keys({"desk": "0" * 64}), open_lookup=True)
    payload, name, _ = repository.published()
    assert repository.found(payload) == [name]
    assert repository.client.get("/v1/detectors").status_code == 401
    assert kind(repository.publish(b"a", {})) == (401, "KeyMissingError")


def test_look_ups_are_bounded_in_a_minute(started: Started) -> None:
    repository = started(lookups_per_minute=2)
    assert repository.matches(b"12345678").status_code == 200
    assert repository.matches(b"12345678").status_code == 200
    answer = repository.matches(b"12345678")
    assert kind(answer) == (429, "TooManyRequestsError")
    assert int(answer.headers["retry-after"]) >= 1
    assert "too many requests" in answer.json()["message"]


def test_what_the_api_says_of_itself(repository: Repository) -> None:
    get = repository.client.get
    known = get("/v1/services/supportedAlgorithms").json()
    assert known == {"watermarks": [{"alg": ALGORITHM}], "fingerprints": []}
    stated = get("/v1/services/capabilities").json()
    found = get("/.well-known/c2pa-soft-binding-resolution").json()
    assert stated["supportedCapabilities"] == ["storeManifests"]
    assert found["c2paSpecificationVersion"] == stated["c2paSpecificationVersion"] == "2.4.0"
    assert found["apiEndpoint"] == "/v1"
    assert get(found["statusEndpoint"]).json()["status"] == "ok"


def test_counts_for_prometheus(started: Started) -> None:
    repository = started()
    payload, _, store = repository.published()
    repository.publish(store)
    repository.publish(b"nonsense")
    repository.found(payload)
    repository.found(b"unknown!")
    text = repository.client.get("/metrics").text
    for line in (
        'camsim_publications_total{outcome="new"} 1.0',
        'camsim_publications_total{outcome="known"} 1.0',
        'camsim_publications_total{outcome="ManifestRefusedError"} 1.0',
        'camsim_lookups_total{outcome="found"} 1.0',
        'camsim_lookups_total{outcome="not found"} 1.0',
    ):
        assert line in text
    assert payload.hex() not in text


def test_pictures_are_not_read_without_a_key(repository: Repository) -> None:
    answer = repository.client.post(
        "/v1/matches/byContent",
        content=jpeg(photo((64, 64))),
        headers={"content-type": "image/jpeg"},
    )
    assert kind(answer) == (501, "NoKeyKnownError")
    by_reference = {"referenceUrl": "https://a.example/a.jpg", "assetLength": 1}
    answer = repository.client.post("/v1/matches/byReference", json=by_reference)
    assert kind(answer) == (501, "NoKeyKnownError")


@pytest.mark.slow
def test_a_picture_is_found_by_its_watermark(
    toy_folder: Path, tmp_path: Path, chain: Chain
) -> None:
    folder = tmp_path / "manifests"
    picture = photo((640, 800), levels=2.5)
    store = signed_store(chain, PAYLOAD)
    FolderRepository(folder, make=True).close()
    key = {"authorization": f"Bearer {add_key(folder / 'keys', 'desk')}"}
    verifier = Verifier.from_weights(toy_folder, resend_through=(), watermark_keys=[GROUP])
    settings = ServiceSettings(requests_per_minute=60, repository=folder)
    with TestClient(create_app(Service(verifier, settings, toy_folder))) as client:

        def by_content(content: bytes, query: str = "", **headers: str) -> Any:
            given = {"content-type": "image/jpeg"} | headers
            return client.post(f"/v1/matches/byContent{query}", content=content, headers=given)

        capabilities = client.get("/v1/services/capabilities").json()
        assert capabilities["supportedCapabilities"] == ["queryByContent", "storeManifests"]
        published = client.post("/v1/manifests", content=store, headers=STORE | key)
        assert published.status_code == 200
        match = {"matches": [{"manifestId": published.json()["manifestId"]}]}
        assert by_content(jpeg(picture)).json() == match
        form = client.post("/v1/matches/byContent", files={"file": ("a.jpg", jpeg(picture))})
        assert form.json() == match
        assert by_content(jpeg(picture), "?alg=com.example.other").json() == {"matches": []}
        plain = jpeg(photo((640, 800), levels=0))
        hint = f"&hintValue={base64.urlsafe_b64encode(PAYLOAD).decode()}"
        assert by_content(plain).json() == {"matches": []}
        assert by_content(plain, f"?hintAlg={ALGORITHM}{hint}").json() == match
        assert by_content(b"no picture").status_code == 422
        audio = by_content(jpeg(picture), **{"content-type": "audio/mpeg"})
        assert kind(audio) == (415, "PhotoUnsupportedError")
        named = {"referenceUrl": "https://a.example/a.jpg", "assetLength": 1}
        refused = client.post("/v1/matches/byReference", json=named)
        assert kind(refused) == (403, "UrlsOffError")
        # Each counts as an analysis does; what is refused at once comes faster than they fill up.
        refused_at_once = {"content-type": "audio/mpeg"}
        wait_until(lambda: by_content(b"a", **refused_at_once).status_code == 429)


def test_a_folder_that_is_no_repository_is_refused(start: Start, tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="is no repository"):
        start(repository=tmp_path)


def test_without_a_repository_there_are_no_such_routes(client: TestClient) -> None:
    assert client.get("/v1/services/supportedAlgorithms").status_code == 404
    assert not any("manifests" in place for place in client.get("/openapi.json").json()["paths"])


def test_the_signed_photo_itself_is_no_manifest_store(repository: Repository, chain: Chain) -> None:
    answer = repository.publish(signed_photo(chain, b"payload1"))
    assert kind(answer) == (400, "ManifestRefusedError")


@pytest.mark.slow
def test_our_client_works_with_our_service(toy_folder: Path, tmp_path: Path, chain: Chain) -> None:
    """Over a real port: publish, publish again, look up, fetch, delete."""
    folder = tmp_path / "manifests"
    FolderRepository(folder, make=True).close()
    key = add_key(folder / "keys", "desk")
    publication = publication_of(signed_store(chain, b"payload1"), _Reader())
    options = ("--weights", toy_folder, "--resend", "--repository", folder)
    with served(*options) as server:
        client = open_repository(server.url, key=key)
        assert isinstance(client, HttpRepository)
        assert client.publish(publication, expires_days=2)
        assert not client.publish(publication)
        stranger = open_repository(server.url, key="")
        assert stranger.matches(ALGORITHM, b"payload1") == (publication.identifier,)
        assert stranger.manifest(publication.identifier) == publication.store
        assert client.algorithms() == (ALGORITHM,)
        client.delete(publication.identifier)
        assert stranger.matches(ALGORITHM, b"payload1") == ()
        with pytest.raises(RepositoryError, match="a key may be missing"):
            HttpRepository(Endpoint.of_url(server.url)).publish(publication)


class _Reader:
    def read_manifest(self, store: bytes) -> RecoveredManifest:
        return read_recovered(store)


@pytest.mark.slow
def test_a_killed_service_keeps_what_it_acknowledged(
    toy_folder: Path, tmp_path: Path, chain: Chain
) -> None:
    folder = tmp_path / "manifests"
    FolderRepository(folder, make=True).close()
    key = {"authorization": f"Bearer {add_key(folder / 'keys', 'desk')}"}
    stores = [signed_store(chain, b"killed%02d" % number) for number in range(8)]
    acknowledged: list[str] = []

    def publish(server: Server) -> None:
        with server.client() as client, contextlib.suppress(httpx.HTTPError):
            for store in stores:
                answer = client.post("/v1/manifests", content=store, headers=STORE | key)
                acknowledged.append(answer.json()["manifestId"])

    with served("--weights", toy_folder, "--resend", "--repository", folder) as server:
        publisher = threading.Thread(target=publish, args=(server,))
        publisher.start()
        wait_until(lambda: len(acknowledged) >= 3)
        server.signal(signal.SIGKILL)
        publisher.join()
    with FolderRepository(folder) as repository:
        for name in acknowledged:
            assert repository.manifest(name) in stores
