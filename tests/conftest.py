"""What the tests of every package share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Workers share the cores: a library's threads would wait for each other by spinning. Libraries read
# this when they are imported, and processes that tests start inherit it.
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def _decoders() -> Iterator[None]:
    from tests.verifier.shared_decoders import shared_decoders

    with shared_decoders():
        yield


@pytest.fixture(scope="session", autouse=True)
def _watermark_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests develop from the keys of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAMSIM_WATERMARK_KEYS", str(tmp_path_factory.mktemp("watermark-keys")))
        yield


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of shared data, outside the repository."""
    folder = Path(os.environ.get("CAMSIM_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}; set CAMSIM_SHARED to the folder that has data/")
    return folder
