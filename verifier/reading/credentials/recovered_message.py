"""A recovered manifest as it crosses the border from the process that read it."""

from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from channel.printable import all_whole
from fleet import framing
from verifier.reading.credentials.recovered import RecoveredManifest
from verifier.reading.credentials.soft_bindings import SoftBinding
from verifier.report.record import Credential
from watermark.reference import MOST_SIDE

_Side = Annotated[int, Field(gt=0)]
_ReferenceSide = Annotated[int, Field(gt=0, le=MOST_SIDE)]


class RecoveredMessage(BaseModel):
    """All of a recovered manifest but the pixels of its reference, which follow as bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    credential: Credential
    bindings: tuple[tuple[str, str], ...]
    photo_size: tuple[_Side, _Side] | None
    reference_size: tuple[_ReferenceSide, _ReferenceSide] | None

    @classmethod
    def of(cls, found: RecoveredManifest) -> "RecoveredMessage":
        """Return what goes into the head of a message."""
        return cls(
            credential=found.credential,
            bindings=tuple((one.alg, one.value.hex()) for one in found.bindings),
            photo_size=found.photo_size,
            reference_size=None if found.reference is None else found.reference.shape[:2],
        )


def recovered_of(answer: framing.Message) -> RecoveredManifest:
    """Take an answer apart. Raises ``ValueError`` of nonsense: its sender saw hostile bytes."""
    facts = RecoveredMessage.model_validate(all_whole(answer.head.get("recovered")))
    bindings = tuple(SoftBinding(alg, bytes.fromhex(value)) for alg, value in facts.bindings)
    if (facts.reference_size is None) != (facts.photo_size is None):
        raise ValueError("a reference without its photo's size, or the reverse")
    if facts.reference_size is None:
        return RecoveredManifest(facts.credential, bindings)
    pixels = np.frombuffer(answer.body, np.uint8).reshape(*facts.reference_size, 3)
    return RecoveredManifest(facts.credential, bindings, pixels, facts.photo_size)
