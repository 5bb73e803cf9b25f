from collections.abc import Callable
from pathlib import Path

import pytest

from camera_sim.device.device import Device
from firmware_export.boot import boot, install
from tests.camera_sim.conftest import camsim  # noqa: F401
from tests.firmware_export.factory import Company, company, tiny_bundle

Provisioned = Callable[..., Device]


@pytest.fixture(scope="session")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A camera vendor that no test changes."""
    return company(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="session")
def release(maker: Company) -> bytes:
    """A signed bundle of security version 1."""
    return maker.signed(tiny_bundle())


@pytest.fixture
def device(maker: Company, tmp_path: Path) -> Device:
    """A provisioned device without firmware."""
    return maker.device(tmp_path / "camera")


@pytest.fixture
def ready(device: Device, release: bytes, tmp_path: Path) -> Device:
    """A device that has booted."""
    (tmp_path / "first.camfw").write_bytes(release)
    install(device, tmp_path / "first.camfw")
    boot(device)
    return device
