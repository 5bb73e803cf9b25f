"""What C2PA's Soft Binding Resolution API 2.4 asks and answers, in its own names."""

from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from verifier.repository.receipt import Receipt
from verifier.repository.repository import LONGEST_NAME

SPECIFICATION: Final = "2.4.0"
Capability = Literal["queryByContent", "queryByReference", "storeManifests"]


class Match(BaseModel):
    """A manifest that a soft binding leads to."""

    manifestId: str = Field(description="Label of its active manifest.")  # noqa: N815


class Matches(BaseModel):
    """The manifests that a soft binding leads to, the latest first; often none."""

    matches: list[Match]

    @classmethod
    def of(cls, identifiers: tuple[str, ...]) -> "Matches":
        """Write identifiers as the API has them."""
        return cls(matches=[Match(manifestId=identifier) for identifier in identifiers])


class BindingQuery(BaseModel):
    """A soft binding to look up."""

    alg: str = Field(max_length=LONGEST_NAME, description="Name of the algorithm.")
    value: str = Field(max_length=10_000, description="In base64.")


class ReferenceQuery(BaseModel):
    """A picture somewhere else, to look up by its watermark."""

    referenceUrl: str = Field(max_length=2000)  # noqa: N815
    assetLength: int = Field(ge=0, description="Bytes that it has.")  # noqa: N815
    assetType: str | None = Field(default=None, max_length=100)  # noqa: N815


class BindingStatement(BaseModel):
    """That a value leads to a manifest; it does if the manifest's signer stated it."""

    model_config = ConfigDict(extra="ignore")

    bindingValue: str = Field(max_length=10_000, description="In base64.")  # noqa: N815
    manifestId: str = Field(max_length=LONGEST_NAME)  # noqa: N815


class Published(BaseModel):
    """What was published."""

    manifestId: str  # noqa: N815
    new: bool = Field(description="Whether it wasn't published before.")
    receipt: Receipt | None = Field(default=None, description="If it was asked for.")


class Algorithm(BaseModel):
    """An algorithm of soft bindings."""

    alg: str


class Algorithms(BaseModel):
    """By which algorithms manifests are found here."""

    watermarks: list[Algorithm]
    fingerprints: list[Algorithm] = []


class Capabilities(BaseModel):
    """What of the API is here."""

    c2paSpecificationVersion: str = SPECIFICATION  # noqa: N815
    supportedCapabilities: list[Capability]  # noqa: N815


class Status(BaseModel):
    """That the repository answers."""

    status: Literal["ok", "degraded", "down"] = "ok"
    timestamp: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Discovery(BaseModel):
    """Where the API is (RFC 8615)."""

    apiEndpoint: str = "/v1"  # noqa: N815
    c2paSpecificationVersion: str = SPECIFICATION  # noqa: N815
    capabilitiesEndpoint: str = "/v1/services/capabilities"  # noqa: N815
    statusEndpoint: str = "/v1/services/status"  # noqa: N815
