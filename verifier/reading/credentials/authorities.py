"""Certificates of the authorities above a signer's: one that was withdrawn vouches for nobody.

c2pa's reader reports the signer's own certificate. Those above stand in the signature beside it, or
in the list of trust anchors.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from verifier.reading.credentials.revocation import Certificate, certificate_of

if TYPE_CHECKING:
    from cryptography import x509

# A certificate in DER: a sequence that begins with one, both longer than 255 bytes (X.690, 8.1.3).
_BEGINNING: Final = re.compile(rb"(?=\x30\x82(..)\x30\x82)", re.DOTALL)
_MOST: Final = 10_000  # places that are tried
_DEEPEST: Final = 16  # certificates of a chain


def with_authorities(
    signer: Certificate | None, signature: bytes, anchors: str
) -> list[Certificate]:
    """Return a signer's certificate, and those of the authorities above that signed it.

    Parameters
    ----------
    signer
        As c2pa's reader reports it; None where it doesn't, as for a name in a rare encoding. Then
        all certificates beside the signature count as the signer's: which is, isn't known.
    signature
        The manifest's signature (COSE), with the certificates in it.
    anchors
        Trust anchors in PEM; "" for none.

    Returns
    -------
    The signer's first, then each that verifiably signed one before.
    """
    from cryptography import x509

    trusted = x509.load_pem_x509_certificates(anchors.encode()) if anchors else []
    beside = list(_certificates(signature))
    pool = [*beside, *trusted]
    chain = [found for found in beside if signer in (None, certificate_of(found))]
    for below in chain:
        above = [found for found in pool if found not in chain and _signed(found, below)]
        chain += above[: _DEEPEST - len(chain)]
    known = [*([signer] if signer else []), *map(certificate_of, chain)]
    return list(dict.fromkeys(known))


def _certificates(signature: bytes) -> Iterator["x509.Certificate"]:
    from cryptography import x509

    for number, found in enumerate(_BEGINNING.finditer(signature)):
        if number >= _MOST:
            return
        end = found.start() + 4 + int.from_bytes(found[1], "big")
        try:
            yield x509.load_der_x509_certificate(signature[found.start() : end])
        except ValueError:
            continue


def _signed(authority: "x509.Certificate", below: "x509.Certificate") -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        below.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
