"""The manifest store of a file, read by c2pa-python, offline."""

from typing import Final

from verifier.errors import SettingsError
from verifier.reading.credentials.c2pa_reader import StoreError, read_store
from verifier.reading.credentials.container import STORE
from verifier.reading.credentials.coverage import uncovered
from verifier.reading.credentials.ingredients import no_answers
from verifier.reading.credentials.manifest_store import credential_of
from verifier.reading.credentials.revocation import read_revocation_lists
from verifier.reading.credentials.unreadable import unreadable
from verifier.report.quoting import term
from verifier.report.record import Credential

_FOUND_NONE: Final = ("ManifestNotFound", "no JUMBF", "NotSupported", "could not be parsed")


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
    lists = read_revocation_lists(revocation_lists) if revocation_lists else None
    try:
        found = read_store(mime_type, data, trust_anchors, certificates=lists is not None)
    except StoreError as error:
        return _without_store(str(error), data)
    return credential_of(
        found.store,
        anchors_given=trust_anchors is not None,
        lists=lists,
        certificates=found.certificates,
        left_out=uncovered(data, mime_type, found.detailed),
    )


def _without_store(text: str, data: bytes) -> Credential:
    found_none = any(words in text for words in _FOUND_NONE)
    if found_none and STORE not in data:
        return no_credential()  # what is wrong with the file, the decoder says
    if "RemoteManifest" in text or text.startswith("Remote"):
        words = "The file names a credential that lies elsewhere; offline it can't be read."
    elif found_none:
        words = "The file holds a credential where none is read, so it says nothing of the picture."
    else:
        words = f"The file has a credential, but it can't be read ({term(text)})."
    return unreadable(words)
