"""Nothing unverified is burnt, and nothing that is burnt makes a device useless for ever."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from camera_sim.device.device import Device
from camera_sim.device.one_time_memory import FILE, LIST_STEP, MOST, VERSION_STEP, OneTimeMemory
from camera_sim.errors import DeviceError, IdentityError
from camera_sim.signing.certificates import hash_for
from camera_sim.signing.keys import SoftwareKey, read_key
from camera_sim.signing.revocation import RevocationLists, revocation_list
from camera_sim.signing.vendor import KEY, REVOKED
from firmware_export.boot import boot, install, update_revocation_lists
from firmware_export.errors import BootError, BundleError, FirmwareError
from firmware_export.manifest import Manifest
from tests.camera_sim.conftest import Camsim
from tests.firmware_export.factory import Company, tiny_bundle

HUGE = 10**30


def of_vendor(maker: Company, authority: str, number: int) -> bytes:
    """Make the vendor's own list with a number of our choice."""
    key = read_key(maker.vendor.folder / authority / KEY, None)
    return revocation_list(maker.vendor.authority(authority), key, number, ())


def forged(maker: Company, authority: str, number: int) -> bytes:
    """Make a list in the vendor's name by another's key."""
    key = SoftwareKey.generate("ed25519")
    return revocation_list(maker.vendor.authority(authority), key, number, ())


def genuine(maker: Company) -> bytes:
    return (maker.vendor.folder / REVOKED).read_bytes()


def partial(maker: Company) -> bytes:
    """Make a list of one's own that says, critically, that it is not all of it."""
    now = datetime.now(UTC)
    key = read_key(maker.vendor.folder / "devices" / KEY, None)
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(maker.vendor.authority("devices").subject)
        .last_update(now)
        .next_update(now + timedelta(days=1))
        .add_extension(x509.CRLNumber(2), critical=False)
        .add_extension(x509.DeltaCRLIndicator(1), critical=True)
        .sign(key.private, hash_for(key.public))
    )
    return made.public_bytes(serialization.Encoding.PEM)


