"""Signing keys: in files of mode 0600 with an optional passphrase, or behind a callback (PKCS#11).

Two algorithms, both in C2PA's list (specification 2.2, section 13.2.1) and in every library here:
ECDSA on P-256 with SHA-256 (``es256``) and Ed25519.
"""

import hashlib
import os
import stat
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from camera_sim.device import durable
from camera_sim.errors import IdentityError
from channel.regular_file import open_regular

Algorithm = Literal["es256", "ed25519"]
ALGORITHMS: tuple[Algorithm, ...] = ("es256", "ed25519")
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Passphrase = bytes | None


class SigningKey(ABC):
    """A private key that may be used and not seen.

    Attributes
    ----------
    public
        Its public half.
    """

    public: PublicKey

    @property
    def algorithm(self) -> Algorithm:
        """Which of the two it is."""
        return algorithm_of(self.public)

    @abstractmethod
    def sign(self, data: bytes) -> bytes:
        """Sign: ECDSA as DER (RFC 3279), Ed25519 as 64 bytes (RFC 8032)."""


class SoftwareKey(SigningKey):
    """A key in this process's memory.

    Parameters
    ----------
    private
        P-256 or Ed25519.
    """

    def __init__(self, private: PrivateKey) -> None:
        self.private = private
        self.public = private.public_key()

    @classmethod
    def generate(cls, algorithm: Algorithm) -> "SoftwareKey":
        """Draw a new key."""
        if algorithm == "es256":
            return cls(ec.generate_private_key(ec.SECP256R1()))
        return cls(ed25519.Ed25519PrivateKey.generate())

    def sign(self, data: bytes) -> bytes:
        """Sign; see `SigningKey.sign`. Equal data give equal signatures (RFC 6979)."""
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(data)
        return self.private.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))

    def pem(self, passphrase: Passphrase) -> bytes:
        """Return the PKCS#8 file, encrypted where there is a passphrase."""
        encryption = (
            serialization.BestAvailableEncryption(passphrase)
            if passphrase
            else serialization.NoEncryption()
        )
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )


def write_key(path: Path, key: SoftwareKey, passphrase: Passphrase) -> None:
    """Write a key to a file that only its owner can read."""
    durable.write_whole(path, key.pem(passphrase), durable.SECRET)


def read_key(path: Path, passphrase: Passphrase) -> SoftwareKey:
    """Read a key file.

    Raises
    ------
    IdentityError
        If it is missing, readable by others, encrypted otherwise, or no key of ours.
    """
    try:
        with open_regular(
            path
        ) as file:  # mode and content of one file, whatever is renamed meanwhile
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
    except OSError as error:
        raise IdentityError(f"the key {path} cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise IdentityError(f"the key {path} can be read by others (mode {mode:04o}); chmod 600 it")
    try:
        key = serialization.load_pem_private_key(content, passphrase or None)
    except TypeError as error:
        raise IdentityError(_passphrase_problem(path, passphrase)) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        hint = "the passphrase is wrong, or it is damaged" if passphrase else "it is damaged"
        raise IdentityError(f"the key {path} cannot be opened: {hint}") from error
    if isinstance(key, ed25519.Ed25519PrivateKey) or (
        isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)
    ):
        return SoftwareKey(key)
    raise IdentityError(f"the key {path} is neither P-256 nor Ed25519; issue another")


def _passphrase_problem(path: Path, passphrase: Passphrase) -> str:
    if passphrase:
        return f"the key {path} has no passphrase, and one was given; leave it away"
    return f"the key {path} has a passphrase; give it by --passphrase-file or CAMSIM_PASSPHRASE"


def algorithm_of(key: PublicKey) -> Algorithm:
    """Name a public key's algorithm."""
    return "ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else "es256"


def key_id(key: PublicKey) -> str:
    """Return the SHA-256 of the SubjectPublicKeyInfo, in hex."""
    encoded = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(encoded).hexdigest()
