"""A device's photos carry a watermark of its group, and state its payload under their signature."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from camera_sim.device.device import Device
from camera_sim.signing.certificates import to_pem
from firmware_export.boot import boot, install
from tests.camera_sim.conftest import Camsim
from tests.firmware_export.factory import Company, capture_file, tiny_bundle
from tests.firmware_export.test_credentials import assertion, develop, read
from verifier import read_watermark
from verifier.judging.facts import edits
from verifier.reading.credentials import read_credential

PAYLOAD = "0123456789abcdef"
WORDS = ("--payload", PAYLOAD)


@pytest.fixture
def marking(maker: Company, device: Device, tmp_path: Path) -> Device:
    """A device whose network embeds a watermark that it is given."""
    (tmp_path / "marking.camfw").write_bytes(maker.signed(tiny_bundle(levels=4)))
    install(device, tmp_path / "marking.camfw")
    boot(device)
    return device


def pixels(path: Path) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(path)).astype(float)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
@pytest.mark.parametrize("taken", [True, False])
def test_the_payload_is_stated_in_the_signed_photo(
    taken: bool, suffix: str, camsim: Camsim, marking: Device, maker: Company, tmp_path: Path
) -> None:
    raw = capture_file(tmp_path / "capture.dng", marking if taken else None)
    out = tmp_path / f"a.{suffix}"
    ran = develop(camsim, marking, raw, out, *WORDS)
    assert (ran.status, ran.err) == (0, "")
    assert f"watermark {PAYLOAD}  → {out}" in ran.out
    state, manifest, failures = read(out, maker)
    assert (state, failures) == ("Trusted", [])
    assert assertion(manifest, "c2pa.soft-binding") == {
        "alg": "org.camsim.watermark.1",
        "name": "camsim watermark",
        "blocks": [{"scope": {}, "value": PAYLOAD}],
    }
    actions = [one["action"] for one in assertion(manifest, "c2pa.actions.v2")["actions"]]
    assert actions == (["c2pa.created"] if taken else ["c2pa.opened", "org.camsim.developed"]) + [
        "c2pa.watermarked.bound"
    ]


@pytest.mark.slow
def test_our_verifier_takes_no_offence_at_a_watermark(
    camsim: Camsim, marking: Device, maker: Company, tmp_path: Path
) -> None:
    raw = capture_file(tmp_path / "capture.dng", marking)
    assert develop(camsim, marking, raw, tmp_path / "a.jpg", *WORDS).status == 0
    data, root = (tmp_path / "a.jpg").read_bytes(), to_pem([maker.vendor.root]).decode()
    found = read_credential(data, "image/jpeg", root, None)
    assert (found.integrity.state, found.trust.state) == ("intact", "trusted")
    assert (found.faults, edits(found)) == ((), [])
    assert found.development is not None
    anchors = tmp_path / "root.pem"
    anchors.write_text(root)
    ran = camsim("verify", tmp_path / "a.jpg", "--trust-anchors", anchors, "--resend")
    assert ran.status == 0, ran.out
    assert "watermarked" not in ran.out


@pytest.mark.slow
def test_the_watermark_is_of_the_devices_group(
    camsim: Camsim, marking: Device, maker: Company, tmp_path: Path
) -> None:
    raw = capture_file(tmp_path / "capture.dng", marking, side=1024)
    ran = develop(camsim, marking, raw, tmp_path / "a.jpg")
    assert ran.status == 0, ran.err
    [drawn] = re.findall("watermark ([0-9a-f]{16}) ", ran.out)
    found = read_watermark(tmp_path / "a.jpg", [maker.vendor.watermark_group()], search=False)
    assert found.payload is not None
    assert found.payload.hex() == drawn


def test_each_photo_gets_another_payload(camsim: Camsim, marking: Device, tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    for n in range(3):
        capture_file(tmp_path / "card" / f"{n}.dng", marking, seed=n)
    ran = develop(camsim, marking, tmp_path / "card", tmp_path / "out")
    assert ran.status == 0, ran.err
    assert len(set(re.findall("watermark ([0-9a-f]{16}) ", ran.out))) == 3
    ran = develop(camsim, marking, tmp_path / "card", tmp_path / "none", *WORDS)
    assert (ran.status, (tmp_path / "none").exists()) == (2, False)
    assert "--payload names one photo, and there are 3 RAW files to develop" in ran.err


@pytest.mark.slow
def test_without_a_watermark_it_is_the_plain_network(
    camsim: Camsim, marking: Device, maker: Company, tmp_path: Path
) -> None:
    raw = capture_file(tmp_path / "capture.dng", side=1024)
    for name, words in (("plain", ("--no-watermark",)), ("again", ("--no-watermark",)), ("a", ())):
        ran = develop(camsim, marking, raw, tmp_path / f"{name}.png", *words)
        assert (ran.status, "watermark " in ran.out) == (0, not words)
    plain = pixels(tmp_path / "plain.png")
    assert (pixels(tmp_path / "again.png") == plain).all()
    assert (pixels(tmp_path / "a.png") - plain).std() == pytest.approx(4, rel=0.3)
    _, manifest, _ = read(tmp_path / "plain.png", maker)
    assert "c2pa.soft-binding" not in [one["label"] for one in manifest["assertions"]]


def test_a_device_without_keys_still_develops_and_says_so(
    camsim: Camsim, marking: Device, tmp_path: Path
) -> None:
    shutil.rmtree(marking.folder / "watermark")
    raw = capture_file(tmp_path / "capture.dng", marking)
    ran = develop(camsim, marking, raw, tmp_path / "b.jpg", *WORDS)
    assert (ran.status, (tmp_path / "b.jpg").exists()) == (2, False)
    assert "has no watermark keys: it was provisioned before there were any" in ran.err
    ran = develop(camsim, marking, raw, tmp_path / "a.jpg")
    assert ran.status == 0
    [line] = ran.err.splitlines()
    assert line.endswith("; its photos get no watermark")
    assert "watermark " not in ran.out


def test_a_network_without_the_input_embeds_no_payload(
    camsim: Camsim, ready: Device, tmp_path: Path
) -> None:
    raw = capture_file(tmp_path / "capture.dng", ready)
    ran = develop(camsim, ready, raw, tmp_path / "a.jpg", *WORDS)
    assert (ran.status, (tmp_path / "a.jpg").exists()) == (2, False)
    assert "the pipeline rnet, which the device booted, embeds no payload" in ran.err
    assert develop(camsim, ready, raw, tmp_path / "a.jpg").status == 0  # its token is still good