FORGERIES: dict[str, Callable[[Company], bytes]] = {
    "behind the genuine ones": lambda m: genuine(m) + forged(m, "devices", HUGE),
    "before the genuine ones": lambda m: forged(m, "devices", HUGE) + genuine(m),
    "in place of one": lambda m: forged(m, "devices", 5) + of_vendor(m, "firmware", 5),
    "two of one issuer, both genuine": lambda m: genuine(m) + of_vendor(m, "devices", 7),
    "one left out": lambda m: of_vendor(m, "devices", 7),
    "a number of twenty octets": lambda m: (
        of_vendor(m, "devices", 2**159 - 1) + of_vendor(m, "firmware", 2)
    ),
    "a number that spends the counter": lambda m: (
        of_vendor(m, "devices", MOST) + of_vendor(m, "firmware", 2)
    ),
    "a date for a number": lambda m: (
        of_vendor(m, "devices", 20261128) + of_vendor(m, "firmware", 20261128)
    ),
    "no whole list": lambda m: partial(m) + of_vendor(m, "firmware", 2),
    "text behind": lambda m: genuine(m) + b"and more",
    "text before": lambda m: b"# lists\n" + genuine(m),
    "text between": lambda m: of_vendor(m, "devices", 2) + b"\n" + of_vendor(m, "firmware", 2),
    "a certificate between": lambda m: (
        of_vendor(m, "devices", 2)
        + m.vendor.root.public_bytes(serialization.Encoding.PEM)
        + of_vendor(m, "firmware", 2)
    ),
    "the root's own list": lambda m: (
        genuine(m)
        + revocation_list(m.vendor.root, read_key(m.vendor.folder / "root" / KEY, None), 3, ())
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_lists_that_are_not_the_vendors_burn_nothing(
    forgery: str, ready: Device, maker: Company, tmp_path: Path, camsim: Camsim
) -> None:
    memory, held = (ready.folder / FILE).read_bytes(), (ready.folder / REVOKED).read_bytes()
    path = tmp_path / "revoked.pem"
    path.write_bytes(FORGERIES[forgery](maker))
    with pytest.raises((BootError, IdentityError)):
        update_revocation_lists(ready, path)
    ran = camsim("boot", "--device", ready.folder, "--revoked", path)
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert (ready.folder / FILE).read_bytes() == memory
    assert (ready.folder / REVOKED).read_bytes() == held
    boot(ready)
    path.write_bytes(genuine(maker))  # and the vendor's next list is still taken
    update_revocation_lists(ready, path)


def test_lists_of_the_vendor_burn_their_numbers(
    ready: Device, maker: Company, tmp_path: Path
) -> None:
    path = tmp_path / "revoked.pem"
    path.write_bytes(of_vendor(maker, "devices", 9) + of_vendor(maker, "firmware", 1 + LIST_STEP))
    update_revocation_lists(ready, path)
    assert sorted(ready.fuses.list_numbers.values()) == [9, 1 + LIST_STEP]
    boot(ready)


def test_a_factory_burns_no_number_that_its_authority_did_not_sign(
    maker: Company, tmp_path: Path
) -> None:
    kept = genuine(maker)
    try:
        (maker.vendor.folder / REVOKED).write_bytes(
            forged(maker, "devices", 9) + of_vendor(maker, "firmware", 9)
        )
        with pytest.raises(IdentityError, match="forged"):
            maker.device(tmp_path / "new")
    finally:
        (maker.vendor.folder / REVOKED).write_bytes(kept)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", [2 + VERSION_STEP, MOST])
def test_a_version_that_would_spend_the_fuse_is_refused(
    version: int, ready: Device, maker: Company, tmp_path: Path
) -> None:
    path = tmp_path / "next.camfw"
    path.write_bytes(maker.signed(tiny_bundle(version)))
    with pytest.raises(BundleError, match=f"from 1 to {version}, and may grow by"):
        install(ready, path)
    assert ready.fuses.security_version == 1


@pytest.mark.parametrize("version", [-1, MOST + 1, HUGE, True, 1.0])
def test_a_version_beyond_the_counter_is_no_manifest(version: object) -> None:
    with pytest.raises(ValueError, match="security_version"):
        Manifest.model_validate_json(json.dumps({"security_version": version}))


def test_build_says_what_versions_there_are(camsim: Camsim, tmp_path: Path) -> None:
    ran = camsim("firmware", "build", tmp_path, "--security-version", HUGE, "-o", tmp_path / "a")
    assert (ran.status, ran.err) == (2, f"camsim: --security-version is 0 to {MOST}, not {HUGE}\n")


@pytest.mark.parametrize(
    "changes",
    [
        {"security_version": 1 + VERSION_STEP + 1},
        {"security_version": HUGE},
        {"security_version": -1},
        {"list_numbers": {}},
        {"list_numbers": {"CN=somebody": 1}},
    ],
)
def test_the_memory_itself_refuses_what_cannot_be_undone(
    changes: dict[str, object], ready: Device
) -> None:
    fuses = ready.fuses
    with pytest.raises(DeviceError):
        OneTimeMemory(ready.folder).burn(fuses.model_copy(update=changes))
    grown = {name: number + LIST_STEP + 1 for name, number in fuses.list_numbers.items()}
    with pytest.raises(DeviceError, match="may grow by"):
        OneTimeMemory(ready.folder).burn(fuses.model_copy(update={"list_numbers": grown}))
    assert ready.fuses == fuses


def test_a_slot_whose_signature_fails_burns_no_version(
    ready: Device, maker: Company, tmp_path: Path
) -> None:
    """Unsigned, in a slot, by someone who can write flash and not fuses."""
    from firmware_export.slots import Slots, State

    slots = Slots(ready.folder)
    slots.image("b").write_bytes(tiny_bundle(9))
    slots.choose(State(active="b", trial=True))
    assert boot(ready).slot == "a"
    assert ready.fuses.security_version == 1


def test_provisioning_overwrites_nothing(maker: Company, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "root.pem").write_text("mine")
    with pytest.raises(DeviceError, match="holds something else"):
        maker.device(tmp_path / "mine")
    assert [(p.name, p.read_text()) for p in (tmp_path / "mine").iterdir()] == [
        ("root.pem", "mine")
    ]
    (tmp_path / "empty").mkdir()
    maker.device(tmp_path / "empty").fuses  # noqa: B018 - it is one


def test_lists_are_read_as_one_form(maker: Company) -> None:
    with pytest.raises(IdentityError, match="two revocation lists of one issuer"):
        RevocationLists(genuine(maker) * 2, "lists")
    with pytest.raises((IdentityError, FirmwareError), match="something beside them"):
        RevocationLists(genuine(maker).replace(b"\n", b"\r\n", 1), "lists")
