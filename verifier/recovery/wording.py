"""What a report says of a recovered credential, in sentences."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from verifier.judging.facts import holds
from verifier.report.quoting import quoted
from verifier.report.record import ComparisonFacts, Credential, GlobalChange, RecoveredFacts

if TYPE_CHECKING:
    from verifier.recovery.found_manifests import FoundManifest

NO_REPOSITORY: Final = RecoveredFacts(
    words=(
        "The signed credential was not looked for, since no repository is known.",
        "Whoever keeps the credentials of a camera or an agency can give you theirs.",
    )
)
NO_KEY: Final = RecoveredFacts(
    words=(
        "No repository was asked: without a key of a device group no watermark is read, which "
        "would lead to a credential.",
    )
)
NO_WATERMARK: Final = RecoveredFacts(
    words=("No repository was asked, since no watermark was read.",)
)
NOT_COMPARED: Final = ComparisonFacts()
NO_REFERENCE: Final = ComparisonFacts(
    words=("The credential holds no reference picture, so what was changed can't be compared.",)
)
SHOWS_MORE: Final = GlobalChange(
    kind="shows more",
    words="saved so that a viewer may show something else, in other frames or pages, or where it "
    "is transparent",
)
HARD_BINDING: Final = (
    "The credential's hash is of the file that was signed. A platform writes another file, so the "
    "hash is expected not to match, and was not checked. The pictures are compared instead."
)
ANOTHER_WATERMARK: Final = "it states another watermark than the one that was read"

_RESULTS: Final = {
    "same": "the picture shows what it signed",
    "changed in parts": "parts of the picture differ from what it signed",
    "another picture": "the picture is another one than it signed",
    "not comparable": "the picture couldn't be compared with it",
    "not made": "the picture was not compared with it",
}


def found(one: "FoundManifest", embedded: str, own: Credential) -> Iterator[str]:
    """Say where a credential was found, who signed it, and whether the file's own agrees."""
    credential = one.manifest.credential
    yield (
        "The picture's watermark led to a signed credential in the repository "
        f"{quoted(one.repository, 'without a name')}."
    )
    yield credential.trust.words
    if not holds(credential):
        yield "Nothing of it decides the verdict: it is of nobody whom you are known to trust."
        # C2PA's use case UC3
        yield "Anybody can embed a watermark that leads to a credential of their own."
    yield from _beside(embedded, own, credential)


def _beside(embedded: str, own: Credential, credential: Credential) -> Iterator[str]:
    if embedded == "same":
        yield "The file carries the same credential."
    elif embedded == "another":
        yield "The file carries another credential of the same signer."
    elif embedded == "of another signer":
        yield (
            f"The file carries another credential, of {_signer(own)}; the watermark leads to one "
            f"of {_signer(credential)}."
        )
        # C2PA's use cases UC2 and UC3
        yield "Somebody may have replaced the file's credential, or the watermark."
        yield "Ask both who took it."


def refused(one: "FoundManifest", reason: str) -> Iterator[str]:
    """Say that what was found doesn't count, and why."""
    yield (
        "The picture's watermark led to a credential in the repository "
        f"{quoted(one.repository, 'without a name')}, which is not used."
    )
    yield f"The reason: {sentence(reason)}"
    yield "That is no evidence against the picture: a repository can be wrong, or lie."


def not_found(problems: Sequence[str]) -> Iterator[str]:
    """Say that nothing was found."""
    if problems:
        yield "No credential was found that can be used, and not all that was asked for was given."
    else:
        yield "No repository that was asked knows the picture's watermark."
    yield "That is no evidence against the picture: credentials are published only by choice."


def not_used(one: "FoundManifest", reason: str) -> str:
    """Say why a manifest that was found is not used."""
    repository = quoted(one.repository, "without a name")
    return f"A credential of the repository {repository} is not used: {sentence(reason)}"


def also_found(one: "FoundManifest", comparison: ComparisonFacts) -> str:
    """Name a manifest that another one was preferred to."""
    credential = one.manifest.credential
    return (
        f"Also found in the repository {quoted(one.repository, 'without a name')}: a credential of "
        f"{_signer(credential)}, {credential.trust.state}; "
        f"{_RESULTS[comparison.result]}."
    )


def _signer(credential: Credential) -> str:
    return quoted(credential.signer, "a signer without a name")


def sentence(words: str) -> str:
    """End words with a full stop, once."""
    return words if words.endswith(".") else f"{words}."
