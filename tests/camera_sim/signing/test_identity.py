"""Keys, certificates and the vendor's authority: the commands, the profile, and bad input."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from camera_sim.errors import IdentityError
from camera_sim.signing.certificates import CLAIM_SIGNING, role_of, verify_chain
from camera_sim.signing.identity import Secrets, current_generation, open_identity, read_chain
from camera_sim.signing.keys import SoftwareKey, read_key, write_key
from camera_sim.signing.vendor import REVOKED, Vendor
from tests.camera_sim.conftest import Camsim

SOFTHSM = next(
    (
        path
        for path in (
            os.environ.get("SOFTHSM2_MODULE", ""),
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/lib64/pkcs11/libsofthsm2.so",
            "/opt/homebrew/lib/softhsm/libsofthsm2.so",
        )
        if path and Path(path).is_file()
    ),
    None,
)


@pytest.fixture
def vendor(camsim: Camsim, tmp_path: Path) -> Path:
    ran = camsim("identity", "init", tmp_path / "vendor", "--name", "Test Cameras")
    assert ran.status == 0, ran.err
    return tmp_path / "vendor"


def test_the_commands_from_vendor_to_device(camsim: Camsim, vendor: Path, tmp_path: Path) -> None:
    device = tmp_path / "camera"
    assert camsim("identity", "issue", vendor, "--device", device).status == 0
    folder = device / "identity"
    first = open_identity(folder, Secrets())
    ran = camsim("identity", "rotate", vendor, device)
    assert (ran.status, ran.err) == (0, "")
    second = open_identity(folder, Secrets())
    assert first.leaf.serial_number != second.leaf.serial_number
    assert not (folder / "1" / "key.pem").exists()
    assert read_chain(folder / "1")[0] == first.leaf
    ran = camsim("identity", "revoke", vendor, f"{first.leaf.serial_number:040x}"[:12])
    assert "revoked device camsim C1" in ran.out
    ran = camsim("identity", "show", vendor)
    assert ran.out.count("revoked 20") == 1
    ran = camsim("identity", "show", device)
    assert f"{second.leaf.serial_number:040x}" in ran.out
    assert "root of trust" in ran.out


def test_a_device_certificate_follows_c2pas_profile(
    camsim: Camsim, vendor: Path, tmp_path: Path
) -> None:
    camsim("identity", "issue", vendor, "--device", tmp_path / "camera")
    chain = open_identity(tmp_path / "camera" / "identity", Secrets()).chain
    leaf, extensions = chain[0], chain[0].extensions
    assert leaf.version == x509.Version.v3
    assert leaf.serial_number > 0
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign
    usages = set(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert usages == {CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION}
    extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    assert role_of(leaf) == "device"
    verify_chain(chain, Vendor.open(vendor).root, leaf.not_valid_before_utc)


def test_openssl_agrees_with_chain_and_lists(camsim: Camsim, vendor: Path, tmp_path: Path) -> None:
    """A second opinion: OpenSSL's verifier, on the chain and on the revocation lists."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl command")
    camsim("identity", "issue", vendor, "--role", "release", "--out", tmp_path / "role")
    folder = tmp_path / "role" / "1"
    words = [
        "openssl",
        "verify",
        "-CAfile",
        str(vendor / "root" / "certificate.pem"),
        "-untrusted",
        str(folder / "chain.pem"),
        "-CRLfile",
        str(vendor / REVOKED),
        "-crl_check",
        str(folder / "chain.pem"),
    ]
    good = subprocess.run(words, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stderr
    camsim("identity", "revoke", vendor, tmp_path / "role")
    bad = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "certificate revoked" in bad.stderr + bad.stdout


def test_chains_of_others_and_expired_ones_are_refused(
    camsim: Camsim, vendor: Path, tmp_path: Path
) -> None:
    camsim("identity", "init", tmp_path / "other")
    camsim("identity", "issue", vendor, "--role", "developer", "--out", tmp_path / "role")
    chain = read_chain(tmp_path / "role" / "1")
    with pytest.raises(IdentityError, match="was not issued by"):
        verify_chain(chain, Vendor.open(tmp_path / "other").root, None)
    with pytest.raises(IdentityError, match="was not issued by"):
        verify_chain(chain[:1], Vendor.open(vendor).root, None)
    with pytest.raises(IdentityError, match="is not one to sign with"):
        verify_chain(chain[1:], Vendor.open(vendor).root, None)
    with pytest.raises(IdentityError, match="may not issue certificates"):
        verify_chain((chain[0], *chain), Vendor.open(vendor).root, None)
    with pytest.raises(IdentityError, match="issue another"):
        verify_chain(
            chain, Vendor.open(vendor).root, chain[0].not_valid_after_utc.replace(year=2050)
        )


def test_keys_are_files_that_only_their_owner_reads(vendor: Path, tmp_path: Path) -> None:
    for path in vendor.rglob("key.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path = tmp_path / "key.pem"
    write_key(path, SoftwareKey.generate("es256"), None)
    path.chmod(0o644)
    with pytest.raises(IdentityError, match=r"can be read by others \(mode 0644\); chmod 600 it"):
        read_key(path, None)


@pytest.mark.parametrize("algorithm", ["es256", "ed25519"])
def test_a_passphrase_locks_a_key(algorithm: str, tmp_path: Path) -> None:
    path, key = tmp_path / "key.pem", SoftwareKey.generate(algorithm)
    write_key(path, key, b"secret")
    assert b"ENCRYPTED" in path.read_bytes()
    assert read_key(path, b"secret").sign(b"x") == key.sign(b"x")
    with pytest.raises(IdentityError, match="has a passphrase; give it"):
        read_key(path, None)
    with pytest.raises(IdentityError, match="the passphrase is wrong"):
        read_key(path, b"guess")
    write_key(path, key, None)
    with pytest.raises(IdentityError, match="has no passphrase, and one was given"):
        read_key(path, b"secret")


def test_passphrases_come_from_files_and_the_environment(
    camsim: Camsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vendor.txt").write_text("of the vendor\n")
    (tmp_path / "camera.txt").write_text("of the camera\n")
    vendor, device = tmp_path / "vendor", tmp_path / "camera"
    locked = ("--vendor-passphrase-file", tmp_path / "vendor.txt")
    assert camsim("identity", "init", vendor, *locked).status == 0
    issue = ("identity", "issue", vendor, "--device", device)
    words = ("--passphrase-file", tmp_path / "camera.txt")
    assert "has a passphrase; give it" in camsim(*issue, *words).err
    assert camsim(*issue, *words, *locked).status == 0
    open_identity(device / "identity", Secrets(b"of the camera"))
    monkeypatch.setenv("CAMSIM_VENDOR_PASSPHRASE", "of the vendor")
    monkeypatch.setenv("CAMSIM_PASSPHRASE", "another")
    assert camsim("identity", "rotate", vendor, device).status == 0
    open_identity(device / "identity", Secrets(b"another"))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("init", "VENDOR"), "exists; name a new folder"),
        (("init", "new", "--name", ""), "a certificate cannot be made out"),
        (("init", "new", "--name", "x" * 90), "a certificate cannot be made out"),
        (("issue", "nowhere", "--device", "d"), "is no vendor's folder"),
        (("issue", "VENDOR"), "name the device's folder with --device"),
        (("issue", "VENDOR", "--role", "release"), "goes with --out"),
        (("issue", "VENDOR", "--device", "d", "--photos", "0"), "--photos is 1 to 1000"),
        (("issue", "VENDOR", "--device", "d", "--photos", "3"), "no provisioned device"),
        (("issue", "VENDOR", "--device", "d", "--pkcs11-token", "t"), "needs --pkcs11-module"),
        (("rotate", "VENDOR", "nowhere"), "holds no identity"),
        (("revoke", "VENDOR", "ffff"), "0 certificates have serials beginning 'ffff'"),
        (("revoke", "VENDOR", "."), "holds no identity"),
        (("show", "nowhere"), "holds no identity"),
        (("issue", "VENDOR", "--device", "d", "--passphrase-file", "nowhere"), "cannot be read"),
    ],
)
def test_bad_input_is_one_clear_sentence(
    words: tuple[str, ...],
    reason: str,
    camsim: Camsim,
    vendor: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = camsim("identity", *(str(vendor) if word == "VENDOR" else word for word in words))
    assert ran.status == 2
    assert reason in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "new").exists()


