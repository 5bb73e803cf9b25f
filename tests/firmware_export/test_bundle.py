"""Bundles: one form, every bit of it refused when flipped, two roles, and what attackers try."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.errors import IdentityError, WeightsError
from camera_sim.signing.envelope import canonical_json, sealed
from camera_sim.signing.envelope import opened as envelope_opened
from camera_sim.signing.identity import Secrets, new_generation
from camera_sim.signing.keys import SoftwareKey
from firmware_export import archive, signatures
from firmware_export.bundle import ENVELOPE, built, opened, signed
from firmware_export.contract import read_exported
from firmware_export.errors import (
    ArchiveError,
    BundleError,
    ExportError,
    FirmwareError,
    SignatureError,
)
from tests.firmware_export.factory import (
    RELEASE,
    Company,
    company,
    tiny_bundle,
    tiny_model,
    with_weights_elsewhere,
)


def refused(data: bytes, by: Company) -> str:
    """Open and verify a bundle that must not pass; returns why."""
    with pytest.raises(FirmwareError) as caught:
        opened(data).verify(by.vendor.root, by.lists)
    return str(caught.value)


def changed(bundle: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """Change a bundle's members, the archive kept in form: what a careful attacker does."""
    members = archive.unpacked(bundle)
    change(members)
    return archive.packed(members)


def zipped(entries: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as file:
        for name, data in entries:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("warnings.warn", lambda *_, **__: None)  # of a name twice
                file.writestr(zipfile.ZipInfo(name, archive.EPOCH), data, compression)
    return made.getvalue()


def test_the_signed_bundle_is_good(maker: Company, release: bytes) -> None:
    signers = opened(release).verify(maker.vendor.root, maker.lists, {}, None)
    assert sorted(signers) == ["developer", "release"]


def test_building_twice_gives_the_same_bytes() -> None:
    assert tiny_bundle() == tiny_bundle()
    assert tiny_bundle() != tiny_bundle(gain=1.1)


def test_a_bundle_that_was_signed_with_the_old_name_of_a_field_is_good(maker: Company) -> None:
    """Its models' sizes say "traces" where they say "watermarked" today."""

    def older(members: dict[str, bytes]) -> None:
        payload, _ = envelope_opened(members[ENVELOPE], signatures.KIND)
        assert b'"watermarked":false' in payload
        before = payload.replace(b'"watermarked":false', b'"traces":true')
        members[ENVELOPE] = sealed(before, signatures.KIND, {})

    bundle = opened(maker.signed(changed(tiny_bundle(), older)))
    assert sorted(bundle.verify(maker.vendor.root, maker.lists)) == ["developer", "release"]
    assert bundle.models()["fp32"].size.watermarked


@pytest.mark.parametrize("algorithm", ["ed25519", "es256"])
def test_signing_twice_gives_the_same_bytes(algorithm: str, tmp_path: Path) -> None:
    made = company(tmp_path, algorithm)
    first = made.signed(tiny_bundle())
    assert first == made.signed(tiny_bundle())
    assert first == signed(signed(tiny_bundle(), made.release), made.developer)
    opened(first).verify(made.vendor.root, made.lists)


@pytest.mark.slow
def test_every_flipped_bit_of_the_file_is_refused(maker: Company, release: bytes) -> None:
    members = archive.unpacked(release)
    start = release.index(members["self-test/fp32.rgb"])
    middle = range(start + 64, start + len(members["self-test/fp32.rgb"]) - 64)
    for position in range(len(release)):
        if position in middle and position % 499:
            continue
        for bit in range(8):
            flipped = bytearray(release)
            flipped[position] ^= 1 << bit
            assert refused(bytes(flipped), maker)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(member=st.integers(0, 2**16), bit=st.integers(0, 2**32))
def test_a_flipped_bit_in_a_sound_archive_is_refused(
    member: int, bit: int, maker: Company, release: bytes
) -> None:
    members = archive.unpacked(release)
    name = sorted(members)[member % len(members)]
    _flip(members, name, bit)
    assert refused(archive.packed(members), maker)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["ed25519", "es256"])
def test_every_flipped_bit_of_the_certificates_is_refused(algorithm: str, tmp_path: Path) -> None:
    """Found so: a BIT STRING that claims unused bits is another encoding of one certificate."""
    made = company(tmp_path, algorithm)
    release = made.signed(tiny_bundle())
    members, bundle, lists = archive.unpacked(release), opened(release), made.lists
    files = sorted(name for name in members if name.startswith(signatures.FOLDER))
    if algorithm == "es256":  # of one signer alone: the other's differ in names and numbers
        files = [name for name in files if name.startswith(files[0].partition(".")[0])]
    for name in files:
        for bit in range(8 * len(members[name])):
            held = dict(members)
            _flip(held, name, bit)
            with pytest.raises(FirmwareError):
                signatures.verify(
                    bundle.payload,
                    bundle.signatures,
                    signatures.chains(held),
                    made.vendor.root,
                    lists,
                )


