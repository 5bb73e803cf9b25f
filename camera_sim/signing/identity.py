"""An identity: a key with its certificate chain, in a folder, changed all at once or not at all.

::

    identity/
    ├── current            names the generation in use; renaming a new one over it is the switch
    ├── 1/  2/ …           key.pem, or token.json of a PKCS#11 key; chain.pem, leaf first
    └── photos/0001/ …     one-time identities, each for one photo
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from pydantic import ValidationError

from camera_sim.device import durable
from camera_sim.errors import IdentityError
from camera_sim.signing.certificates import from_pem, same_key, to_pem
from camera_sim.signing.keys import (
    Passphrase,
    PublicKey,
    SigningKey,
    SoftwareKey,
    read_key,
    write_key,
)
from camera_sim.signing.pkcs11_key import Pkcs11Key, TokenKey
from channel.regular_file import read_regular

CURRENT, CHAIN, KEY, TOKEN, PHOTOS = "current", "chain.pem", "key.pem", "token.json", "photos"
Certify = Callable[[PublicKey], tuple[x509.Certificate, ...]]


@dataclass(frozen=True)
class Secrets:
    """What opens a key: the passphrase of a file, or the PIN of a token."""

    passphrase: Passphrase = None
    pin: str | None = None


@dataclass(frozen=True)
class Identity:
    """A key that can sign, and who says whose it is.

    Attributes
    ----------
    chain
        Leaf first, without the root.
    """

    key: SigningKey
    chain: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        """The key's own certificate."""
        return self.chain[0]


def open_identity(folder: Path, secrets: Secrets) -> Identity:
    """Open the identity that is in use.

    Raises
    ------
    IdentityError
        If there is none, it cannot be opened, or key and certificate do not belong together.
    """
    return _open(folder / current_generation(folder), secrets)


def _open(folder: Path, secrets: Secrets) -> Identity:
    chain = read_chain(folder)
    key = _read_any_key(folder, secrets)
    if not same_key(chain[0], key.public):
        raise IdentityError(f"the certificate in {folder} is of another key")
    return Identity(key, chain)


def read_chain(folder: Path) -> tuple[x509.Certificate, ...]:
    """Read the chain of a generation, leaf first; needs no secret."""
    path = folder / CHAIN
    try:
        return from_pem(read_regular(path), path)
    except OSError as error:
        raise IdentityError(f"the certificates {path} cannot be read: {error.strerror}") from error


def _read_any_key(folder: Path, secrets: Secrets) -> SigningKey:
    path = folder / TOKEN
    if not path.exists():
        return read_key(folder / KEY, secrets.passphrase)
    try:
        place = TokenKey.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise IdentityError(f"{path} does not say where a key lies") from error
    return Pkcs11Key(place, secrets.pin)


def current_generation(folder: Path) -> str:
    """Return the name of the generation in use.

    Raises
    ------
    IdentityError
        If the folder holds no identity.
    """
    try:
        name = (folder / CURRENT).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise IdentityError(
            f"{folder} holds no identity; issue one with `camsim identity issue`"
        ) from error
    if not name.isdecimal():
        raise IdentityError(f"{folder / CURRENT} is damaged: it names {name[:20]!r}")
    return name


def new_generation(folder: Path, key: SigningKey, certify: Certify, secrets: Secrets) -> Identity:
    """Store a key and its chain, and put them in the place of those before.

    A power cut before the last rename leaves the old identity in use, one after it the new. The
    old key is then deleted; its chain stays, so that photos it signed can be attributed.

    Raises
    ------
    IdentityError
        If the chain is not of the key.
    """
    with durable.locked(folder):
        chain = certify(key.public)
        if not same_key(chain[0], key.public):
            raise IdentityError("the certificate is of another key")
        name = _next_name(folder)
        _store(folder / name, key, chain, secrets.passphrase)
        durable.write_whole(folder / CURRENT, name.encode())
        for old in folder.iterdir():
            if old.name.isdecimal() and old.name != name:
                (old / KEY).unlink(missing_ok=True)
    return Identity(key, chain)


def _next_name(folder: Path) -> str:
    taken = [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
    return str(max(taken, default=0) + 1)


def _store(
    folder: Path, key: SigningKey, chain: tuple[x509.Certificate, ...], passphrase: Passphrase
) -> None:
    if isinstance(key, SoftwareKey):
        write_key(folder / KEY, key, passphrase)
    elif isinstance(key, Pkcs11Key):
        durable.write_whole(folder / TOKEN, key.place.model_dump_json().encode())
    durable.write_whole(folder / CHAIN, to_pem(chain))


def add_photo_identity(folder: Path, key: SoftwareKey, certify: Certify, secrets: Secrets) -> None:
    """Store a key and a certificate to be used for one photo and then forgotten."""
    pool = folder / PHOTOS
    pool.mkdir(parents=True, exist_ok=True)
    taken = [int(path.name) for path in pool.iterdir() if path.name.isdecimal()]
    name = f"{max(taken, default=0) + 1:04d}"
    making = pool / f".{name}.part"
    shutil.rmtree(making, ignore_errors=True)
    _store(making, key, certify(key.public), secrets.passphrase)
    durable.move(making, pool / name)


def take_photo_identity(folder: Path, secrets: Secrets) -> Identity:
    """Return the next one-time identity, and delete its key so that no second photo gets it.

    Raises
    ------
    IdentityError
        If none is left.
    """
    pool = folder / PHOTOS
    with durable.locked(folder):
        for used in pool.glob(".*.taken"):  # a key that a kill left, which nothing opens any more
            shutil.rmtree(used, ignore_errors=True)
        ready = sorted(p for p in pool.iterdir() if p.name.isdecimal()) if pool.is_dir() else []
        if not ready:
            raise IdentityError(
                f"{folder} has no one-time certificate left; issue more with "
                "`camsim identity issue --photos`"
            )
        identity = _open(ready[0], secrets)
        taken = pool / f".{ready[0].name}.taken"
        shutil.rmtree(taken, ignore_errors=True)
        durable.move(ready[0], taken)
        shutil.rmtree(taken)
    return identity
