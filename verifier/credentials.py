"""C2PA content credentials (C2PA 2.2, chapter 15): integrity, trust and revocation, told apart.

c2pa-python reads; this file sorts its status codes into three answers. A picture without a
credential is the normal case and evidence of nothing.
"""

import json
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any, Final

from pydantic import ValidationError

from verifier.errors import SettingsError
from verifier.report import Credential, Development, Integrity, Revocation, Trust
from verifier.revocation import RevocationLists, read_revocation_lists

DEVELOPMENT_LABEL: Final = "camsim.development"

# C2PA 2.2, table 2 and 15.7–15.9: codes about who signed, not about what.
_REVOKED: Final = ("signingCredential.ocsp.revoked", "signingCredential.revoked")
_NOT_REVOKED: Final = ("signingCredential.ocsp.notRevoked",)
_TRUSTED: Final = ("signingCredential.trusted",)
_EXPIRED: Final = ("signingCredential.expired", "claimSignature.outsideValidity")
_ABOUT_THE_SIGNER: Final = ("signingCredential.", "timeStamp.", "timestamp.", *_EXPIRED)

_NONE: Final = "no credential"
_LONGEST: Final = 300  # characters of a name that a file brings along


def no_credential() -> Credential:
    """Return the credential section of a file that has none."""
    return Credential(
        integrity=Integrity(
            state=_NONE,
            words="The file has no content credential. Most pictures have none, and networks "
            "remove them; that is evidence of nothing.",
        ),
        trust=Trust(state=_NONE, words="There is no signer to trust."),
        revocation=Revocation(state=_NONE, words="There is no certificate to withdraw."),
    )


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

    settings: dict[str, Any] = {
        "verify": {
            "verify_trust": True,
            "verify_after_reading": True,
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
        }
    }
    if trust_anchors:
        settings["trust"] = {"trust_anchors": trust_anchors}
    try:
        with (
            c2pa.Context.from_dict(settings) as context,
            c2pa.Reader(mime_type, BytesIO(data), context=context) as reader,
        ):
            store = json.loads(reader.json())
    except c2pa.C2paError as error:
        return _without_store(error)
    lists = read_revocation_lists(revocation_lists) if revocation_lists else None
    return credential_of(store, anchors_given=trust_anchors is not None, lists=lists)


def _without_store(error: Exception) -> Credential:
    text = str(error)
    if "ManifestNotFound" in text or "no JUMBF" in text or "NotSupported" in text:
        return no_credential()
    if "RemoteManifest" in text:
        words = "The file names a credential that lies elsewhere; offline it can't be read."
    elif "could not be parsed" in text:
        return no_credential()  # what is wrong with the file, the decoder says
    else:
        words = f"The file has a credential, but it can't be read ({text[:_LONGEST]})."
    unknown = "The credential can't be read."
    return Credential(
        integrity=Integrity(state="unreadable", words=words),
        trust=Trust(state="not checked", words=unknown),
        revocation=Revocation(state="not checked", words=unknown),
    )


def credential_of(
    store: Mapping[str, Any], *, anchors_given: bool, lists: RevocationLists | None = None
) -> Credential:
    """Sort a manifest store, as c2pa's reader gives it, into the answers of the report."""
    manifests = _mapping(store.get("manifests"))
    manifest = _mapping(manifests.get(str(store.get("active_manifest"))))
    codes = _codes(store)
    failures = codes["failure"]
    signature = _mapping(manifest.get("signature_info"))
    signer = _text(signature.get("common_name"))
    actions = _actions(manifest)
    everything = sorted({code for found in codes.values() for code in found})
    return Credential(
        integrity=_integrity(failures, manifest),
        trust=_trust(codes, signer, anchors_given=anchors_given),
        revocation=_revocation(everything, signature, lists),
        signer=signer,
        issuer=_text(signature.get("issuer")),
        signed_at=_text(signature.get("time")),
        generator=_generator(manifest),
        actions=tuple(filter(None, (_text(action.get("action")) for action in actions))),
        source_type=_source_type(actions),
        ingredients=len(_list(manifest.get("ingredients"))),
        development=_development(manifest),
        codes=tuple(everything),
    )


def _codes(store: Mapping[str, Any]) -> dict[str, list[str]]:
    """Status codes of the active manifest and of its ingredients, by outcome."""
    results = _mapping(store.get("validation_results"))
    parts = [_mapping(results.get("activeManifest"))]
    for delta in _list(results.get("ingredientDeltas")):
        parts.append(_mapping(_mapping(delta).get("validationDeltas")))
    codes: dict[str, list[str]] = {"success": [], "informational": [], "failure": []}
    for part in parts:
        for outcome, found in codes.items():
            found += [str(_mapping(s).get("code", ""))[:_LONGEST] for s in _list(part.get(outcome))]
    return codes


