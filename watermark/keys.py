"""Keys of the watermark, and what is derived from them.

A *group key* is shared by a vendor's devices of one group and by whoever may read their payloads.
A *device secret* never leaves its device and the vendor: a photo's own key is derived from it.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from watermark.errors import WatermarkError

KEY_BYTES = 32
DOMAIN = b"org.camsim.watermark.1 "  # what keys are for, so that none serves two purposes


@dataclass(frozen=True)
class Key:
    """A secret of 32 bytes; its text never shows it.

    Raises
    ------
    WatermarkError
        If it has another length.
    """

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise WatermarkError(f"a watermark key has 32 bytes, not {len(self.secret)}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"

    @property
    def name(self) -> str:
        """16 hex digits that tell keys apart and give nothing away."""
        return hashlib.sha256(DOMAIN + b"name" + self.secret).hexdigest()[:16]

    def words(self, purpose: str, count: int) -> NDArray[np.uint64]:
        """Draw pseudo-random numbers: ChaCha20 (RFC 8439) under a key by HKDF-SHA256 (RFC 5869).

        Parameters
        ----------
        purpose
            What they are for; another purpose draws other numbers.
        count
            How many.

        Returns
        -------
        (count,) uint64, little-endian from the key stream whose counter and nonce are 0.
        """
        key = HKDF(SHA256(), KEY_BYTES, salt=None, info=DOMAIN + purpose.encode())
        cipher = Cipher(ChaCha20(key.derive(self.secret), bytes(16)), mode=None)
        stream = cipher.encryptor().update(bytes(8 * count))
        return np.frombuffer(stream, "<u8").astype(np.uint64)


class GroupKey(Key):
    """Of a device group: lays and reads payloads."""

    @classmethod
    def draw(cls) -> "GroupKey":
        """Draw a new one."""
        return cls(secrets.token_bytes(KEY_BYTES))


class PhotoKey(Key):
    """Of one photo: lays and measures its octaves."""


class DeviceSecret(Key):
    """Of one device: gives each of its photos a key."""

    @classmethod
    def draw(cls) -> "DeviceSecret":
        """Draw a new one."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def of_photo(self, payload: bytes) -> PhotoKey:
        """Derive a photo's key from its payload of 8 bytes: HMAC-SHA256 (RFC 2104)."""
        return PhotoKey(hmac.digest(self.secret, DOMAIN + b"photo" + payload, "sha256"))
