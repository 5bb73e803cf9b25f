"""Signed photos, read by c2pa's own reader: what they say, and what cannot be made to lie."""

import hashlib
import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import c2pa
import numpy as np
import pytest
import tifffile
from PIL import Image

from camera_sim.device import capture_token
from camera_sim.device.device import Device
from camera_sim.errors import TokenError
from camera_sim.raw.raw_file import RawFile
from camera_sim.signing.certificates import to_pem
from camera_sim.signing.identity import Secrets, open_identity
from camera_sim.signing.vendor import REVOKED
from firmware_export.boot import booted
from tests.camera_sim.conftest import EXAMPLE, Camsim
from tests.firmware_export.factory import Company, capture_file, company
from tests.firmware_export.timestamp_authority import timestamp_authority
from verifier.reading.credentials import read_credential

MIME = {".jpg": "image/jpeg", ".png": "image/png", ".tif": "image/tiff"}
DIGITAL_CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


def read(photo: Path, root: Company | None = None) -> tuple[str, dict[str, Any], list[str]]:
    """Return c2pa's state, the active manifest, and the failures."""
    settings: dict[str, Any] = {"version": 1, "verify": {"remote_manifest_fetch": False}}
    if root:
        settings["trust"] = {"user_anchors": to_pem([root.vendor.root]).decode()}
    with (
        c2pa.Context.from_dict(settings) as context,
        photo.open("rb") as file,
        c2pa.Reader(MIME[photo.suffix], file, context=context) as reader,
    ):
        results = reader.get_validation_results() or {}
        failures = [entry["code"] for entry in results["activeManifest"]["failure"]]
        return str(reader.get_validation_state()), reader.get_active_manifest() or {}, failures


def assertion(manifest: dict[str, Any], label: str) -> dict[str, Any]:
    found = [one["data"] for one in manifest["assertions"] if one["label"] == label]
    assert len(found) == 1
    data: dict[str, Any] = found[0]
    return data


class Watch:
    """Tells of every audited event while it is on; a hook can't be taken out again."""

    def __init__(self, told: Callable[[str, tuple[object, ...]], None]) -> None:
        self.on, self._told = True, told
        sys.addaudithook(self)

    def __call__(self, event: str, words: tuple[object, ...]) -> None:
        if self.on:
            self.on = False  # what it does itself is not told
            self._told(event, words)
            self.on = True


def develop(camsim: Camsim, device: Device, raw: Path, out: Path, *words: object) -> Any:
    return camsim("develop", raw, "--device", device.folder, "--out", out, *words)


