"""Signed statements: DSSE envelopes (Dead Simple Signing Envelope 1.0) through securesystemslib.

One form alone is accepted for each envelope, canonical JSON without a bit to spare, so a file that
verifies is, byte for byte, the file that was signed.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import Key, Signature, SSlibKey

from camera_sim.errors import CredentialError
from camera_sim.signing.keys import PublicKey, SigningKey, key_id


def canonical_json(value: Any) -> bytes:
    """Return JSON with sorted names, no spaces, ASCII alone: RFC 8785's form for our contents."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode()


def sealed(payload: bytes, kind: str, signatures: Mapping[str, bytes]) -> bytes:
    """Return the envelope of a payload and its signatures by key id, as canonical JSON."""
    held = {key: Signature(key, raw.hex()) for key, raw in sorted(signatures.items())}
    return canonical_json(Envelope(payload, kind, held).to_dict())


def signature_of(payload: bytes, kind: str, key: SigningKey) -> bytes:
    """Sign the pre-authentication encoding of a payload."""
    return key.sign(Envelope(payload, kind, {}).pae())


def opened(data: bytes, kind: str) -> tuple[bytes, dict[str, bytes]]:
    """Return an envelope's payload and signatures by key id, not yet verified.

    Raises
    ------
    CredentialError
        If it is no envelope of this kind, or not in its one form.
    """
    try:
        envelope = Envelope.from_dict(json.loads(data))
        signatures = {key: bytes.fromhex(s.signature) for key, s in envelope.signatures.items()}
        again = sealed(envelope.payload, envelope.payload_type, signatures)
    except Exception as error:  # the parser's: KeyError, ValueError, binascii's, AttributeError
        raise CredentialError(f"it is no DSSE envelope ({type(error).__name__})") from error
    if envelope.payload_type != kind:
        raise CredentialError(f"the envelope holds {envelope.payload_type!r}, not {kind!r}")
    if again != data:
        raise CredentialError("the envelope is not in its canonical form; it was altered")
    return envelope.payload, signatures


def verify(
    payload: bytes, kind: str, signatures: Mapping[str, bytes], keys: Sequence[PublicKey]
) -> None:
    """Check that every one of these keys signed the payload.

    Raises
    ------
    CredentialError
        If one did not. No keys at all is an error too: it would be trivially valid.
    """
    if not keys:
        raise CredentialError("there is no key to check a signature with")
    held = {key: Signature(key, raw.hex()) for key, raw in signatures.items()}
    listed: list[Key] = [SSlibKey.from_crypto(key, keyid=key_id(key)) for key in keys]
    try:
        Envelope(payload, kind, held).verify(listed, len(listed))
    except VerificationError as error:
        raise CredentialError("a signature does not fit what was signed") from error
