"""Which client asks, and by which name: only a proxy of the operator's is believed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.verifier.conftest import Camsim
from tests.verifier.service.conftest import Start, running
from tests.verifier.service.server import served
from tests.verifier.service.test_service import post
from verifier.errors import SettingsError
from verifier.service import ServiceSettings
from verifier.service.hosts import hosts_of
from verifier.service.proxies import client_network, trusted

PROXIES = trusted(["10.0.0.0/8", "192.0.2.7", "fd00::/8"])


@pytest.fixture(scope="module")
def named(toy_folder: Path) -> Iterator[TestClient]:
    """A service that has names of its own."""
    with running(toy_folder, allow_hosts=("desk.example", "::1")) as client:
        yield client


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.5", [], "203.0.113.5"),
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),  # written by the client itself
        ("10.1.1.1", [], "10.1.1.1"),
        ("10.1.1.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["8.8.8.8, 198.51.100.1"], "198.51.100.1"),  # the left part is the client's
        ("10.1.1.1", ["8.8.8.8", "198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["8.8.8.8, 198.51.100.1, 192.0.2.7"], "198.51.100.1"),
        ("10.1.1.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.1.1.1", ["8.8.8.8, unknown"], "10.1.1.1"),
        ("10.1.1.1", ["8.8.8.8, "], "10.1.1.1"),
        ("10.1.1.1", ["x" * 10_000], "10.1.1.1"),
        ("10.1.1.1", ["10.2.2.2, 10.3.3.3"], "10.2.2.2"),
        ("::ffff:10.1.1.1", ["198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["[2001:db8:1:2:aaaa::1]:80"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", [], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", [], "2001:db8:1:2::/64"),  # one subscriber has many addresses
        ("", [], "nobody"),
        ("testclient", [], "nobody"),
    ],
)
def test_who_asks(peer: str, forwarded: list[str], client: str) -> None:
    assert client_network(peer, forwarded, PROXIES) == client


@pytest.mark.slow
def test_a_client_cannot_name_itself_another(toy_folder: Path) -> None:
    names = {"X-Forwarded-For": "1.1.1.1", "Forwarded": "for=198.51.100.1", "X-Real-IP": "1.1.1.2"}
    with (
        served("--weights", toy_folder, "--resend", "--rate", 2) as server,
        server.client() as client,
    ):
        statuses = [
            client.post("/v1/analyses", files={"file": b"no picture"}, headers=headers).status_code
            for headers in ({}, {}, *({header: name} for header, name in names.items()))
        ]
    assert statuses == [422, 422, 429, 429, 429]


@pytest.mark.slow
def test_a_trusted_proxys_clients_have_a_rate_each(toy_folder: Path) -> None:
    options = ("--weights", toy_folder, "--resend", "--rate", 1, "--trusted-proxy", "127.0.0.0/8")
    with served(*options) as server, server.client() as client:
        statuses = [
            client.post(
                "/v1/analyses",
                files={"file": b"no picture"},
                headers={"X-Forwarded-For": f"6.6.6.{n}, {address}"},
            ).status_code
            for n, address in enumerate(["1.1.1.1", "1.1.1.1", "2.2.2.2"])
        ]
    assert statuses == [422, 429, 422]


@pytest.mark.parametrize("network", ["10.0.0.1/8", "proxy.example", "", "10.0.0.0/40"])
def test_proxies_that_are_no_network_are_refused(network: str) -> None:
    with pytest.raises(SettingsError, match="trusted proxy"):
        ServiceSettings(trusted_proxies=(network,))


@pytest.mark.parametrize(
    ("host", "given", "names"),
    [
        ("127.0.0.1", (), {"localhost", "127.0.0.1", "::1"}),
        ("localhost", (), {"localhost", "127.0.0.1", "::1"}),
        ("::1", ("Desk.example:80",), {"desk.example", "localhost", "127.0.0.1", "::1"}),
        ("127.0.0.1", ("*",), set()),
        ("0.0.0.0", (), set()),
        ("0.0.0.0", ("desk.example",), {"desk.example"}),
    ],
)
def test_names_that_are_taken(host: str, given: tuple[str, ...], names: set[str]) -> None:
    assert set(hosts_of(host, given)) == names


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("desk.example", 200), ("DESK.example:8000", 200), ("desk.example.", 200),
        ("[::1]:1", 200),
        ("evil.example", 421), ("desk.example.evil.example", 421), ("evil:desk.example", 421),
        ("", 421), ("127.0.0.1.nip.io", 421), ("\xff", 421),
    ],
)  # fmt: skip
def test_foreign_names_are_refused(host: str, status: int, named: TestClient) -> None:
    answer = named.get("/healthz", headers=[("host", host.encode("latin-1"))])
    assert answer.status_code == status
    if status == 421:
        assert answer.json()["kind"] == "MisdirectedError"
        assert "--allowed-host" in answer.json()["message"]


@pytest.mark.slow
def test_a_page_that_rebinds_its_name_gets_nothing(toy_folder: Path, photo: bytes) -> None:
    with served("--weights", toy_folder, "--resend") as server, server.client() as client:
        refused = client.post(
            "/v1/analyses", files={"file": photo}, headers={"host": "evil.example:8000"}
        )
        assert refused.status_code == 421
        assert client.get("/healthz", headers={"host": "localhost:8000"}).status_code == 200


def test_no_redirect_names_the_host_of_a_request(client: TestClient) -> None:
    for path in ("/healthz/", "/v1/analyses/", "/page", "//evil.example/page/"):
        answer = client.get(path, headers={"host": "evil.example"}, follow_redirects=False)
        assert answer.status_code == 404
        assert "location" not in answer.headers


def test_numbers_that_are_none_are_refused(camsim: Camsim) -> None:
    for option in ("--head-seconds", "--seconds", "--upload-seconds", "--keep-days"):
        for value in ("nan", "inf", "-1"):
            ran = camsim("serve", option, value)
            assert (ran.status, "give more than 0" in ran.err) == (2, True), ran.err


def test_the_rate_counts_a_whole_subscriber(start: Start, photo: bytes) -> None:
    client = start(requests_per_minute=1)
    assert [post(client, photo).status_code for _ in range(2)] == [200, 429]
