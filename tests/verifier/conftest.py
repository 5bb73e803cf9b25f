from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.camera_sim.conftest import Camsim, camsim, stand_in_exports
from tests.verifier.read_once import readings_remembered
from tests.verifier.signing import Chain, make_chain
from tests.verifier.toy import Pixels, grain_detected, native, toy_weights
from verifier import Verifier

__all__ = ["Camsim", "camsim", "stand_in_exports"]


def jpeg(pixels: Pixels, **options: object) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **{"quality": 95, "subsampling": 0} | options)
    return file.getvalue()


@pytest.fixture(scope="package", autouse=True)
def _no_watermark_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Verify without keys, as most users do; tests of watermarks give their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAMSIM_WATERMARK_KEYS", str(tmp_path_factory.mktemp("no-watermark-keys")))
        yield


@pytest.fixture(scope="package", autouse=True)
def _grain_detected() -> Iterator[None]:
    with grain_detected():
        yield


@pytest.fixture(scope="package", autouse=True)
def _read_once() -> Iterator[None]:
    with readings_remembered():
        yield


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="session")
def verifier(toy_folder: Path) -> Iterator[Verifier]:
    """A verifier with the toy model and one platform to send through, for all tests."""
    given = {"resend_through": ("instagram",), "watermark_keys": ()}
    with grain_detected():  # sooner than for single packages
        made = Verifier.from_weights(toy_folder, **given)
    with made as shared:
        yield shared


@pytest.fixture(scope="session")
def chain() -> Chain:
    return make_chain()


@pytest.fixture
def photo_file(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(native()))
    return path
