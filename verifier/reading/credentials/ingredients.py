"""Manifests from the active one down through its ingredients, each with answers of its own."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from verifier.judging.facts import holds
from verifier.reading.credentials.faults import faults_of
from verifier.reading.credentials.identity import identity_of
from verifier.reading.credentials.integrity import integrity_apart, integrity_of
from verifier.reading.credentials.json_values import items, mapping, text
from verifier.reading.credentials.revocation import Certificate, RevocationLists
from verifier.reading.credentials.signing_time import time_of
from verifier.reading.credentials.status_codes import StatusCodes, active_codes, codes_of_ingredient
from verifier.reading.credentials.trust import trust_of
from verifier.reading.credentials.withdrawal import revocation_of
from verifier.report.record import (
    Answers,
    Identity,
    Ingredient,
    Integrity,
    Revocation,
    SigningTime,
    Trust,
)

Role = Literal["picture", "parent", "component", "input"]

# How far a chain is followed; a picture with more behind it is no accident.
_DEEPEST: Final = 32
_MOST: Final = 100  # ingredients
_ROLES: Final[dict[str, Role]] = {"parentOf": "parent", "inputTo": "input"}
_ASSERTION: Final = "self#jumbf=/c2pa/{}/c2pa.assertions/{}"


@dataclass(frozen=True)
class Policy:
    """What answers go by: whether anchors were given, lists, and certificates by manifest.

    ``left_out`` is what the file's own hash leaves out; None if that wasn't looked at. ``binding``
    is given of a store that was recovered apart from its file: whether it holds a hash of a file.
    """

    anchors_given: bool
    lists: RevocationLists | None
    certificates: Mapping[str, Sequence[Certificate]]
    left_out: str | None = None
    binding: bool | None = None


@dataclass(frozen=True)
class Link:
    """A manifest in the chain.

    ``role`` is what its picture is to the file's, ``ingredient`` how the manifest before names
    it, and ``vouched`` whether it and all before it hold and are of signers whom the reader trusts.
    """

    manifest: Mapping[str, Any]
    label: str
    codes: StatusCodes
    answers: Answers
    role: Role
    depth: int
    vouched: bool
    ingredient: Mapping[str, Any]

    @property
    def signer(self) -> str | None:
        """Who its certificate says signed it."""
        return text(mapping(self.manifest.get("signature_info")).get("common_name"))

    def as_ingredient(self) -> Ingredient:
        """Return it as the report shows it."""
        return Ingredient(
            **dict(self.answers),
            relationship=text(self.ingredient.get("relationship")) or "unknown",
            depth=self.depth,
            title=text(self.ingredient.get("title")),
            signer=self.signer,
            codes=self.codes.all,
        )


def no_answers() -> Answers:
    """Return the answers of a picture without a credential."""
    none: Final = "no credential"
    return Answers(
        integrity=Integrity(
            state=none,
            words="The file has no content credential. Most pictures have none, and platforms "
            "remove them; that is evidence of nothing.",
        ),
        trust=Trust(state=none, words="There is no signer to trust."),
        revocation=Revocation(state=none, words="There is no certificate to withdraw."),
        time=SigningTime(state=none, words="There is no signature to date."),
        identity=Identity(state=none, words="The file names no author."),
    )


def chain(store: Mapping[str, Any], policy: Policy) -> Iterator[Link]:
    """Yield the active manifest, then its ingredients, theirs and so on, each once a role."""
    label = str(store.get("active_manifest"))
    manifest = mapping(mapping(store.get("manifests")).get(label))
    codes = active_codes(store)
    answers = _of_active(
        _answers(manifest, label, codes, policy), codes, policy, readable=bool(manifest)
    )
    waiting = deque([Link(manifest, label, codes, answers, "picture", 0, holds(answers), {})])
    seen, count = {(label, "picture")}, 0
    while waiting:
        link = waiting.popleft()
        yield link
        for ingredient in _ingredients(link.manifest):
            count += 1
            if count > _MOST or link.depth >= _DEEPEST:
                break
            found = _link(store, ingredient, link, policy)
            named = (found.label, found.role)
            if found.manifest and named in seen:
                continue
            seen.add(named)
            waiting.append(found)


def _ingredients(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = map(mapping, items(manifest.get("ingredients")))
    return sorted(found, key=lambda ingredient: ingredient.get("relationship") != "parentOf")


def _link(
    store: Mapping[str, Any], ingredient: Mapping[str, Any], above: Link, policy: Policy
) -> Link:
    label = str(ingredient.get("active_manifest"))
    manifest = mapping(mapping(store.get("manifests")).get(label))
    assertion = _ASSERTION.format(above.label, ingredient.get("label"))
    codes = codes_of_ingredient(store, ingredient, assertion)
    answers = _of_ingredient(_answers(manifest, label, codes, policy), manifest, codes)
    whole = above.role in ("picture", "parent")  # of a part, everything is about that part
    role = _ROLES.get(str(ingredient.get("relationship")), "component") if whole else above.role
    vouched = above.vouched and holds(answers)
    return Link(manifest, label, codes, answers, role, above.depth + 1, vouched, ingredient)


def _answers(
    manifest: Mapping[str, Any], label: str, codes: StatusCodes, policy: Policy
) -> Answers:
    signature = mapping(manifest.get("signature_info"))
    signer = text(signature.get("common_name"))
    certificates = policy.certificates.get(label, ())
    return Answers(
        integrity=integrity_of(codes, readable=bool(manifest)),
        trust=trust_of(codes, signer, anchors_given=policy.anchors_given),
        revocation=revocation_of(codes, certificates, policy.lists),
        time=time_of(codes, text(signature.get("time"))),
        identity=identity_of(manifest, codes),
        faults=faults_of(codes),
    )


def _of_active(answers: Answers, codes: StatusCodes, policy: Policy, *, readable: bool) -> Answers:
    """Word the integrity of what was read: a file, whose bytes are at hand, or a store alone."""
    if policy.binding is None:
        integrity = integrity_of(codes, readable=readable, left_out=policy.left_out)
    else:
        integrity = integrity_apart(codes, readable=readable, binding=policy.binding)
    return answers.model_copy(update={"integrity": integrity})


def _of_ingredient(answers: Answers, manifest: Mapping[str, Any], codes: StatusCodes) -> Answers:
    """Word an ingredient's integrity: its picture isn't at hand."""
    if not manifest and not codes.failure:
        return no_answers()
    if answers.integrity.state != "intact":
        return answers
    words = (
        "Its credential holds. That its picture matched it is what the signer of the next states."
    )
    return answers.model_copy(
        update={"integrity": answers.integrity.model_copy(update={"words": words})}
    )