def test_a_capture_is_signed_as_one_and_trusted_with_our_root(
    camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    raw = capture_file(tmp_path / "capture.dng", ready)
    ran = develop(camsim, ready, raw, tmp_path / "a.jpg")
    assert (ran.status, ran.err) == (0, "")
    assert "signed as a digital capture, frame 1" in ran.out
    state, manifest, failures = read(tmp_path / "a.jpg", maker)
    assert (state, failures) == ("Trusted", [])
    actions = assertion(manifest, "c2pa.actions.v2")["actions"]
    assert [(a["action"], a["digitalSourceType"]) for a in actions] == [
        ("c2pa.created", DIGITAL_CAPTURE)
    ]
    firmware = booted(ready)
    assert assertion(manifest, "org.camsim.development") == {
        "pipeline": "rnet",
        "pair": "test-pair-1",
        "weights_sha256": firmware.models["fp32"].sha256,
        "engine": "onnxruntime",
        "precision": "fp32",
        "bundle_sha256": firmware.bundle_sha256,
        "boot_log_sha256": firmware.boot_log_sha256,
        "raw_sha256": hashlib.sha256(raw.read_bytes()).hexdigest(),
    }
    assert "thumbnail" not in manifest
    assert manifest["signature_info"]["issuer"] == "Test Cameras"


def test_without_our_root_it_is_valid_and_untrusted(
    camsim: Camsim, ready: Device, tmp_path: Path
) -> None:
    develop(camsim, ready, capture_file(tmp_path / "capture.dng", ready), tmp_path / "a.jpg")
    state, _, failures = read(tmp_path / "a.jpg")
    assert (state, failures) == ("Valid", ["signingCredential.untrusted"])


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_other_formats_are_signed_too(
    suffix: str, camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    out = tmp_path / f"a.{suffix}"
    ran = develop(camsim, ready, capture_file(tmp_path / "capture.dng", ready), out)
    assert ran.status == 0, ran.err
    assert read(out, maker)[0] == "Trusted"


@pytest.mark.parametrize("raw", ["foreign.dng", "example"])
def test_a_foreign_raw_is_opened_with_its_hash_and_says_so(
    raw: str, camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    source = EXAMPLE if raw == "example" else capture_file(tmp_path / raw)
    ran = develop(camsim, ready, source, tmp_path / "a.jpg")
    assert ran.status == 0, ran.err
    assert "signed as opened, not as a capture: it has no capture token" in ran.out
    state, manifest, _ = read(tmp_path / "a.jpg", maker)
    assert state == "Trusted"
    actions = assertion(manifest, "c2pa.actions.v2")["actions"]
    assert [action["action"] for action in actions] == ["c2pa.opened", "org.camsim.developed"]
    assert DIGITAL_CAPTURE not in json.dumps(manifest)
    digest = assertion(manifest, "org.camsim.development")["raw_sha256"]
    ingredient = manifest["ingredients"][0]
    assert ingredient["instance_id"] == f"sha256:{digest}"
    assert ingredient["relationship"] == "parentOf"
    assert "no capture token" in ingredient["description"]


def _with_token_of(raw: Path, donor: Path) -> Path:
    """Put the capture token of one file into another: a foreign RAW passed as a capture."""
    places = []
    for path in (raw, donor):
        with tifffile.TiffFile(path) as tiff:
            places.append(tiff.pages[0].tags[capture_token.DNG_PRIVATE_DATA].valueoffset)
    token = donor.read_bytes()[places[1] : places[1] + capture_token.SPACE]
    content = bytearray(raw.read_bytes())
    content[places[0] : places[0] + capture_token.SPACE] = token
    raw.write_bytes(content)
    return raw


def test_a_foreign_raw_with_a_stolen_token_is_no_capture(
    camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    own = capture_file(tmp_path / "own.dng", ready)
    other = maker.device(tmp_path / "other")
    raw = _with_token_of(capture_file(tmp_path / "foreign.dng", other, seed=3), own)
    ran = develop(camsim, ready, raw, tmp_path / "a.jpg", "--captures-only")
    assert ran.status == 2
    assert ran.err == (
        f"camsim: {raw} cannot be signed as a capture: its capture token is of another frame, or "
        "the file was changed\n"
    )
    assert not (tmp_path / "a.jpg").exists()
    ran = develop(camsim, ready, raw, tmp_path / "a.jpg")
    assert "signed as opened, not as a capture: its capture token is of another frame" in ran.out
    assert DIGITAL_CAPTURE not in json.dumps(read(tmp_path / "a.jpg", maker)[1])


def test_a_replayed_token_is_refused(
    camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    raw = capture_file(tmp_path / "capture.dng", ready)
    assert develop(camsim, ready, raw, tmp_path / "a.jpg").status == 0
    ran = develop(camsim, ready, raw, tmp_path / "b.jpg", "--captures-only")
    assert ran.status == 2
    assert "its capture token, of frame 1, was used before" in ran.err
    assert not (tmp_path / "b.jpg").exists()


def test_frames_may_be_developed_in_any_order(
    camsim: Camsim, ready: Device, tmp_path: Path
) -> None:
    captures = [capture_file(tmp_path / f"{n}.dng", ready, seed=n) for n in range(3)]
    for raw in (captures[2], captures[0], captures[1]):
        ran = develop(camsim, ready, raw, raw.with_suffix(".jpg"), "--captures-only")
        assert ran.status == 0, ran.err
    for raw in captures:
        with pytest.raises(TokenError, match="was used before"):
            ready.check_capture(RawFile.read(raw))


def test_another_devices_token_is_refused(
    camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    other = maker.device(tmp_path / "other")
    raw = capture_file(tmp_path / "capture.dng", other)
    ran = develop(camsim, ready, raw, tmp_path / "a.jpg", "--captures-only")
    assert ran.status == 2
    assert "not of this camera's sensor" in ran.err


@pytest.mark.parametrize("where", [0.02, 0.3, 0.9, 0.999])
def test_a_changed_raw_is_no_capture(where: float, ready: Device, tmp_path: Path) -> None:
    raw = capture_file(tmp_path / "capture.dng", ready)
    content = bytearray(raw.read_bytes())
    content[int(where * len(content))] ^= 1
    raw.write_bytes(content)
    with pytest.raises(TokenError):
        ready.check_capture(RawFile.read(raw))


def test_a_raw_that_is_exchanged_once_opened_does_not_lend_its_token(
    camsim: Camsim, ready: Device, tmp_path: Path
) -> None:
    """A card that gives a genuine capture when it is opened first, and a fake from then on."""
    raw, fake = (
        capture_file(tmp_path / "capture.dng", ready),
        capture_file(tmp_path / "fake.dng", seed=5),
    )
    genuine, opened = raw.read_bytes(), []

    def at_event(event: str, words: tuple[object, ...]) -> None:
        if opened and fake.exists():
            fake.replace(raw)
        if event == "open" and isinstance(words[0], str | Path) and Path(words[0]) == raw:
            opened.append(words)

    watch = Watch(at_event)
    ran = develop(camsim, ready, raw, tmp_path / "a.png")
    watch.on = False
    assert ran.status == 0, ran.err
    assert "signed as a digital capture, frame 1" in ran.out
    assert len(opened) == 1
    made = assertion(read(tmp_path / "a.png")[1], "org.camsim.development")
    assert made["raw_sha256"] == hashlib.sha256(genuine).hexdigest()
    other = tmp_path / "other.dng"
    other.write_bytes(genuine)
    camsim("develop", other, "--device", ready.folder, "--out", tmp_path / "b.png")
    pixels = [np.asarray(Image.open(tmp_path / name)) for name in ("a.png", "b.png")]
    np.testing.assert_array_equal(*pixels)


@pytest.mark.parametrize(
    "after",
    [b"org.camsim.development", b"raw_sha256", b"c2pa.created", b"claim_generator_info", b"DQT"],
)
def test_a_flipped_bit_in_a_photo_is_found(
    after: bytes, camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    """In what was signed: the assertions, the claim, the picture. (COSE's padding says nothing.)"""
    photo = tmp_path / "a.jpg"
    develop(camsim, ready, capture_file(tmp_path / "capture.dng", ready), photo)
    content = bytearray(photo.read_bytes())
    place = content.rindex(b"\xff\xdb") + 40 if after == b"DQT" else content.index(after) + 30
    content[place] ^= 0x04
    settings = {"version": 1, "trust": {"user_anchors": to_pem([maker.vendor.root]).decode()}}
    try:
        with c2pa.Context.from_dict(settings) as context:
            reader = c2pa.Reader("image/jpeg", io.BytesIO(bytes(content)), context=context)
            state = reader.get_validation_state()
    except c2pa.C2paError:
        state = "unreadable"
    assert state in ("Invalid", "unreadable")


def test_a_raw_that_was_signed_brings_its_credential_along(
    camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    """A DNG with a manifest of its own, as some cameras write, becomes a signed ingredient."""
    identity = open_identity(ready.identity_folder, Secrets())
    from camera_sim.developing.credential import ALGORITHMS, SETTINGS

    raw, signed = capture_file(tmp_path / "capture.dng"), io.BytesIO()
    signer = c2pa.Signer.from_callback(
        identity.key.sign, ALGORITHMS[identity.key.algorithm], to_pem(identity.chain).decode()
    )
    with c2pa.Context.from_dict(SETTINGS) as context:
        c2pa.Builder({"assertions": []}, context=context).sign(
            signer, "image/dng", io.BytesIO(raw.read_bytes()), signed
        )
    raw.write_bytes(signed.getvalue())
    assert develop(camsim, ready, raw, tmp_path / "a.jpg").status == 0
    _, manifest, _ = read(tmp_path / "a.jpg", maker)
    assert manifest["ingredients"][0]["active_manifest"]


def test_an_identity_without_a_device_never_signs_a_capture(
    camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    raw = capture_file(tmp_path / "capture.dng", ready)
    words = ("--identity", ready.identity_folder, "--pipeline", "classical")
    ran = camsim("develop", raw, *words, "--out", tmp_path / "a.jpg")
    assert ran.status == 0, ran.err
    assert "signed as opened, not as a capture: no device vouches for it" in ran.out
    made = assertion(read(tmp_path / "a.jpg", maker)[1], "org.camsim.development")
    assert (made["weights_sha256"], made["bundle_sha256"]) == (None, None)
    ran = camsim("develop", raw, *words, "--captures-only", "--out", tmp_path / "b.jpg")
    assert (ran.status, ran.err) == (2, "camsim: --captures-only goes with --device\n")


def test_one_certificate_a_photo(
    camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    device, vendor = ready.folder, maker.vendor.folder
    ran = camsim("identity", "issue", vendor, "--device", device, "--photos", 2)
    assert ran.status == 0, ran.err
    serials = set()
    for n in range(2):
        raw = capture_file(tmp_path / f"{n}.dng", ready, seed=n)
        ran = develop(camsim, ready, raw, raw.with_suffix(".jpg"), "--certificate-per-photo")
        assert ran.status == 0, ran.err
        state, manifest, _ = read(raw.with_suffix(".jpg"), maker)
        assert state == "Trusted"
        serials.add(manifest["signature_info"]["cert_serial_number"])
    assert len(serials) == 2
    raw = capture_file(tmp_path / "last.dng", ready)
    ran = develop(camsim, ready, raw, tmp_path / "last.jpg", "--certificate-per-photo")
    assert ran.status == 2
    assert "no one-time certificate left" in ran.err
    assert not (tmp_path / "last.jpg").exists()
    ready.check_capture(RawFile.read(raw))  # its token is still good


def test_our_verifier_tells_integrity_trust_and_revocation_apart(
    camsim: Camsim, tmp_path: Path
) -> None:
    made = company(tmp_path / "company")
    device = made.device(tmp_path / "camera")
    words = ("--identity", device.identity_folder, "--pipeline", "classical")
    ran = camsim("develop", capture_file(tmp_path / "a.dng"), *words, "--out", tmp_path / "a.jpg")
    assert ran.status == 0, ran.err
    root = to_pem([made.vendor.root]).decode()
    good = (made.vendor.folder / REVOKED).read_text()
    serial = open_identity(device.identity_folder, Secrets()).leaf.serial_number
    made.vendor.revoke(f"{serial:040x}", "key_compromise")
    after = (made.vendor.folder / REVOKED).read_text()
    data, states = (tmp_path / "a.jpg").read_bytes(), []
    for anchors, lists in ((None, None), (root, None), (root, good), (root, after)):
        found = read_credential(data, "image/jpeg", anchors, lists)
        states.append((found.integrity.state, found.trust.state, found.revocation.state))
    assert states == [
        ("intact", "not checked", "not checked"),
        ("intact", "trusted", "not checked"),
        ("intact", "trusted", "not listed"),
        ("intact", "trusted", "revoked"),
    ]


def test_signatures_are_dated_by_an_authority_where_one_is_named(
    camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl command")
    raws = [capture_file(tmp_path / f"{n}.dng", ready, seed=n) for n in range(2)]
    develop(camsim, ready, raws[0], tmp_path / "plain.jpg")
    with timestamp_authority(tmp_path / "authority") as url:
        ran = develop(camsim, ready, raws[1], tmp_path / "dated.jpg", "--timestamp", url)
    assert ran.status == 0, ran.err
    assert "time" not in read(tmp_path / "plain.jpg", maker)[1]["signature_info"]
    state, manifest, _ = read(tmp_path / "dated.jpg", maker)
    assert state == "Trusted"
    assert manifest["signature_info"]["time"]


def test_a_timestamp_authority_that_does_not_answer_is_one_clear_sentence(
    camsim: Camsim, ready: Device, tmp_path: Path
) -> None:
    raw = capture_file(tmp_path / "capture.dng", ready)
    for url in ("http://127.0.0.1:9/", "ftp://nowhere"):
        ran = develop(camsim, ready, raw, tmp_path / "a.jpg", "--timestamp", url)
        assert ran.status == 2
        assert ran.err.startswith("camsim: the photo cannot be signed:")
        assert len(ran.err.splitlines()) == 1
        assert not (tmp_path / "a.jpg").exists()
    ready.check_capture(RawFile.read(raw))


def test_existing_files_and_tokens_are_kept(camsim: Camsim, ready: Device, tmp_path: Path) -> None:
    raw = capture_file(tmp_path / "capture.dng", ready)
    (tmp_path / "a.jpg").write_bytes(b"precious")
    assert develop(camsim, ready, raw, tmp_path / "a.jpg").status == 2
    assert (tmp_path / "a.jpg").read_bytes() == b"precious"
    ready.check_capture(RawFile.read(raw))
    assert not list(tmp_path.glob(".*part"))
