"""From a manifest store, as c2pa's reader gives it, to the credential section of the report."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from verifier.reading.credentials.ingredients import Policy, chain
from verifier.reading.credentials.json_values import items, mapping, text
from verifier.reading.credentials.revocation import Certificate, RevocationLists
from verifier.reading.credentials.signed_statements import signed_statements
from verifier.reading.source_types import source_type_name
from verifier.report.record import Credential, Development

# Our own assertion, and its label in photos of before it was reverse-domain.
DEVELOPMENT_LABELS: Final = ("org.camsim.development", "camsim.development")


def credential_of(
    store: Mapping[str, Any],
    *,
    anchors_given: bool,
    lists: RevocationLists | None = None,
    certificates: Mapping[str, Sequence[Certificate]] | None = None,
    left_out: str | None = None,
    binding: bool | None = None,
) -> Credential:
    """Sort a manifest store into the answers of the report.

    Parameters
    ----------
    store
        What ``c2pa.Reader.json`` gives; anything at all is survived.
    anchors_given
        Whether the reader knew whom to trust.
    lists
        Revocation lists, if there are any.
    certificates
        Each manifest's, by its label: the signer's, then the authorities' above. Revocation lists
        are of no use without.
    left_out
        What `uncovered` says of the file; None without a file.
    binding
        Of a store apart from its file, whether it holds a hash of one (`holds_binding`); else None.
    """
    policy = Policy(anchors_given, lists, certificates or {}, left_out, binding)
    links = list(chain(mapping(store), policy))
    active = links[0]
    manifest = active.manifest
    signature = mapping(manifest.get("signature_info"))
    actions = _actions(manifest)
    return Credential(
        **dict(active.answers),
        signer=active.signer,
        issuer=text(signature.get("issuer")),
        signed_at=text(signature.get("time")),
        generator=_generator(manifest),
        actions=tuple(filter(None, (text(action.get("action")) for action in actions))),
        source_type=_source_type(actions),
        ingredients=len(items(manifest.get("ingredients"))),
        ingredient_answers=tuple(link.as_ingredient() for link in links[1:]),
        statements=signed_statements(links),
        development=_development(manifest),
        codes=active.codes.all,
        manifest=text(mapping(store).get("active_manifest")),
    )


def _development(manifest: Mapping[str, Any]) -> Development | None:
    stated = {
        str(one.get("label")): one.get("data")
        for one in map(mapping, items(manifest.get("assertions")))
    }
    label = next((label for label in DEVELOPMENT_LABELS if label in stated), None)
    try:
        return Development.model_validate(stated[label]) if label else None
    except ValidationError:
        return None


def _actions(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for assertion in map(mapping, items(manifest.get("assertions"))):
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            actions = items(mapping(assertion.get("data")).get("actions"))
            found += [mapping(action) for action in actions]
    return found


def _source_type(actions: Iterable[Mapping[str, Any]]) -> str | None:
    for action in actions:
        source = text(action.get("digitalSourceType"))
        if source:
            return source_type_name(source)
    return None


def _generator(manifest: Mapping[str, Any]) -> str | None:
    infos = items(manifest.get("claim_generator_info"))
    if infos:
        info = mapping(infos[0])
        return " ".join(filter(None, (text(info.get("name")), text(info.get("version"))))) or None
    return text(manifest.get("claim_generator"))
