"""A signed PNG file one of whose assertions is other bytes than c2pa's builder can write."""

import hashlib
from io import BytesIO
from typing import Any

import c2pa
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.verifier.signing import Chain

_TO_LABEL = 33  # JUMBF: two box headers, a UUID and the toggles lie before a box's label


def with_other_bytes(
    data: bytes,
    chain: Chain,
    assertions: list[dict[str, Any]],
    label: bytes,
    swap: dict[bytes, bytes],
) -> bytes:
    """Sign a PNG file, exchange bytes of an assertion, and sign its claim anew."""
    key = serialization.load_pem_private_key(chain.key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    claims: list[tuple[bytes, bytes]] = []

    def signature(claim: bytes) -> bytes:
        pair = decode_dss_signature(key.sign(claim, ec.ECDSA(hashes.SHA256())))
        return b"".join(part.to_bytes(32, "big") for part in pair)

    def sign(claim: bytes) -> bytes:
        claims.append((claim, signature(claim)))
        return claims[-1][1]

    out = BytesIO()
    pem = chain.certificates.decode()
    settings = {
        "verify": {"verify_after_sign": False},
        "builder": {"thumbnail": {"enabled": False}},
    }
    with (
        c2pa.Signer.from_callback(sign, c2pa.C2paSigningAlg.ES256, pem, None) as signer,
        c2pa.Context.from_dict(settings) as context,
        c2pa.Builder({"assertions": assertions}, context) as builder,
    ):
        builder.sign(signer, "image/png", BytesIO(data), out)
    photo = out.getvalue()
    start = photo.index(label + b"\0") - _TO_LABEL
    box = photo[start : start + int.from_bytes(photo[start : start + 4], "big")]
    other = box
    for before, after in swap.items():
        assert len(before) == len(after)
        assert other.count(before) == 1
        other = other.replace(before, after)
    was, now = (hashlib.sha256(one[8:]).digest() for one in (box, other))
    [(claim, old)] = claims
    assert claim.count(was) == photo.count(was) == 1
    new = signature(claim.replace(was, now))
    return photo.replace(box, other).replace(was, now).replace(old, new)