def test_damaged_identities_are_one_clear_sentence(
    camsim: Camsim, vendor: Path, tmp_path: Path
) -> None:
    camsim("identity", "issue", vendor, "--role", "release", "--out", tmp_path / "role")
    folder = tmp_path / "role"
    assert current_generation(folder) == "1"
    (folder / "1" / "key.pem").write_text("no key")
    with pytest.raises(IdentityError, match="it is damaged"):
        open_identity(folder, Secrets())
    write_key(folder / "1" / "key.pem", SoftwareKey.generate("es256"), None)
    with pytest.raises(IdentityError, match="is of another key"):
        open_identity(folder, Secrets())
    (folder / "1" / "chain.pem").write_text("no certificate")
    with pytest.raises(IdentityError, match="holds no certificate"):
        open_identity(folder, Secrets())
    (folder / "current").write_text("../../x")
    with pytest.raises(IdentityError, match="is damaged"):
        open_identity(folder, Secrets())


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Make a SoftHSM token, and return the words that name a key in it."""
    if SOFTHSM is None or not shutil.which("softhsm2-util"):
        pytest.skip("SoftHSM is not installed")
    # One folder for the whole process: the library reads its configuration once.
    store = Path(os.environ.setdefault("CAMSIM_TEST_SOFTHSM", str(tmp_path.parent / "softhsm")))
    (store / "tokens").mkdir(parents=True, exist_ok=True)
    configuration = store / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {store / 'tokens'}\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    label = f"camera {os.urandom(4).hex()}"  # of up to 32 characters
    subprocess.run(
        [
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            label,
            "--so-pin",
            "1234",
            "--pin",
            "5678",
        ],
        check=True,
        capture_output=True,
    )
    monkeypatch.setenv("CAMSIM_PIN", "5678")
    return "--pkcs11-module", SOFTHSM, "--pkcs11-token", label, "--pkcs11-key", "photo key"


def test_a_key_in_a_token_signs_photos_and_never_leaves(
    token: tuple[str, ...],
    camsim: Camsim,
    vendor: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.firmware_export.factory import capture

    device = tmp_path / "camera"
    ran = camsim("identity", "issue", vendor, "--device", device, *token)
    assert ran.status == 0, ran.err
    assert not list((device / "identity").rglob("key.pem"))
    raw, photo = capture(tmp_path / "capture.dng"), tmp_path / "a.jpg"
    words = ("develop", raw, "--pipeline", "classical", "--identity", device / "identity")
    ran = camsim(*words, "--out", photo)
    assert ran.status == 0, ran.err
    from tests.firmware_export.test_credentials import read

    assert read(photo)[0] == "Valid"
    ran = camsim("identity", "issue", vendor, "--device", tmp_path / "second", *token)
    assert "has a key 'photo key' already" in ran.err
    monkeypatch.setenv("CAMSIM_PIN", "0000")
    ran = camsim(*words, "--out", tmp_path / "b.jpg")
    assert ran.status == 2
    assert "check the module, the token and the PIN" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "b.jpg").exists()
