"""C2PA content credentials (C2PA 2.2, chapter 15), read by c2pa-python, answered one by one.

Integrity, trust, revocation, time and the author's identity are five answers, of one manifest
each: the file's are those of its active manifest. A picture without a credential is the normal
case and evidence of nothing.
"""

from verifier.reading.credentials.manifest_store import credential_of
from verifier.reading.credentials.reading import check_trust_anchors, no_credential, read_credential

__all__ = ["check_trust_anchors", "credential_of", "no_credential", "read_credential"]
