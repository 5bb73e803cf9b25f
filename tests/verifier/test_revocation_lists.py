"""Revocation lists beside trust anchors: the third answer, apart from integrity and trust."""

from pathlib import Path

import pytest

from camera_sim.credential import Development, Signing
from camera_sim.identity import Secrets, open_identity
from camera_sim.output import Encoding, encode
from camera_sim.vendor import TRUST, Vendor
from tests.camera_sim.scenes import picture
from tests.firmware_export.factory import company, shot
from verifier.credentials import check_trust_anchors, read_credential
from verifier.errors import SettingsError


@pytest.fixture(scope="module")
def photo_and_lists(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str, str]:
    """A signed photo, and the vendor's trust file before and after its key was revoked."""
    folder = tmp_path_factory.mktemp("revoked")
    made = company(folder)
    camera = made.device(folder / "camera")
    identity = open_identity(camera.identity_folder, Secrets())
    told = Development(pipeline="rnet", pair=None, weights_sha256=None, engine="", precision="")
    signing = Signing(lambda: identity, told, camera)
    raw, photo = shot(folder / "shot.dng", camera), folder / "photo.jpg"
    origin = signing.origin(raw)
    photo.write_bytes(encode(picture(96, 96), Encoding()))
    signing.finish(photo, "jpeg", origin)
    before = (made.vendor.folder / TRUST).read_text()
    made.vendor.revoke(f"{identity.leaf.serial_number:040x}", "key_compromise")
    return photo.read_bytes(), before, (made.vendor.folder / TRUST).read_text()


def test_integrity_trust_and_revocation_are_told_apart(
    photo_and_lists: tuple[bytes, str, str],
) -> None:
    photo, before, after = photo_and_lists
    root = before[: before.index("-----END CERTIFICATE-----") + 26]
    states = {}
    for name, anchors in (("none", None), ("root", root), ("before", before), ("after", after)):
        found = read_credential(photo, "image/jpeg", anchors)
        states[name] = (found.integrity.state, found.trust.state, found.revocation.state)
    assert states == {
        "none": ("intact", "not checked", "not checked"),
        "root": ("intact", "trusted", "not checked"),
        "before": ("intact", "trusted", "not revoked"),
        "after": ("intact", "trusted", "revoked"),
    }


def test_another_vendors_lists_say_nothing(
    photo_and_lists: tuple[bytes, str, str], tmp_path: Path
) -> None:
    other = Vendor.create(tmp_path / "other", "Another Company", "ed25519", None)
    text = (other.folder / TRUST).read_text()
    found = read_credential(photo_and_lists[0], "image/jpeg", text)
    assert (found.trust.state, found.revocation.state) == ("untrusted", "not checked")


def test_forged_and_damaged_lists_are_refused(photo_and_lists: tuple[bytes, str, str]) -> None:
    _, before, after = photo_and_lists
    authorities = before[: before.index("-----BEGIN X509 CRL-----")]
    lists = after[after.index("-----BEGIN X509 CRL-----") :]
    check_trust_anchors(authorities + lists)
    root = before[: before.index("-----END CERTIFICATE-----") + 26]
    with pytest.raises(SettingsError, match="isn't signed by an authority in the same file"):
        check_trust_anchors(root + lists)
    with pytest.raises(SettingsError, match="can't be read"):
        check_trust_anchors(authorities + lists.replace("MII", "XXX"))
