"""A device's photos with a watermark hold a reference picture; c2pa's own reader accepts them."""

import json
import shutil
from contextlib import nullcontext
from pathlib import Path

import c2pa
import numpy as np
import pytest

from camera_sim.device.device import Device
from camera_sim.device.photo_journal import ROOM_FOR_CREDENTIAL
from channel.picture_file import open_picture
from tests.camera_sim.conftest import Camsim
from tests.firmware_export.factory import Company, capture_file
from tests.firmware_export.test_credentials import MIME, assertion, develop, read
from tests.firmware_export.test_watermark import WORDS, marking
from tests.firmware_export.timestamp_authority import timestamp_authority
from verifier.reading.credentials.store_bytes import manifest_store_of
from watermark.reference import MOST_BYTES, ReferencePicture

__all__ = ["marking"]  # a fixture
MARKED = {"c2pa.soft-binding", "org.camsim.reference"}
NOT_MARKED = ("--no-watermark",)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_it_shows_the_photo_that_was_signed(
    suffix: str, camsim: Camsim, marking: Device, maker: Company, tmp_path: Path
) -> None:
    raw = capture_file(tmp_path / "capture.dng", marking, side=700)
    out = tmp_path / f"a{suffix}"
    assert develop(camsim, marking, raw, out, *WORDS).status == 0
    reference = ReferencePicture.of_statement(
        assertion(read(out, maker)[1], "org.camsim.reference")
    )
    assert reference is not None
    shown = np.asarray(open_picture(out.read_bytes()).srgb())
    assert (reference.photo_height, reference.photo_width) == shown.shape[:2]
    assert difference(reference, shown) < 2  # JPEG's own loss in both
    assert difference(reference, shown[::-1]) > 10


def difference(reference: ReferencePicture, photo: np.ndarray) -> float:
    """Return how far a reference is from that of another photo, in levels."""
    pair = [one.pixels() for one in (reference, ReferencePicture.of_photo(photo))]
    found, expected = (pixels.astype(float) for pixels in pair if pixels is not None)
    return float(np.abs(found - expected).mean())


@pytest.mark.parametrize("dated", [False, True])
@pytest.mark.parametrize("words", [WORDS, NOT_MARKED])
@pytest.mark.parametrize("suffix", MIME)
def test_c2pa_accepts_every_photo(
    suffix: str,
    words: tuple[str, ...],
    dated: bool,
    camsim: Camsim,
    marking: Device,
    maker: Company,
    tmp_path: Path,
) -> None:
    if dated and not shutil.which("openssl"):
        pytest.skip("there is no openssl command")
    raw = capture_file(tmp_path / "capture.dng", marking)
    taken, opened = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    with timestamp_authority(tmp_path / "authority") if dated else nullcontext() as url:
        more = ("--timestamp", url) if url else ()
        for out in (taken, opened):  # its token is used up the second time
            assert develop(camsim, marking, raw, out, *words, *more).status == 0
    for out in (taken, opened):
        state, manifest, failures = read(out, maker)
        assert (state, failures) == ("Trusted", [])
        assert read(out)[::2] == ("Valid", ["signingCredential.untrusted"])
        labels = {one["label"] for one in manifest["assertions"]}
        assert labels & MARKED == (MARKED if words == WORDS else set())
        assert ("time" in manifest["signature_info"]) == dated


def test_all_of_it_is_the_signers_own_word(camsim: Camsim, marking: Device, tmp_path: Path) -> None:
    out = tmp_path / "a.jpg"
    assert develop(camsim, marking, capture_file(tmp_path / "a.dng", marking), out).status == 0
    with c2pa.Reader(out) as reader:
        store = json.loads(reader.detailed_json())
    claim = store["manifests"][store["active_manifest"]]["claim"]
    assert not claim.get("gathered_assertions")
    labels = {one["url"].split("/")[-1] for one in claim["created_assertions"]}
    assert labels >= MARKED | {"c2pa.actions.v2", "org.camsim.development", "c2pa.hash.data"}


def test_a_network_that_embeds_none_states_none(
    camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    raw = capture_file(tmp_path / "capture.dng", ready)
    assert develop(camsim, ready, raw, tmp_path / "a.jpg").status == 0
    labels = [one["label"] for one in read(tmp_path / "a.jpg", maker)[1]["assertions"]]
    assert labels == ["c2pa.actions.v2", "org.camsim.development"]


def test_the_credential_fits_into_the_room_that_is_taken_for_it(
    camsim: Camsim, marking: Device, tmp_path: Path
) -> None:
    out = tmp_path / "a.jpg"
    raw = capture_file(tmp_path / "capture.dng", marking, side=1024)
    assert develop(camsim, marking, raw, out).status == 0
    store = manifest_store_of(out.read_bytes(), "image/jpeg")
    assert store is not None
    stated = len(assertion(read(out)[1], "org.camsim.reference")["data"])
    longest = 4 * -(-MOST_BYTES // 3)  # in base64
    assert len(store) - stated + longest < ROOM_FOR_CREDENTIAL / 1.5


@pytest.mark.slow
def test_a_photo_of_several_processes_holds_it_too(
    camsim: Camsim, device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMSIM_WATERMARK_KEYS", str(tmp_path / "keys"))
    (tmp_path / "card").mkdir()
    for n in range(2):
        capture_file(tmp_path / "card" / f"{n}.dng", seed=n)
    signs = ("--identity", device.identity_folder, "--pipeline", "qnet")
    for processes in (1, 2):
        out = tmp_path / f"{processes}"
        ran = camsim("develop", tmp_path / "card", *signs, "--processes", processes, "--out", out)
        assert ran.status == 0, ran.err
        for photo in sorted(out.iterdir()):
            manifest = read(photo)[1]
            [block] = assertion(manifest, "c2pa.soft-binding")["blocks"]
            assert f"watermark {block['value']}" in ran.out
            reference = ReferencePicture.of_statement(assertion(manifest, "org.camsim.reference"))
            assert reference is not None
            assert difference(reference, np.asarray(open_picture(photo.read_bytes()).srgb())) < 2
