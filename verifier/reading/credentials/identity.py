"""Whether the author is who the credential says (CAWG identity assertion 1.1).

It is signed by the author, or by a service that knows the author, and says nothing about whether
the picture is as its camera or program signed it.
"""

from collections.abc import Mapping
from typing import Any, Final

from verifier.reading.credentials.json_values import items, mapping, text
from verifier.reading.credentials.status_codes import StatusCodes
from verifier.report.quoting import quoted
from verifier.report.record import Identity

PREFIX: Final = "cawg."
_LABEL: Final = "cawg.identity"
# Only a certificate can be followed offline to an authority; a service's word can't be.
_CONFIRMED: Final = frozenset({"cawg.x509.credential.trusted", "cawg.x509.signature.validated"})


def identity_of(manifest: Mapping[str, Any], codes: StatusCodes) -> Identity:
    """Answer from a manifest and its codes."""
    assertions = [
        mapping(assertion)
        for assertion in items(manifest.get("assertions"))
        if str(mapping(assertion).get("label", "")).startswith(_LABEL)
    ]
    reported = sorted(
        code for code in codes.failure | codes.informational if code.startswith(PREFIX)
    )
    if not assertions and not any(code.startswith(PREFIX) for code in codes.all):
        return Identity()
    author = _author(assertions)
    if codes.success >= _CONFIRMED and not reported:
        return Identity(
            state="confirmed",
            words=f"The author's own certificate ({author}) leads to an authority on your list.",
        )
    why = f" ({', '.join(reported)})" if reported else ""
    return Identity(
        state="not confirmed",
        words=f"The credential names an author ({author}), whose identity was not confirmed{why}. "
        "That says nothing about the picture.",
    )


def _author(assertions: list[Mapping[str, Any]]) -> str:
    for assertion in assertions:
        data = mapping(assertion.get("data"))
        name = text(mapping(data.get("signature_info")).get("common_name"))
        for identity in map(mapping, items(data.get("verifiedIdentities"))):
            name = name or text(identity.get("name")) or text(identity.get("username"))
        if name:
            return quoted(name, "not by name")
    return "not by name"
