"""What the signers of a chain of manifests state of how their pictures were made.

A digital source type is wherever a signer put it: in any action, in an action's parameters, in
a template of actions, in an assertion of metadata, in an ingredient.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from verifier.reading.credentials.ingredients import Link, Role
from verifier.reading.credentials.json_values import LONGEST, items, mapping
from verifier.reading.source_types import WORDS, made, source_type_name
from verifier.report.quoting import quoted, term
from verifier.report.record import Made, Speaker, Statement

_KEY: Final = "digitalsourcetype"  # at the end of a key, in any case
_SYSTEM: Final = "aisystemused"  # IPTC Photo Metadata 2025.1
_DEEPEST: Final = 24  # levels of an assertion
_MOST: Final = 64  # statements
_VALUES: Final = 20_000  # of one manifest, looked at
# Actions that say of the whole picture where it is from; of another, the edit is from there.
_OF_THE_WHOLE: Final = (
    "c2pa.created", "c2pa.opened", "c2pa.converted", "c2pa.published", "c2pa.repackaged",
    "c2pa.transcoded",
)  # fmt: skip
# Own results of c2pa, and what the chain goes through by itself.
_NOT_STATED: Final = ("validation_results", "validation_status", "manifest_data", "ingredients")
_SUBJECTS: Final[dict[Role, str]] = {
    "picture": "this picture",
    "parent": "the picture that this one was made from",
    "component": "a picture that was put into this one",
    "input": "a picture that went into a program behind this one",
}


@dataclass(frozen=True)
class _Found:
    """A source type, where it stands, and the action around it; or the name of a generator."""

    source_type: str
    where: str
    action: str | None
    of_a_generator: bool = False


def signed_statements(links: Iterable[Link]) -> tuple[Statement, ...]:
    """Return what is stated of how the pictures of a chain were made, the file's own first."""
    statements: dict[Statement, None] = {}
    for link in links:
        for found in _found(link):
            statements[_statement(found, link)] = None
            if len(statements) >= _MOST:
                return tuple(statements)
    return tuple(statements)


def _found(link: Link) -> Iterator[_Found]:
    budget = iter(range(_VALUES))
    stated = {key: value for key, value in link.ingredient.items() if key not in _NOT_STATED}
    yield from _walk(stated, "its ingredient assertion", None, 0, budget)
    for assertion in map(mapping, items(link.manifest.get("assertions"))):
        label = term(str(assertion.get("label")))
        where = "" if label.startswith("c2pa.actions") else label
        yield from _walk(assertion.get("data"), where, None, 0, budget)


def _walk(
    value: object, where: str, action: str | None, depth: int, budget: Iterator[int]
) -> Iterator[_Found]:
    if depth > _DEEPEST or next(budget, None) is None:
        return
    for item in items(value):
        yield from _walk(item, where, action, depth + 1, budget)
    fields = mapping(value)
    named = fields.get("action")
    if isinstance(named, str):
        where, action = _and(where, named), named
    for key, inner in fields.items():
        if key.lower().endswith(_KEY):
            shown = where if key == "digitalSourceType" else _and(where, key)
            yield from (_Found(name, shown, action) for name in _names(inner))
        elif key.lower().endswith(_SYSTEM) and isinstance(inner, str) and term(inner):
            yield _Found(term(inner), _and(where, key), action, of_a_generator=True)
        elif isinstance(inner, dict | list):
            inside = _and(where, "a template") if key == "templates" else where
            yield from _walk(inner, inside, action, depth + 1, budget)


def _and(where: str, more: str) -> str:
    return ", ".join(filter(None, (where, term(more))))[:LONGEST]


def _names(value: object) -> Iterator[str]:
    """Names of source types in a string, a list of them, or an object of JSON-LD."""
    values = value if isinstance(value, list) else [value]
    for item in values[:8]:
        inner: Mapping[str, Any] = mapping(item)
        uri = inner.get("@id") or inner.get("@value") or inner.get("identifier") or item
        if isinstance(uri, str) and (name := source_type_name(uri)):
            yield name


def _statement(found: _Found, link: Link) -> Statement:
    what = _made(found)
    speaker: Speaker = "trusted signer" if link.vouched else "unknown signer"
    return Statement(
        made=what,
        of=link.role,
        by=speaker,
        source_type=found.source_type,
        where=found.where,
        words=f"{_who(link)} declares that {_SUBJECTS[link.role]} {WORDS[what]} "
        f"({found.source_type}, in {found.where}).",
    )


def _made(found: _Found) -> Made:
    what = "generated" if found.of_a_generator else made(found.source_type)
    if what == "generated" and found.action and found.action not in _OF_THE_WHOLE:
        return "partly generated"
    return what


def _who(link: Link) -> str:
    name = quoted(link.signer, "A signer without a name")
    if link.vouched:
        return f"{name}, whom you trust,"
    if link.answers.integrity.state == "broken":
        return f"A credential that doesn't hold, in the name of {name},"
    if link.answers.revocation.state == "revoked":
        return f"{name}, whose certificate was withdrawn,"
    if link.answers.trust.state == "expired":
        return f"{name}, whose certificate wasn't valid when it signed,"
    if link.answers.trust.state == "trusted":
        return f"{name}, put in by a signer whom you have no reason to trust,"
    return f"{name}, whom nobody on your list vouches for,"