def _integrity(failures: Iterable[str], manifest: Mapping[str, Any]) -> Integrity:
    broken = sorted({code for code in failures if not code.startswith(_ABOUT_THE_SIGNER)})
    if not manifest:
        return Integrity(state="unreadable", words="The credential names no manifest to check.")
    if not broken:
        return Integrity(
            state="intact",
            words="File and credential are as they were signed: not one byte that the signature "
            "covers has changed since.",
        )
    what = (
        "the picture isn't the one that was signed"
        if any("dataHash" in code or "bmffHash" in code for code in broken)
        else "the credential itself was changed or is incomplete"
    )
    return Integrity(
        state="broken",
        words=f"The credential doesn't hold for this file: {what} ({', '.join(broken)}). Saving "
        "the file anew, without any wish to deceive, does this too.",
    )


def _trust(codes: Mapping[str, list[str]], signer: str | None, *, anchors_given: bool) -> Trust:
    name = f"“{signer}”" if signer else "the signer"
    if any(code in _EXPIRED for code in codes["failure"]):
        return Trust(
            state="expired",
            words=f"The certificate of {name} wasn't valid when it signed, as far as can be told.",
        )
    if any(code in _TRUSTED for code in codes["success"]):
        return Trust(
            state="trusted",
            words=f"The certificate of {name} leads to an authority on your list.",
        )
    if not anchors_given:
        return Trust(
            state="not checked",
            words=f"Nobody told whom to trust, so whether {name} is who it says was not checked. "
            "Anyone can make a certificate with any name.",
        )
    return Trust(
        state="untrusted",
        words=f"The certificate of {name} leads to no authority on your list. Anyone can make one "
        "with that name.",
    )


def _revocation(
    codes: Iterable[str], signature: Mapping[str, Any], lists: RevocationLists | None
) -> Revocation:
    found = set(codes)
    when = lists.revoked.get(_serial(signature)) if lists else None
    if when is not None:
        return Revocation(
            state="revoked",
            words=f"The signer's certificate was withdrawn on {when:%F}, says your list: its "
            "signatures prove nothing any more.",
        )
    if found.intersection(_REVOKED):
        return Revocation(
            state="revoked",
            words="The signer's certificate was withdrawn: its signatures prove nothing any more.",
        )
    if found.intersection(_NOT_REVOKED):
        return Revocation(
            state="not revoked",
            words="The file brings a proof from the authority that the certificate wasn't "
            "withdrawn when it signed.",
        )
    if lists is not None:
        return _not_listed(lists)
    return Revocation(
        state="not checked",
        words="Whether the certificate was withdrawn is not known: the file brings no proof, and "
        "this check is offline.",
    )


def _not_listed(lists: RevocationLists) -> Revocation:
    old = " They should have been replaced by now." if lists.outdated else ""
    return Revocation(
        state="not listed",
        words=f"Your revocation lists, the oldest of {lists.issued:%F}, don't name the signer's "
        f"certificate; whether they are its authority's is for you to know.{old}",
    )


def _serial(signature: Mapping[str, Any]) -> int:
    text = str(signature.get("cert_serial_number", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 60 else -1


def _development(manifest: Mapping[str, Any]) -> Development | None:
    for assertion in _list(manifest.get("assertions")):
        if _mapping(assertion).get("label") == DEVELOPMENT_LABEL:
            try:
                return Development.model_validate(_mapping(assertion).get("data"))
            except ValidationError:
                return None
    return None


def _actions(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for assertion in map(_mapping, _list(manifest.get("assertions"))):
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            actions = _list(_mapping(assertion.get("data")).get("actions"))
            found += [_mapping(action) for action in actions]
    return found


def _source_type(actions: Iterable[Mapping[str, Any]]) -> str | None:
    for action in actions:
        source = _text(action.get("digitalSourceType"))
        if source:
            return source.rstrip("/").rsplit("/", 1)[-1]
    return None


def _generator(manifest: Mapping[str, Any]) -> str | None:
    infos = _list(manifest.get("claim_generator_info"))
    if infos:
        info = _mapping(infos[0])
        return " ".join(filter(None, (_text(info.get("name")), _text(info.get("version"))))) or None
    return _text(manifest.get("claim_generator"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value[:_LONGEST] if isinstance(value, str) and value else None
