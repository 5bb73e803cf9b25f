"""Recovering: of all that was found, what counts, and what the picture is beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from verifier.comparing.comparison import Comparison
from verifier.judging.facts import holds, side_of
from verifier.judging.recovered import by_people
from verifier.recovery import wording
from verifier.recovery.compared import comparison_facts
from verifier.recovery.found_manifests import (
    FoundManifest,
    Problem,
    ReadManifest,
    found_manifests,
)
from verifier.recovery.showing import signed_picture
from verifier.report.record import ComparisonFacts, Credential, RecoveredFacts
from verifier.report.reference import SignedPicture
from verifier.watermark.place import Place
from verifier.watermark.reader import WatermarkReading
from watermark.payload import ALGORITHM

if TYPE_CHECKING:
    from verifier.repository import Repository

Pixels = NDArray[np.uint8]
Compare = Callable[[Pixels, Pixels, tuple[int, int], Place], Comparison]

_BEST_FIRST: Final = ("same", "changed in parts", "another picture", "not comparable", "not made")


@dataclass(frozen=True)
class Recovery:
    """What came of it: two sections of a report, and the signed picture for its page."""

    facts: RecoveredFacts = wording.NO_REPOSITORY
    comparison: ComparisonFacts = wording.NOT_COMPARED
    picture: SignedPicture | None = None


@dataclass(frozen=True)
class Received:
    """A picture whose watermark was read.

    Attributes
    ----------
    pixels
        (H, W, 3) sRGB, upright by its EXIF orientation.
    watermark
        What was read of them.
    credential
        That of the file itself.
    shows_more
        Whether a viewer may show something else: see `PictureFile.shows_more`.
    """

    pixels: Pixels
    watermark: WatermarkReading
    credential: Credential
    shows_more: bool = False


@dataclass(frozen=True)
class _Candidate:
    """A manifest that counts, beside the picture."""

    found: FoundManifest
    comparison: ComparisonFacts = wording.NO_REFERENCE

    @property
    def rank(self) -> tuple[bool, int, bool, bool]:
        """Order of candidates: the least is taken."""
        credential = self.found.manifest.credential
        return (
            not holds(credential),
            _BEST_FIRST.index(self.comparison.result),
            side_of(credential) != "for",
            bool(by_people(self.comparison)),
        )


def recover(
    received: Received,
    repositories: "Sequence[Repository]",
    read: ReadManifest,
    compare: Compare,
) -> Recovery:
    """Look the picture's watermark up, and compare it with what was signed.

    Parameters
    ----------
    read
        Reads a manifest store, in a process of its own.
    compare
        Compares received pixels with a reference picture, whose photo has a width and a height.
    """
    payload, place = received.watermark.payload, received.watermark.place
    if payload is None or place is None:
        return Recovery(wording.NO_WATERMARK)
    candidates: list[_Candidate] = []
    refused: list[tuple[FoundManifest, str]] = []
    problems: list[str] = []
    for one in found_manifests(repositories, ALGORITHM, payload, read):
        if isinstance(one, Problem):
            problems.append(one.words)
        elif (reason := refusal(one, payload)) is not None:
            refused.append((one, reason))
        else:
            candidates.append(_Candidate(one))
    return _Outcome(received, payload, place, compare).of(candidates, refused, problems)


def refusal(found: FoundManifest, payload: bytes) -> str | None:
    """Say why a manifest doesn't count; None where it does, trusted or not.

    The active manifest's own soft bindings count, and none of its ingredients': the photo that was
    read must be the one that was signed last.
    """
    manifest, credential = found.manifest, found.manifest.credential
    stated = {binding.value for binding in manifest.bindings if binding.alg == ALGORITHM}
    if stated != {payload}:
        return wording.ANOTHER_WATERMARK
    if credential.integrity.state != "intact":
        return credential.integrity.words
    if credential.trust.state == "expired":
        return credential.trust.words
    if credential.revocation.state == "revoked":
        return credential.revocation.words
    return None


@dataclass(frozen=True)
class _Outcome:
    received: Received
    payload: bytes
    place: Place
    compare: Compare

    def of(
        self,
        candidates: Sequence[_Candidate],
        refused: Sequence[tuple[FoundManifest, str]],
        problems: Sequence[str],
    ) -> Recovery:
        problems = [*problems, *(wording.not_used(one, reason) for one, reason in refused)]
        if candidates:
            best, *others = sorted(self._compared(candidates), key=lambda one: one.rank)
            named = [wording.also_found(one.found, one.comparison) for one in others]
            return self._found(best, named, problems)
        if refused:
            found, reason = refused[0]
            facts = self._facts(found, "refused", problems=problems)
            return Recovery(
                facts.model_copy(update={"words": tuple(wording.refused(found, reason))})
            )
        facts = RecoveredFacts(
            state="not found",
            algorithm=ALGORITHM,
            payload=self.payload.hex(),
            problems=tuple(problems),
            words=tuple(wording.not_found(problems)),
        )
        return Recovery(facts)

    def _compared(self, candidates: Sequence[_Candidate]) -> list[_Candidate]:
        """Compare the picture with what is trusted, or else with what was found first."""
        trusted = [one for one in candidates if holds(one.found.manifest.credential)]
        asked = trusted or candidates[:1]
        return [
            replace(one, comparison=self._comparison(one.found)) if one in asked else one
            for one in candidates
        ]

    def _comparison(self, found: FoundManifest) -> ComparisonFacts:
        manifest = found.manifest
        if manifest.reference is None or manifest.photo_size is None:
            return wording.NO_REFERENCE
        facts = comparison_facts(
            self.compare(self.received.pixels, manifest.reference, manifest.photo_size, self.place)
        )
        if not self.received.shows_more:
            return facts
        return facts.model_copy(update={"changes": (*facts.changes, wording.SHOWS_MORE)})

    def _found(self, best: _Candidate, others: Sequence[str], problems: Sequence[str]) -> Recovery:
        found, manifest = best.found, best.found.manifest
        facts = self._facts(found, "found", others=others, problems=problems)
        words = tuple(wording.found(found, facts.embedded, self.received.credential))
        picture = None
        if manifest.reference is not None and manifest.photo_size is not None:
            picture = signed_picture(
                manifest.reference,
                manifest.photo_size,
                self.received.watermark,
                self.received.pixels.shape[:2],
                lies_straight=not self.place.slant and _lies_straight(best.comparison),
            )
        return Recovery(facts.model_copy(update={"words": words}), best.comparison, picture)

    def _facts(
        self,
        found: FoundManifest,
        state: str,
        *,
        others: Sequence[str] = (),
        problems: Sequence[str] = (),
    ) -> RecoveredFacts:
        manifest = found.manifest
        width, height = manifest.photo_size or (None, None)
        content = {
            "state": state,
            "algorithm": ALGORITHM,
            "payload": self.payload.hex(),
            "repository": found.repository,
            "manifest": found.identifier,
            "credential": manifest.credential,
            "hard_binding": wording.HARD_BINDING,
            "embedded": relation(self.received.credential, manifest.credential),
            "photo_width": width,
            "photo_height": height,
            "others": tuple(others),
            "problems": tuple(problems),
        }
        return RecoveredFacts.model_validate(content)


def relation(own: Credential, found: Credential) -> str:
    """Say how the file's own credential and a recovered one are to each other.

    One whose signature fails is nobody's, whoever it names.
    """
    if not own.present:
        return "none"
    if own.manifest and own.manifest == found.manifest and own.signer == found.signer:
        return "same"
    known = own.integrity.broken_part != "signature" and own.integrity.state != "unreadable"
    alike = (own.signer, own.issuer) == (found.signer, found.issuer) and own.signer is not None
    return "another" if known and alike else "of another signer"


def _lies_straight(comparison: ComparisonFacts) -> bool:
    """Whether the watermark's place says how the reference lies, without a slant of its own."""
    straightened = any(one.kind == "straightened" for one in comparison.changes)
    return comparison.result in ("same", "changed in parts") and not straightened