def _flip(members: dict[str, bytes], name: str, bit: int) -> None:
    flipped = bytearray(members[name])
    flipped[bit // 8 % len(flipped)] ^= 1 << (bit % 8)
    members[name] = bytes(flipped)


@given(data=st.binary(max_size=300))
def test_any_bytes_give_our_error(data: bytes) -> None:
    with pytest.raises(BundleError):
        opened(data)


def test_truncated_and_extended_files_are_refused(maker: Company, release: bytes) -> None:
    for length in (0, 1, 100, len(release) // 2, len(release) - 1):
        refused(release[:length], maker)
    assert "one form" in refused(release + b"\0", maker)
    assert "one form" in refused(b"#!/bin/sh\n" + release, maker)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/passwd",
        "models/../../evil",
        "c:\\evil",
        "a\\b",
        "models//x",
        "A.onnx",
        "models/x/y",
        "..",
        ".hidden",
        "nul\x00l",
        "",
        "ünï",
    ],
)
def test_a_path_outside_the_bundle_is_refused(name: str) -> None:
    with pytest.raises(ArchiveError, match="may not be in a bundle"):
        archive.check_name(name)
    if name:
        with pytest.raises(ArchiveError):
            opened(zipped([(name, b"evil")]))


def test_a_zip_bomb_is_refused_unopened() -> None:
    bomb = zipped([("models/bomb.onnx", bytes(50_000_000))], zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    with pytest.raises(ArchiveError, match="is compressed"):
        opened(bomb)


def test_overlapping_files_are_refused(release: bytes) -> None:
    """A bomb without compression: many directory entries that point at one file's data."""
    data = zipped([("a", bytes(1000)), ("b", b"")])
    spliced = data.replace(b"\x50\x4b\x01\x02", b"\x50\x4b\x01\x02", 1)
    with pytest.raises(ArchiveError):
        opened(spliced)


def test_two_files_of_one_name_are_refused(release: bytes) -> None:
    members = list(archive.unpacked(release).items())
    with pytest.raises(ArchiveError, match=r"two files of the name 'envelope\.json'"):
        opened(zipped([*members, (ENVELOPE, b"{}")]))


def test_a_manifest_that_names_a_model_it_lacks_is_refused(maker: Company, release: bytes) -> None:
    reason = refused(changed(release, lambda m: m.pop("models/rnet.fp32.onnx")), maker)
    assert reason == "its manifest names models/rnet.fp32.onnx, and it does not hold it"


def test_an_exchanged_model_is_refused(maker: Company, release: bytes) -> None:
    other = tiny_model(0.5).content
    reason = refused(changed(release, lambda m: m.update({"models/rnet.fp32.onnx": other})), maker)
    assert reason == "models/rnet.fp32.onnx is not the file that its manifest describes"


def test_a_file_that_the_manifest_does_not_name_is_refused(maker: Company, release: bytes) -> None:
    reason = refused(changed(release, lambda m: m.update({"other/extra": b"x"})), maker)
    assert reason == "it holds other/extra, which its manifest does not name"


def _altered_manifest(release: bytes, **changes: object) -> bytes:
    bundle = opened(release)
    payload = canonical_json({**json.loads(bundle.payload), **changes})
    held = sealed(payload, signatures.KIND, bundle.signatures)
    return changed(release, lambda m: m.update({ENVELOPE: held}))


@pytest.mark.parametrize(
    "changes",
    [
        {"security_version": 9},
        {"pair": "another-pair"},
        {"camera": "another camera"},
        {"fan_sha256": "0" * 64},
    ],
)
def test_an_altered_manifest_is_refused(
    changes: dict[str, object], maker: Company, release: bytes
) -> None:
    reason = refused(_altered_manifest(release, **changes), maker)
    assert reason == "a signature does not fit what was signed"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"models": []}, "which its manifest does not name"),
        ({"surprise": 1}, "surprise"),
        ({"security_version": -1}, "security_version"),
        ({"security_version": "1"}, "security_version"),
        ({"default_precision": "int8"}, "no int8 model"),
    ],
)
def test_a_malformed_manifest_is_refused(
    changes: dict[str, object], reason: str, maker: Company, release: bytes
) -> None:
    assert reason in refused(_altered_manifest(release, **changes), maker)


