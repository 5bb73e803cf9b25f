"""Which status codes (C2PA 2.2, 15.2) are about which manifest.

c2pa's reader gives those of the active manifest, and of each ingredient only what differs from
what the file's signer stated of it. What is known of an ingredient is both together, and a failure
outweighs a success: a signer may state what it likes, c2pa reports what contradicts it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from verifier.reading.credentials.json_values import items, mapping, text

_OUTCOMES: Final = ("success", "informational", "failure")
_PREFIX: Final = "self#jumbf="
# Codes about whoever signed, or is the author: another manifest's must never be taken for this
# one's. Of the others some name the manifest that holds the hash, which is the parent's if this
# one only adds to it.
_OF_AN_AUTHOR: Final = "cawg."
_OF_A_SIGNER: Final = (
    "signingCredential.", "claimSignature.", "timeStamp.", "timestamp.", _OF_AN_AUTHOR,
)  # fmt: skip
# In files of before C2PA 2: one list, of failures but for these.
_OLD_SUCCESSES: Final = (".validated", ".match", ".trusted", ".insideValidity", ".notRevoked")


@dataclass
class StatusCodes:
    """Codes of one manifest, by outcome."""

    success: set[str] = field(default_factory=set)
    informational: set[str] = field(default_factory=set)
    failure: set[str] = field(default_factory=set)

    @property
    def all(self) -> tuple[str, ...]:
        """Every code, in order."""
        return tuple(sorted(self.success | self.informational | self.failure))


@dataclass(frozen=True)
class Status:
    """One code, what came of it, and the manifest that it names, if it names one."""

    outcome: str
    code: str
    manifest: str | None


def active_codes(store: Mapping[str, Any]) -> StatusCodes:
    """Return the codes of the active manifest."""
    label = str(store.get("active_manifest"))
    return _collected(
        status
        for status in _stated(store)
        if status.manifest in (None, label) or not status.code.startswith(_OF_A_SIGNER)
    )


def codes_of_ingredient(
    store: Mapping[str, Any], ingredient: Mapping[str, Any], assertion: str
) -> StatusCodes:
    """Return the codes of an ingredient's own manifest.

    Parameters
    ----------
    store
        As c2pa's reader gives it.
    ingredient
        As the manifest has it whose ingredient it is.
    assertion
        URI of its assertion.
    """
    label = str(ingredient.get("active_manifest"))
    collected = [status for status in _stated(ingredient) if status.manifest in (None, label)]
    if not isinstance(ingredient.get("validation_results"), dict):
        # C2PA 1: only what failed was stated, so the picture's hash held.
        collected.append(Status("success", "assertion.dataHash.match", None))
    # c2pa reports all authors of a file in one place.
    authors = (s for s in _stated(store) if s.code.startswith(_OF_AN_AUTHOR))
    collected += [status for status in authors if status.manifest == label]
    results = mapping(store.get("validation_results"))
    for delta in map(mapping, items(results.get("ingredientDeltas"))):
        for status in _statuses(mapping(delta.get("validationDeltas"))):
            here = delta.get("ingredientAssertionURI") == assertion
            if status.manifest == label or (here and status.manifest is None):
                collected.append(status)
    return _collected(iter(collected))


def _collected(statuses: Iterator[Status]) -> StatusCodes:
    codes = StatusCodes()
    for status in statuses:
        getattr(codes, status.outcome).add(status.code)
    return codes


def _stated(holder: Mapping[str, Any]) -> Iterator[Status]:
    active = mapping(holder.get("validation_results")).get("activeManifest")
    if isinstance(active, dict):
        return _statuses(active)
    return _old_statuses(holder.get("validation_status"))


def _statuses(results: Mapping[str, Any]) -> Iterator[Status]:
    for outcome in _OUTCOMES:
        for status in map(mapping, items(results.get(outcome))):
            yield Status(outcome, _code(status), _manifest(status))


def _old_statuses(value: object) -> Iterator[Status]:
    for status in map(mapping, items(value)):
        code = _code(status)
        outcome = "success" if code.endswith(_OLD_SUCCESSES) else "failure"
        yield Status(outcome, code, _manifest(status))


def _code(status: Mapping[str, Any]) -> str:
    return text(status.get("code")) or ""


def _manifest(status: Mapping[str, Any]) -> str | None:
    """Return the label in ``self#jumbf=/c2pa/LABEL/…``; None in a URI that names no manifest."""
    parts = str(status.get("url", "")).removeprefix(_PREFIX).lstrip("/").split("/")
    return parts[1] if len(parts) > 1 and parts[0] == "c2pa" else None
