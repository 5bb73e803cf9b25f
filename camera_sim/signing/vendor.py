"""A camera vendor's certificate authority: a root, and CAs for devices and for firmware under it.

::

    vendor/
    ├── root/       key.pem  certificate.pem     the root; a real one is kept offline
    ├── devices/    key.pem  certificate.pem     issues to cameras (C2PA)
    ├── firmware/   key.pem  certificate.pem     issues to developers and the release key
    ├── issued.json                              every certificate, and which are revoked
    ├── revoked.pem                              the revocation lists, for devices and verifiers
    └── watermark/  group.json                   its devices' key, made with the first of them
"""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography import x509
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from camera_sim.device import durable
from camera_sim.device.one_time_memory import MOST
from camera_sim.errors import IdentityError
from camera_sim.signing.certificates import (
    LIFETIME,
    Role,
    ca_certificate,
    common_name,
    fingerprint,
    from_pem,
    leaf_certificate,
    root_certificate,
    subject_name,
    to_pem,
)
from camera_sim.signing.keys import (
    Algorithm,
    Passphrase,
    PublicKey,
    SoftwareKey,
    read_key,
    write_key,
)
from camera_sim.signing.revocation import REASONS, Revoked, revocation_list
from channel.regular_file import read_regular
from watermark.errors import WatermarkError
from watermark.key_files import read_key_file, write_key_file
from watermark.key_folder import GROUP
from watermark.keys import GroupKey

Authority = Literal["devices", "firmware"]
AUTHORITIES: tuple[Authority, ...] = ("devices", "firmware")
OF_ROLE: dict[Role, Authority] = {
    "device": "devices", "developer": "firmware", "release": "firmware",
}  # fmt: skip
CERTIFICATE, KEY, ISSUED, REVOKED = "certificate.pem", "key.pem", "issued.json", "revoked.pem"
WATERMARK_GROUP = Path("watermark") / GROUP


class Issued(BaseModel):
    """A certificate that the vendor issued.

    Attributes
    ----------
    serial
        In hex.
    revoked_on, reason
        None and "" while it is good.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    serial: str
    role: Role
    subject: str
    fingerprint: str
    not_after: AwareDatetime
    revoked_on: AwareDatetime | None = None
    reason: str = ""


class Ledger(BaseModel):
    """What a vendor issued and revoked.

    Attributes
    ----------
    list_number
        Of the revocation lists last made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    organisation: str
    algorithm: Algorithm
    list_number: int = Field(default=1, ge=1, le=MOST, strict=True)
    issued: tuple[Issued, ...] = ()


