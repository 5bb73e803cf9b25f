"""What the tests of every package share."""

import fcntl
import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

# Workers share the cores: a library's threads would wait for each other by spinning. Libraries read
# this when they are imported, and processes that tests start inherit it.
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

# Some hundred processes are started, each of which would else compile all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A shell's background jobs ignore Ctrl-C, and so would what tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).parents[1]


def pytest_collection() -> None:
    """Collect without looking for garbage: nearly all that is made stays, and is much."""
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest: else a worker ends alone with one of them."""

    def seconds(item: pytest.Item) -> float:
        slow = item.get_closest_marker("slow")
        return float(slow.kwargs.get("seconds", 0)) if slow else 0

    items.sort(key=seconds, reverse=True)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(20_000)  # of 700, a twentieth of all time is spent on it
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _decoders() -> Iterator[None]:
    from tests.verifier.shared_decoders import shared_decoders

    with shared_decoders():
        yield


@pytest.fixture(scope="session", autouse=True)
def _watermark_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests from keys and detectors of whoever runs them; that keys are made is no news."""
    from watermark.key_folder import own_keys

    folder = tmp_path_factory.mktemp("watermark-keys")
    own_keys(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAMSIM_WATERMARK_KEYS", str(folder))
        patch.setenv("CAMSIM_DETECTORS", str(tmp_path_factory.mktemp("no-detectors")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_lines_of_time() -> Iterator[None]:
    """Say nothing of work that a busy machine does slowly: tests read what is said else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("channel.terminal._FIRST_LINE", 600.0)
        patch.setattr("camera_sim.cli.at_work", lambda _: nullcontext())
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_flushing() -> Iterator[None]:
    """Let the system write when it likes: no test cuts the power but `PowerCuts`, by copies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        yield


MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Fill a folder, by its name, once for all workers; who asks meanwhile waits for it."""
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent

    def folder_of(name: str, fill: Callable[[Path], object]) -> Path:
        folder, part = common / name, common / f"{name}.part"
        with (common / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                shutil.rmtree(part, ignore_errors=True)  # of a worker that failed
                part.mkdir()
                fill(part)
                part.rename(folder)
        return folder

    return folder_of


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of shared data, outside the repository."""
    folder = Path(os.environ.get("CAMSIM_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}; set CAMSIM_SHARED to the folder that has data/")
    return folder
