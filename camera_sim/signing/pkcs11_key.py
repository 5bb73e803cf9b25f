"""A key that never leaves its PKCS#11 token: a hardware module, or SoftHSM in the tests.

Needs the extra ``pkcs11`` (python-pkcs11) and the token's own library.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pydantic import BaseModel, ConfigDict

from camera_sim.errors import IdentityError
from camera_sim.signing.keys import SigningKey
from channel.extras import to_install

COORDINATE = 32  # bytes of r and of s on P-256
P256_PARAMETERS = bytes.fromhex("06082a8648ce3d030107")  # the curve's OID, DER (RFC 5480)


class TokenKey(BaseModel):
    """Where a key lies, as an identity folder keeps it.

    Attributes
    ----------
    module
        The token's library.
    token, label
        Of the token, and of the key in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    module: Path
    token: str
    label: str


class Pkcs11Key(SigningKey):
    """A P-256 key in a token; only digests go in and only signatures come out.

    Parameters
    ----------
    place
        Where it lies.
    pin
        The user's PIN.

    Raises
    ------
    IdentityError
        If there is no such module, token or key, or the PIN is wrong.
    """

    def __init__(self, place: TokenKey, pin: str | None) -> None:
        self.place, self._pin = place, pin
        with self._session() as session:
            point = self._find(session, "PUBLIC_KEY")
            from pkcs11.util.ec import encode_ec_public_key

            public = serialization.load_der_public_key(encode_ec_public_key(point))
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise IdentityError(f"the key {place.label!r} is not on P-256")
        self.public = public

    def sign(self, data: bytes) -> bytes:
        """Sign in the token; see `SigningKey.sign`."""
        import pkcs11

        with self._session() as session:
            key = self._find(session, "PRIVATE_KEY")
            raw = key.sign(hashlib.sha256(data).digest(), mechanism=pkcs11.Mechanism.ECDSA)
        r, s = (int.from_bytes(part, "big") for part in (raw[:COORDINATE], raw[COORDINATE:]))
        return encode_dss_signature(r, s)

    @contextmanager
    def _session(self) -> Iterator[Any]:
        with token_session(self.place, self._pin) as session:
            yield session

    def _find(self, session: Any, kind: str) -> Any:
        import pkcs11

        return session.get_key(object_class=pkcs11.ObjectClass[kind], label=self.place.label)


def generate_in_token(place: TokenKey, pin: str | None) -> Pkcs11Key:
    """Make a new P-256 pair in the token, private half not extractable.

    Raises
    ------
    IdentityError
        As `Pkcs11Key`, or if the label is taken.
    """
    with token_session(place, pin, write=True) as session:
        import pkcs11

        if list(session.get_objects({pkcs11.Attribute.LABEL: place.label})):
            raise IdentityError(f"the token {place.token!r} has a key {place.label!r} already")
        parameters = session.create_domain_parameters(
            pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: P256_PARAMETERS}, local=True
        )
        parameters.generate_keypair(
            store=True,
            label=place.label,
            private_template={pkcs11.Attribute.EXTRACTABLE: False},
        )
    return Pkcs11Key(place, pin)


@contextmanager
def token_session(place: TokenKey, pin: str | None, *, write: bool = False) -> Iterator[Any]:
    """Open a session, the library's errors turned into ours."""
    try:
        import pkcs11
    except ImportError as error:
        raise IdentityError(
            f"a key in a token needs python-pkcs11: {to_install('pkcs11')}"
        ) from error
    try:
        token = pkcs11.lib(str(place.module)).get_token(token_label=place.token)
        with token.open(user_pin=pin, rw=write) as session:
            yield session
    except (pkcs11.PKCS11Error, RuntimeError) as error:
        reason = str(error) or type(error).__name__
        raise IdentityError(
            f"the key {place.label!r} of token {place.token!r} ({place.module}) cannot be used: "
            f"{reason}; check the module, the token and the PIN"
        ) from error
