"""The credential section where there is a credential, and nothing can be read of it."""

from verifier.report.record import Credential, Identity, Integrity, Revocation, SigningTime, Trust


def unreadable(words: str) -> Credential:
    """Return it; ``words`` is a sentence that says why."""
    unknown = "The credential can't be read."
    return Credential(
        integrity=Integrity(state="unreadable", words=words),
        trust=Trust(state="not checked", words=unknown),
        revocation=Revocation(state="not checked", words=unknown),
        time=SigningTime(state="no time stamp", words=unknown),
        identity=Identity(state="none stated", words=unknown),
    )
