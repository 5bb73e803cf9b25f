"""The measured-boot log: what was found at each step, each entry bound to all before it.

As in a TPM's event log, a running register is extended by every entry: the last value stands for
the whole boot, and the digest of the log goes into each photo's credential.
"""

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from camera_sim.signing.envelope import canonical_json
from firmware_export.errors import BootError

Step = Literal["one-time memory", "revocation lists", "bundle", "refused", "signer", "model",
               "engine", "self-test", "fallback", "booted"]  # fmt: skip
START = "0" * 64


class Entry(BaseModel):
    """One measurement.

    Attributes
    ----------
    detail
        In words.
    sha256
        Of what was measured, or "" for a decision.
    register
        SHA-256 of the register before and of this entry.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: Step
    detail: str
    sha256: str = ""
    register_after: str = Field(alias="register", serialization_alias="register")


class BootLog(BaseModel):
    """A boot, measured.

    Attributes
    ----------
    slot, bundle_sha256
        What booted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    slot: Literal["a", "b"]
    bundle_sha256: str
    entries: tuple[Entry, ...]

    def content(self) -> bytes:
        """Return it as it is kept, in canonical JSON."""
        return canonical_json(self.model_dump(mode="json", by_alias=True))

    @property
    def sha256(self) -> str:
        """What a photo's credential says of the boot."""
        return hashlib.sha256(self.content()).hexdigest()


class Recorder:
    """Collects the entries of a boot that is under way."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def measure(self, step: Step, detail: str, sha256: str = "") -> None:
        """Extend the register by one entry."""
        before = self.entries[-1].register_after if self.entries else START
        self.entries.append(
            Entry(step=step, detail=detail, sha256=sha256,
                  register=extended(before, step, detail, sha256))
        )  # fmt: skip


def extended(register: str, step: str, detail: str, sha256: str) -> str:
    """Return the register after an entry."""
    return hashlib.sha256(canonical_json([register, step, detail, sha256])).hexdigest()


def read_log(content: bytes) -> BootLog:
    """Read a log and follow its register.

    Raises
    ------
    BootError
        If it was altered.
    """
    try:
        log = BootLog.model_validate_json(content)
    except ValidationError as error:
        raise BootError("the boot log is damaged") from error
    register = START
    for entry in log.entries:
        register = extended(register, entry.step, entry.detail, entry.sha256)
        if register != entry.register_after:
            raise BootError("the boot log was altered: its register does not add up")
    return log
