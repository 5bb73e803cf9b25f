from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.verifier.conftest import jpeg
from tests.verifier.service.server import wait_until
from tests.verifier.toy import native
from verifier import Verifier
from verifier.service import Service, ServiceSettings, create_app
from verifier.service.fetching import Fetcher

Start = Callable[..., TestClient]


@pytest.fixture
def start(toy_folder: Path) -> Iterator[Start]:
    """Start services with the toy model; each ends after the test."""
    with ExitStack() as stack:

        def started(fetcher: Fetcher | None = None, **settings: object) -> TestClient:
            verifier = Verifier.from_weights(toy_folder, resend_through=("instagram",))
            given = ServiceSettings(**{"requests_per_minute": 0} | settings)
            service = Service(verifier, given, toy_folder, fetcher)
            client = stack.enter_context(TestClient(create_app(service)))
            wait_until(lambda: service.warm)
            return client

        yield started


@pytest.fixture
def client(start: Start) -> TestClient:
    return start()


@pytest.fixture(scope="session")
def photo() -> bytes:
    return jpeg(native())