@dataclass(frozen=True)
class Vendor:
    """An opened authority.

    Attributes
    ----------
    folder
        Where it is kept.
    root
        The certificate that devices and verifiers trust.
    """

    folder: Path
    root: x509.Certificate
    ledger: Ledger
    passphrase: Passphrase = None

    @classmethod
    def create(
        cls, folder: Path, organisation: str, algorithm: Algorithm, passphrase: Passphrase
    ) -> "Vendor":
        """Make a new authority in a folder that is not there yet.

        Raises
        ------
        IdentityError
            If the folder is there, or the name does not fit into a certificate.
        """
        if folder.exists():
            raise IdentityError(f"{folder} exists; name a new folder for the vendor")
        subject_name(organisation, organisation)
        making = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(making, ignore_errors=True)
        root_key = SoftwareKey.generate(algorithm)
        root = root_certificate(organisation, root_key)
        _store(making / "root", root_key, root, passphrase)
        for authority in AUTHORITIES:
            key = SoftwareKey.generate(algorithm)
            certificate = ca_certificate(organisation, authority, key.public, root, root_key)
            _store(making / authority, key, certificate, passphrase)
        vendor = cls(making, root, Ledger(organisation=organisation, algorithm=algorithm),
                     passphrase)  # fmt: skip
        vendor._write_lists(vendor.ledger)
        vendor._write_ledger(vendor.ledger)
        durable.move(making, folder)
        return cls.open(folder, passphrase)

    @classmethod
    def open(cls, folder: Path, passphrase: Passphrase = None) -> "Vendor":
        """Open an authority; its keys are opened when they are used.

        Raises
        ------
        IdentityError
            If there is none in the folder.
        """
        try:
            ledger = Ledger.model_validate_json((folder / ISSUED).read_bytes())
        except (OSError, ValidationError) as error:
            raise IdentityError(
                f"{folder} is no vendor's folder; make one with `camsim identity init`"
            ) from error
        return cls(folder, read_certificate(folder / "root" / CERTIFICATE), ledger, passphrase)

    def authority(self, name: Authority) -> x509.Certificate:
        """Return an issuing CA's certificate."""
        return read_certificate(self.folder / name / CERTIFICATE)

    def watermark_group(self) -> GroupKey:
        """Return the watermark key of its devices, which are one group; it is made when needed.

        Raises
        ------
        IdentityError
            If it can't be read or written.
        """
        path = self.folder / WATERMARK_GROUP
        try:
            write_key_file(path, GroupKey.draw())  # of several processes the first one's stays
            return read_key_file(path, GroupKey)
        except WatermarkError as error:
            raise IdentityError(str(error)) from error

    def issue(
        self, role: Role, name: str, public: PublicKey, *, one_photo: bool = False
    ) -> tuple[x509.Certificate, ...]:
        """Certify a key; returns the chain, leaf first, without the root.

        Raises
        ------
        IdentityError
            If the authority's key cannot be opened.
        """
        authority = OF_ROLE[role]
        issuer = self.authority(authority)
        key = read_key(self.folder / authority / KEY, self.passphrase)
        term = "photo" if one_photo else "device" if role == "device" else "firmware"
        subject = subject_name(self.ledger.organisation, name)
        leaf = leaf_certificate(role, subject, public, issuer, key, LIFETIME[term])
        self._record(leaf, role)
        return leaf, issuer

    def revoke(self, serial: str, reason: str) -> Issued:
        """Revoke a certificate by its serial number, or the beginning of it, in hex.

        Raises
        ------
        IdentityError
            If no certificate, several, or an already revoked one is meant.
        """
        if reason not in REASONS:
            raise IdentityError(f"there is no reason {reason!r}; there are {', '.join(REASONS)}")
        with durable.locked(self.folder):
            ledger = Vendor.open(self.folder).ledger
            meant = [one for one in ledger.issued if one.serial.startswith(serial.lower())]
            if len(meant) != 1 or not serial:
                raise IdentityError(f"{len(meant)} certificates have serials beginning {serial!r}")
            if meant[0].revoked_on:
                raise IdentityError(f"{meant[0].serial} was revoked already")
            if ledger.list_number == MOST:
                raise IdentityError("the revocation lists have had their last number")
            gone = meant[0].model_copy(update={"revoked_on": datetime.now(UTC), "reason": reason})
            issued = tuple(gone if one == meant[0] else one for one in ledger.issued)
            update = {"issued": issued, "list_number": ledger.list_number + 1}
            changed = ledger.model_copy(update=update)
            self._write_lists(changed)
            self._write_ledger(changed)
            return gone

    def _record(self, leaf: x509.Certificate, role: Role) -> None:
        entry = Issued(
            serial=f"{leaf.serial_number:040x}",
            role=role,
            subject=common_name(leaf),
            fingerprint=fingerprint(leaf),
            not_after=leaf.not_valid_after_utc,
        )
        with durable.locked(self.folder):
            ledger = Vendor.open(self.folder).ledger
            self._write_ledger(ledger.model_copy(update={"issued": (*ledger.issued, entry)}))

    def _write_ledger(self, ledger: Ledger) -> None:
        content = ledger.model_dump_json(indent=2) + "\n"
        durable.write_whole(self.folder / ISSUED, content.encode())

    def _write_lists(self, ledger: Ledger) -> None:
        lists = b""
        for authority in AUTHORITIES:
            key = read_key(self.folder / authority / KEY, self.passphrase)
            gone = [
                Revoked(int(one.serial, 16), one.revoked_on, one.reason)
                for one in ledger.issued
                if OF_ROLE[one.role] == authority and one.revoked_on
            ]
            lists += revocation_list(self.authority(authority), key, ledger.list_number, gone)
        durable.write_whole(self.folder / REVOKED, lists)


def read_certificate(path: Path) -> x509.Certificate:
    """Read one certificate from a file.

    Raises
    ------
    IdentityError
        If it is missing or none.
    """
    try:
        return from_pem(read_regular(path), path)[0]
    except OSError as error:
        raise IdentityError(f"the certificate {path} cannot be read: {error.strerror}") from error


def _store(
    folder: Path, key: SoftwareKey, certificate: x509.Certificate, passphrase: Passphrase
) -> None:
    write_key(folder / KEY, key, passphrase)
    durable.write_whole(folder / CERTIFICATE, to_pem([certificate]))
