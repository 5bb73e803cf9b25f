"""What a bundle says of itself: every file with its digest, and what the firmware is."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from camera_sim.device.firmware import Precision
from camera_sim.device.one_time_memory import Counter
from camera_sim.engines.engine_key import EngineKey
from camera_sim.signing.envelope import canonical_json
from camera_sim.weights import SizeRequirements
from firmware_export.errors import BundleError
from firmware_export.parity_report import ParityReport

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Part(BaseModel):
    """A file of the bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    sha256: Digest
    bytes: int = Field(ge=0)


class ModelPart(Part):
    """A network, as ONNX with explicit types.

    Attributes
    ----------
    size
        What its tiles must be.
    tile
        Height and width of its one tile in packed pixels, or None where any will do.
    """

    precision: Precision
    size: SizeRequirements
    tile: tuple[int, int] | None = None


class EnginePart(Part):
    """An engine's file, and what it was built from and for."""

    key: EngineKey


class SelfTest(Part):
    """The answer that each model must give to the built-in question.

    Attributes
    ----------
    precision
        Of the model.
    largest, mean
        By how many 8-bit levels it may differ: processors round differently.
    """

    precision: Precision
    largest: int = Field(ge=0, le=255)
    mean: float = Field(ge=0, le=255, allow_inf_nan=False)


class Manifest(BaseModel):
    """What a bundle is.

    Attributes
    ----------
    camera
        Model of the cameras that it is for.
    security_version
        Grows when an older bundle must not run any more; see the device's anti-rollback counter.
    pair
        Name of the NIP–FAN pair, or None.
    fan_sha256
        Of the FAN that belongs to it, as an ONNX file; None without a pair.
    default_precision
        The model that runs unless another is asked for.
    parity
        How far each model is from the fp32 one, through the real channel.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    camera: str
    version: str
    security_version: Counter
    pipeline: str
    pair: str | None
    fan_sha256: Digest | None
    default_precision: Precision
    models: tuple[ModelPart, ...]
    self_tests: tuple[SelfTest, ...]
    engines: tuple[EnginePart, ...] = ()
    others: tuple[Part, ...] = ()
    parity: tuple[ParityReport, ...] = ()

    def parts(self) -> tuple[Part, ...]:
        """Return every file that it names."""
        return (*self.models, *self.self_tests, *self.engines, *self.others)

    def canonical(self) -> bytes:
        """Return it as canonical JSON, what is signed."""
        return canonical_json(self.model_dump(mode="json"))

    def model(self, precision: Precision) -> ModelPart | None:
        """Return the dynamic network of a precision, if there is one."""
        return next((m for m in self.models if m.precision == precision and not m.tile), None)


def read_manifest(payload: bytes) -> Manifest:
    """Read a manifest in its one form.

    Raises
    ------
    BundleError
        If it is none.
    """
    try:
        manifest = Manifest.model_validate_json(payload)
    except ValidationError as error:
        wrong = error.errors()[0]
        place = ".".join(map(str, wrong["loc"])) or "the whole"
        raise BundleError(f"its manifest is none ({place}: {wrong['msg']})") from error
    if payload not in (manifest.canonical(), _canonical_before(manifest)):
        raise BundleError("its manifest is not canonical JSON")
    return manifest


def _canonical_before(manifest: Manifest) -> bytes:
    """Return the canonical JSON of older bundles, which say ``traces`` for ``watermarked``."""
    content = manifest.model_dump(mode="json")
    for model in content["models"]:
        model["size"]["traces"] = model["size"].pop("watermarked")
    return canonical_json(content)
