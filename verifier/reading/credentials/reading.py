"""The manifest store of a file, read by c2pa-python, offline."""

import json
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from verifier.errors import SettingsError
from verifier.reading.credentials.authorities import with_authorities
from verifier.reading.credentials.container import STORE
from verifier.reading.credentials.coverage import uncovered
from verifier.reading.credentials.ingredients import no_answers
from verifier.reading.credentials.manifest_store import credential_of
from verifier.reading.credentials.revocation import Certificate, read_revocation_lists
from verifier.reading.credentials.withdrawal import certificates_of
from verifier.report.quoting import term
from verifier.report.record import Credential, Identity, Integrity, Revocation, SigningTime, Trust

if TYPE_CHECKING:
    import c2pa

_FOUND_NONE: Final = ("ManifestNotFound", "no JUMBF", "NotSupported", "could not be parsed")
_SIGNATURE: Final = "self#jumbf=/c2pa/{}/c2pa.signature"
_OFFLINE: Final = {
    "verify_trust": True,
    "verify_after_reading": True,
    "remote_manifest_fetch": False,
    "ocsp_fetch": False,
}


def no_credential() -> Credential:
    """Return the credential section of a file that has none."""
    return Credential(**dict(no_answers()))


def check_trust_anchors(pem: str) -> str:
    """Return certificates in PEM as they are.

    Raises
    ------
    SettingsError
        If there is none, or one that can't be read.
    """
    from cryptography import x509

    try:
        certificates = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise SettingsError(
            f"the trust anchors can't be read ({error}); give certificates in PEM, "
            "-----BEGIN CERTIFICATE----- and so on"
        ) from error
    if not certificates:
        raise SettingsError("the list of trust anchors is empty; leave it out to trust nobody")
    return pem


def read_credential(
    data: bytes,
    mime_type: str,
    trust_anchors: str | None = None,
    revocation_lists: str | None = None,
) -> Credential:
    """Read the content credential of a file, offline.

    Parameters
    ----------
    data
        The file.
    mime_type
        Such as "image/jpeg".
    trust_anchors
        Certificates in PEM; without any, trust is reported as not checked.
    revocation_lists
        CRLs in PEM; without any, revocation is known only by a proof in the file.

    Returns
    -------
    Credential
        Never raises for what a file holds: a damaged credential is a finding.
    """
    import c2pa

    settings: dict[str, Any] = {"verify": _OFFLINE}
    if trust_anchors:
        settings["trust"] = {"trust_anchors": trust_anchors}
    lists = read_revocation_lists(revocation_lists) if revocation_lists else None
    try:
        with (
            c2pa.Context.from_dict(settings) as context,
            c2pa.Reader(mime_type, BytesIO(data), context=context) as reader,
        ):
            store = json.loads(reader.json())
            left_out = uncovered(data, mime_type, json.loads(reader.detailed_json()))
            certificates = _certificates(reader, trust_anchors or "") if lists else {}
    except (c2pa.C2paError, ValueError, RecursionError) as error:
        return _without_store(error, data)
    return credential_of(
        store,
        anchors_given=trust_anchors is not None,
        lists=lists,
        certificates=certificates,
        left_out=left_out,
    )


def _certificates(reader: "c2pa.Reader", anchors: str) -> dict[str, list[Certificate]]:
    """Return each manifest's certificates, the signer's first, by label."""
    import c2pa

    found = {}
    for label, signer in certificates_of(json.loads(reader.crjson())).items():
        signature = BytesIO()
        with suppress(c2pa.C2paError):  # what isn't there holds no certificates
            reader.resource_to_stream(_SIGNATURE.format(label), signature)
        found[label] = with_authorities(signer, signature.getvalue(), anchors)
    return found


def _without_store(error: Exception, data: bytes) -> Credential:
    text = str(error)
    found_none = any(words in text for words in _FOUND_NONE)
    if found_none and STORE not in data:
        return no_credential()  # what is wrong with the file, the decoder says
    if "RemoteManifest" in text or text.startswith("Remote"):
        words = "The file names a credential that lies elsewhere; offline it can't be read."
    elif found_none:
        words = "The file holds a credential where none is read, so it says nothing of the picture."
    else:
        words = f"The file has a credential, but it can't be read ({term(text)})."
    unknown = "The credential can't be read."
    return Credential(
        integrity=Integrity(state="unreadable", words=words),
        trust=Trust(state="not checked", words=unknown),
        revocation=Revocation(state="not checked", words=unknown),
        time=SigningTime(state="no time stamp", words=unknown),
        identity=Identity(state="none stated", words=unknown),
    )