def test_an_unsigned_bundle_and_one_role_alone_are_refused(maker: Company) -> None:
    assert "not signed" in refused(tiny_bundle(), maker)
    one = signed(tiny_bundle(), maker.developer)
    assert refused(one, maker) == (
        "it is signed by the developer; the signature of the release is missing"
    )
    assert "developer is missing" in refused(signed(tiny_bundle(), maker.release), maker)
    with pytest.raises(SignatureError, match="signed it already"):
        signed(one, maker.developer)


def test_two_developers_are_no_release(maker: Company, tmp_path: Path) -> None:
    second = new_generation(
        tmp_path / "second",
        SoftwareKey.generate("ed25519"),
        lambda public: maker.vendor.issue("developer", "another developer", public),
        Secrets(),
    )
    both = signed(signed(tiny_bundle(), maker.developer), second)
    assert "signature of the release is missing" in refused(both, maker)


def test_another_vendors_signatures_are_refused(maker: Company, tmp_path: Path) -> None:
    other = company(tmp_path)
    reason = refused(other.signed(tiny_bundle()), maker)
    assert "was not issued by the Test Cameras root" in reason


def test_a_devices_key_cannot_sign_firmware(maker: Company, tmp_path: Path) -> None:
    device = maker.device(tmp_path / "camera")
    from camera_sim.signing.identity import open_identity

    identity = open_identity(device.identity_folder, Secrets())
    with pytest.raises(SignatureError, match="is a device's identity"):
        signed(tiny_bundle(), identity)


@pytest.mark.parametrize("role", ["developer", "release"])
def test_a_revoked_key_is_refused(role: str, tmp_path: Path) -> None:
    made = company(tmp_path)
    bundle = made.signed(tiny_bundle())
    identity = made.developer if role == "developer" else made.release
    made.vendor.revoke(f"{identity.leaf.serial_number:040x}", "key_compromise")
    assert "was revoked on" in refused(bundle, made)
    assert "(key compromise)" in refused(bundle, made)


def test_an_older_revocation_list_is_refused(tmp_path: Path) -> None:
    made = company(tmp_path)
    old = made.lists
    bundle = opened(made.signed(tiny_bundle()))
    made.vendor.revoke(f"{made.release.leaf.serial_number:040x}", "key_compromise")
    with pytest.raises(SignatureError, match="older than number 2"):
        bundle.verify(made.vendor.root, old, made.lists.numbers)


def test_a_revocation_list_of_another_vendor_is_forged(maker: Company, tmp_path: Path) -> None:
    other = company(tmp_path)
    bundle = opened(maker.signed(tiny_bundle()))
    with pytest.raises(SignatureError, match="forged"):
        bundle.verify(maker.vendor.root, other.lists)
    with pytest.raises(IdentityError, match="no file of revocation lists"):
        type(other.lists)(b"nothing", "nothing.pem")


def test_a_bundle_holds_the_parts_of_one_default(maker: Company) -> None:
    model = tiny_model(precision="fp16")
    with pytest.raises(BundleError, match="no dynamic int8 model"):
        built(RELEASE, {model.contract.name: model.model()}, "int8")


def test_a_model_with_weights_in_another_file_is_refused_at_every_door(
    maker: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Built, opened although rightly signed, read from a folder, and opened by an engine."""
    split = with_weights_elsewhere(tiny_model())
    models = {split.contract.name: split.model()}
    with pytest.raises(BundleError, match="keeps weights in another file"):
        built(RELEASE, models, "fp32")
    with monkeypatch.context() as careless:  # a build tool that does not look
        careless.setattr("firmware_export.bundle._check_whole", lambda *_: None)
        careless.setattr("channel.onnx_file.check_whole", lambda _: None)
        careless.setattr("firmware_export.self_test.answer", lambda _: np.zeros(9, np.uint8))
        careless.setattr("firmware_export.bundle.OnnxRuntimeEngine", lambda _: None)
        bundle = maker.signed(built(RELEASE, models, "fp32"))
    assert "models/rnet.fp32.onnx is no whole model" in refused(bundle, maker)
    (tmp_path / split.contract.name).write_bytes(split.content)
    (tmp_path / "kernel.bin").write_bytes(bytes(48))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ExportError, match="keeps weights in another file"):
        read_exported(tmp_path / split.contract.name)
    with pytest.raises(WeightsError, match="keeps weights in another file"):
        OnnxRuntimeEngine(split.model())
