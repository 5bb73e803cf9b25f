"""Who must sign a bundle: a developer and the release key, both certified under the vendor's root.

Two roles, two people: neither alone can put code onto cameras. The certificates travel beside the
envelope, and count for nothing until they chain to the root that is burnt into the device.
"""

from collections.abc import Mapping
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from camera_sim.errors import CredentialError, IdentityError
from camera_sim.signing import envelope
from camera_sim.signing.certificates import (
    FIRMWARE_ROLES,
    Role,
    common_name,
    from_der,
    public_key_of,
    role_of,
    verify_chain,
)
from camera_sim.signing.identity import Identity
from camera_sim.signing.keys import key_id
from camera_sim.signing.revocation import RevocationLists
from firmware_export.errors import SignatureError

KIND = "application/vnd.camsim.firmware-manifest+json"
FOLDER = "signers/"
Chain = tuple[x509.Certificate, ...]


def signed(payload: bytes, held: Mapping[str, bytes], by: Identity) -> tuple[bytes, str]:
    """Return the envelope with one more signature, and the signer's key id.

    Raises
    ------
    SignatureError
        If the identity is of no firmware role.
    """
    try:
        role = role_of(by.leaf)
    except IdentityError as error:
        raise SignatureError(str(error)) from error
    if role not in FIRMWARE_ROLES:
        raise SignatureError(
            f"{common_name(by.leaf)} is a {role}'s identity; firmware is signed by "
            f"{' and '.join(FIRMWARE_ROLES)}"
        )
    signer = key_id(by.key.public)
    signature = envelope.signature_of(payload, KIND, by.key)
    return envelope.sealed(payload, KIND, {**held, signer: signature}), signer


def to_der(chain: Chain) -> dict[str, bytes]:
    """Return a chain as members of the archive: leaf and issuers, by number."""
    signer = key_id(public_key_of(chain[0]))[:16]
    return {
        f"{FOLDER}{signer}.{depth}.cer": c.public_bytes(serialization.Encoding.DER)
        for depth, c in enumerate(chain)
    }


def chains(members: Mapping[str, bytes]) -> dict[str, Chain]:
    """Return the chains in an archive by the leaf's key id.

    Raises
    ------
    SignatureError
        If one cannot be read, or is of another key than its name says.
    """
    found: dict[str, list[x509.Certificate]] = {}
    for name in sorted(n for n in members if n.startswith(FOLDER)):
        try:
            certificate = from_der(members[name])
        except IdentityError as error:
            raise SignatureError(f"{name} is refused: {error}") from error
        found.setdefault(name.split(".")[0], []).append(certificate)
    read = {}
    for chain in map(tuple, found.values()):
        try:
            signer = key_id(public_key_of(chain[0]))
        except (IdentityError, ValueError) as error:
            raise SignatureError(str(error)) from error
        if not set(to_der(chain)) <= set(members):
            raise SignatureError(f"the certificates of {common_name(chain[0])} are misnamed")
        read[signer] = chain
    return read


def verify(
    payload: bytes,
    signatures: Mapping[str, bytes],
    held: Mapping[str, Chain],
    root: x509.Certificate,
    lists: RevocationLists | None,
    floors: Mapping[str, int] | None = None,
    at: datetime | None = None,
) -> dict[Role, x509.Certificate]:
    """Check that every role signed, and no one else; return who.

    Parameters
    ----------
    lists
        Revocation lists; None asks for none, which only a build machine may.
    floors
        The least number of each list.
    at
        When certificates must be valid; None on a device, whose clock can be set.

    Raises
    ------
    SignatureError
        With the reason.
    """
    if not signatures:
        raise SignatureError("it is not signed; sign it with `camsim firmware sign`")
    if set(signatures) != set(held):
        raise SignatureError("its signatures and its certificates do not belong together")
    signers: dict[Role, x509.Certificate] = {}
    try:
        for chain in held.values():
            verify_chain(chain, root, at)
            _check_revocation(chain, root, lists, floors)
            signers.setdefault(role_of(chain[0]), chain[0])
        missing = [role for role in FIRMWARE_ROLES if role not in signers]
        if missing or len(signers) != len(held):
            raise SignatureError(_missing(missing, [chain[0] for chain in held.values()]))
        keys = [public_key_of(chain[0]) for chain in held.values()]
        envelope.verify(payload, KIND, signatures, keys)
    except (IdentityError, CredentialError) as error:
        raise SignatureError(str(error)) from error
    return signers


def _check_revocation(
    chain: Chain,
    root: x509.Certificate,
    lists: RevocationLists | None,
    floors: Mapping[str, int] | None,
) -> None:
    """Check the leaf; the authorities above it are the vendor's own, replaced with the root."""
    if lists is not None:
        lists.check(chain[0], (*chain, root)[1], floors)


def _missing(missing: list[Role], leaves: list[x509.Certificate]) -> str:
    names = ", ".join(common_name(leaf) for leaf in leaves)
    if missing:
        return (
            f"it is signed by {names}; the signature of the {' and the '.join(missing)} is missing"
        )
    return f"it is signed by {names}; one signature a role is taken"
