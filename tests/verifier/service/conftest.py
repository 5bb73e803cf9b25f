from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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


@contextmanager
def running(
    folder: Path, fetcher: Fetcher | None = None, **settings: object
) -> Iterator[TestClient]:
    """Run a service with a folder of weights until the block ends."""
    verifier = Verifier.from_weights(folder, resend_through=("instagram",))
    given = ServiceSettings(**{"requests_per_minute": 0} | settings)
    service = Service(verifier, given, folder, fetcher)
    with TestClient(create_app(service)) as client:
        wait_until(lambda: service.warm)
        yield client


@pytest.fixture
def start(toy_folder: Path) -> Iterator[Start]:
    """Start services with the toy model; each ends after the test."""
    with ExitStack() as stack:
        yield lambda *given, **settings: stack.enter_context(
            running(toy_folder, *given, **settings)
        )


@pytest.fixture
def client(start: Start) -> TestClient:
    return start()


@pytest.fixture(scope="session")
def photo() -> bytes:
    return jpeg(native())
