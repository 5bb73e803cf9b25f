"""What a credential establishes, and for or against what; statistics have no part in it."""

from typing import Final, Literal

from verifier.reading.source_types import CAPTURES
from verifier.report.quoting import named, quoted, word
from verifier.report.record import Answers, Credential, Statement

Side = Literal["for", "against", "none"]

# Actions (C2PA 2.2, table 8, and our own) that leave what the picture shows as it is.
HARMLESS: Final = (
    "c2pa.created", "c2pa.converted", "c2pa.published", "c2pa.repackaged", "c2pa.transcoded",
    "c2pa.watermarked", "c2pa.watermarked.bound", "c2pa.watermarked.unbound",
    "org.camsim.developed",
    "camsim.developed",  # as the camera had it before its labels were reverse-domain
)  # fmt: skip

_RESAVED: Final = "Saving it anew or moving a credential to another file does this too."
_SHOWN: Final = 12  # statements, or actions, among the reasons


def side_of(credential: Credential) -> Side:
    """Return for or against what the facts are evidence, if someone trusted stands behind them.

    Against: the file isn't as someone trusted signed it, or someone trusted declares it generated.
    For: someone trusted states a capture without edits, and nothing in the file contradicts.
    """
    if not_as_signed(credential) or establishing(credential) is not None:
        return "against"
    captured = credential.source_type in CAPTURES and not _made_of_others(credential)
    doubted = credential.faults or declared_generated(credential) or _of_other_sources(credential)
    return "for" if holds(credential) and captured and not doubted else "none"


def holds(answers: Answers) -> bool:
    """Whether a signature of someone trusted holds, whatever it states."""
    states = answers.integrity.state, answers.trust.state
    return states == ("intact", "trusted") and answers.revocation.state != "revoked"


def not_as_signed(credential: Credential) -> bool:
    """Whether what someone trusted signed is no longer what the file holds.

    A signature that fails itself is nobody's: certificates are public, and anybody can put one
    beside it. A stranger's credential says nothing about the picture, whether it holds or not.
    """
    integrity = credential.integrity
    signed = integrity.state == "broken" and integrity.broken_part != "signature"
    trusted = credential.trust.state == "trusted" and credential.revocation.state != "revoked"
    return signed and trusted


def establishing(credential: Credential) -> Statement | None:
    """Return the statement of someone trusted that the picture was generated, or None."""
    return next((s for s in credential.statements if s.establishes_generation), None)


def declared_generated(credential: Credential) -> list[Statement]:
    """Return statements, whoever made them, that the picture or a part of it was generated."""
    stated = [s for s in credential.statements if s.made in ("generated", "partly generated")]
    speakers = ("trusted signer", "unknown signer", "nobody")
    return sorted(stated, key=lambda s: (speakers.index(s.by), s.of != "picture"))


def _of_other_sources(credential: Credential) -> list[Statement]:
    """Return statements of the picture, whoever made them, that it is no capture."""
    of_it = [s for s in credential.statements if s.of in ("picture", "parent")]
    return [statement for statement in of_it if statement.made != "captured"]


def _made_of_others(credential: Credential) -> bool:
    """Whether the signer states edits, or pictures that this one was made from or holds."""
    opened = "c2pa.opened" in credential.actions
    return bool(opened or credential.ingredients or edits(credential))


def edits(credential: Credential) -> list[str]:
    """Return actions that the signer states and that can change what a picture shows."""
    stated = dict.fromkeys(credential.actions)
    return [action for action in stated if action not in (*HARMLESS, "c2pa.opened")]


def declared_first(credential: Credential) -> list[str]:
    """Return sentences that a summary begins with where the facts decide nothing."""
    if side_of(credential) != "none":
        return []
    words = [statement.words for statement in declared_generated(credential)[:1]]
    if credential.integrity.state == "unclear" and credential.trust.state == "trusted":
        words.append(credential.integrity.words)
    if credential.integrity.state == "broken":
        words.append(
            "The file's content credential doesn't hold, and isn't shown to be of someone whom "
            "you trust: that is no evidence against the picture."
        )
    return words


def summary_of(credential: Credential, *, looks_edited: bool) -> str:
    """Sum up facts for or against; ``looks_edited`` is what statistics say."""
    signer = named(credential.signer or "the signer")
    if not_as_signed(credential):
        return (
            f"The file is not as {signer}, whom you trust, signed it: its content credential "
            f"doesn't hold for it. {_RESAVED}"
        )
    declared = establishing(credential)
    if declared is not None:
        return declared.words
    if looks_edited:
        return (
            f"The signature of {signer} holds, but the picture itself looks edited. One of the two "
            "is wrong; have it looked at."
        )
    return f"The file is as {signer}, whom you trust, signed it."


def reasons_of(credential: Credential) -> list[str]:
    """Return all that a credential says, and what it is worth, in sentences."""
    generated = declared_generated(credential)
    others = [s for s in credential.statements if s not in generated]
    statements = [statement.words for statement in (*generated, *others)][:_SHOWN]
    reasons = [credential.integrity.words]
    if credential.present:
        reasons += [credential.trust.words, credential.revocation.words]
        if credential.identity.state != "none stated":
            reasons.append(credential.identity.words)
        reasons += [*credential.faults, *_stated(credential)]
    return [*reasons, *statements]


def _stated(credential: Credential) -> list[str]:
    """Say what the signer states of how the file was made, as a statement."""
    words = []
    if credential.development is not None:
        development = credential.development
        pair = f", pair {word(development.pair)}" if development.pair else ""
        pipeline = quoted(development.pipeline, "without a name")
        words.append(f"The signer states that a camera pipeline {pipeline}{pair} developed it.")
    if "c2pa.opened" in credential.actions:
        words.append(
            "The signer states that it opened an existing file, and not where that is from."
        )
    if credential.ingredients:
        words.append(f"Pictures that the signer states went into it: {credential.ingredients}.")
    if edits(credential):
        did = [word(action) for action in edits(credential)]
        more = f" and {len(did) - _SHOWN} more" if did[_SHOWN:] else ""
        words.append(f"The signer states that it did this: {', '.join(did[:_SHOWN])}{more}.")
    return words
