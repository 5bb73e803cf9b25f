"""Shipped networks: ONNX files, and a manifest that says what each is.

A network is data with a label: digest, licence, input contract, recipe and measured figures. The
digest is checked before a file is loaded.
"""

from functools import cache
from pathlib import Path
from typing import Literal, Protocol

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from camera_sim.errors import PipelineError, WeightsError
from camera_sim.pipelines import DEFAULT_PIPELINE
from channel.network_folder import MANIFEST, checked_bytes, read_manifest_of, write_manifest

FOLDER = Path(__file__).parent


class SizeRequirements(BaseModel):
    """What height and width of the packed mosaic must be, and how far a pixel reaches.

    Attributes
    ----------
    multiple_of
        Sides must be multiples of this.
    receptive_field
        Packed pixels on each side that an output pixel can depend on.
    bytes_per_pixel
        Memory that a packed pixel of a tile takes while it is developed, measured.
    watermarked
        Whether it embeds a watermark, whose place counts; see `watermark_grid`. Older
        files say ``traces``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    multiple_of: int
    receptive_field: int
    bytes_per_pixel: int
    watermarked: bool = Field(False, validation_alias=AliasChoices("watermarked", "traces"))


class Model(Protocol):
    """A network that an engine can open: of a manifest, or of a device's firmware."""

    @property
    def file(self) -> str:
        """Name of its file."""

    @property
    def sha256(self) -> str:
        """Digest of its file."""

    @property
    def size(self) -> SizeRequirements:
        """What a tile must be."""

    def read(self, folder: Path) -> bytes:
        """Return its bytes, checked."""


class WeightsEntry(BaseModel):
    """One network of the manifest.

    Attributes
    ----------
    file
        Name in the manifest's folder.
    sha256
        Of the file.
    trained_for
        A camera, or "any Bayer camera".
    pair
        Name of the NIP–FAN pair that it is half of, or None.
    figures
        Measured, with the command that prints them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pipeline: str
    version: str
    file: str
    sha256: str
    licence: str
    parameters: int
    trained_for: str
    size: SizeRequirements
    recipe: dict[str, str | int | float | bool]
    data: str
    figures: dict[str, str | float]
    pair: str | None = None

    def read(self, folder: Path = FOLDER) -> bytes:
        """Return the model's bytes, checked against the digest.

        Raises
        ------
        WeightsError
            If the file is missing or is not the one that the manifest describes.
        """
        return checked_bytes(folder, self.file, self.sha256, WeightsError)


class Manifest(BaseModel):
    """The networks of one folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    networks: tuple[WeightsEntry, ...] = ()

    def find(self, pipeline: str) -> WeightsEntry:
        """Return the entry of a pipeline.

        Raises
        ------
        PipelineError
            If the folder has no weights for it.
        """
        for entry in self.networks:
            if entry.pipeline == pipeline:
                return entry
        known = ", ".join(entry.pipeline for entry in self.networks) or "none"
        raise PipelineError(
            f"no weights for the pipeline {pipeline!r} (there are: {known}); train it with "
            f"`camsim train nip --pipeline {pipeline}` and name the folder with --weights"
        )


def default_pipeline(folder: Path = FOLDER) -> str:
    """Return the pipeline to use where none is named: the only one of a folder, or the default.

    Raises
    ------
    WeightsError
        If the folder's manifest is missing or malformed.
    """
    networks = read_manifest(folder).networks
    return networks[0].pipeline if len(networks) == 1 else DEFAULT_PIPELINE


def read_manifest(folder: Path = FOLDER) -> Manifest:
    """Read ``manifest.json`` of a folder of weights.

    Raises
    ------
    WeightsError
        If it is missing or malformed.
    """
    return _read_manifest(folder.resolve())


@cache
def _read_manifest(folder: Path) -> Manifest:
    return read_manifest_of(folder, Manifest, "weights", WeightsError)


def add_to_manifest(entry: WeightsEntry, folder: Path) -> None:
    """Add an entry, in place of an older one of its pipeline."""
    old = read_manifest(folder) if (folder / MANIFEST).exists() else Manifest()
    kept = tuple(other for other in old.networks if other.pipeline != entry.pipeline)
    write_manifest(folder, Manifest(networks=(*kept, entry)))
    _read_manifest.cache_clear()
