"""What runs a pipeline: a tile at a time, or a whole file. `opening.ENGINES` runs networks."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camera_sim.errors import InferenceError
from camera_sim.raw.raw_image import Picture, RawImage
from camera_sim.weights import FOLDER, Model, SizeRequirements

Array = NDArray[np.float32]
WATERMARK = "watermark"
"""Name of the input that only networks have which embed a watermark that they are given."""


@dataclass(frozen=True)
class Colour:
    """What a pipeline is told of a capture.

    Attributes
    ----------
    white_balance
        (4,) float32 gains of R, G1, G2, B.
    camera_to_srgb
        (3, 3) float32.
    exposure
        Linear gain.
    noise
        (2,) float32 shot and read noise of the mosaic; see `noise_profile`.
    """

    white_balance: Array
    camera_to_srgb: Array
    exposure: float
    noise: Array


@dataclass(frozen=True)
class Source:
    """What an engine is opened from.

    Attributes
    ----------
    model
        The network, an ONNX file: of a manifest, or of a device's firmware.
    folder
        Where its file lies, unless it is in memory.
    precision
        Of the model.
    engines
        Engine files out of a device's firmware: key and content by name; None without a device.
    folder_of_engines
        Where engine files lie without a device, if a folder was named.
    """

    model: Model
    folder: Path = FOLDER
    precision: str = "fp32"
    engines: Mapping[str, tuple[str, bytes]] | None = None
    folder_of_engines: Path | None = None


class Engine(ABC):
    """Develops captures; either a `TileEngine` or a `FileEngine`.

    Attributes
    ----------
    name
        What it is called in a photo's credential.
    """

    name: str


class FileEngine(Engine):
    """Develops a capture whole, from the RAW file that it was read from."""

    @abstractmethod
    def render(self, image: RawImage, exposure: float, depth: int) -> Picture:
        """Render the file of a capture.

        Parameters
        ----------
        image
            Our reading of the file.
        exposure
            Linear gain.
        depth
            8 or 16 bits.

        Returns
        -------
        (H, W, 3) as the sensor saw it, sides even as our reading's, photosites made square.

        Raises
        ------
        PipelineError
            If the capture is not of a file.
        """


class TileEngine(Engine):
    """Develops tiles, by a network or otherwise; safe to call from several threads.

    Attributes
    ----------
    size
        What a tile's sides must be, how far a pixel reaches, how much memory a pixel takes.
    fixed
        Height and width of the one tile that a static-shape network takes, in packed pixels; None
        where any size will do.
    engine_sha256
        Digest of the engine's own file; None where the ONNX file itself runs.
    precision
        Arithmetic of that file; None where it is the ONNX file's.
    takes_watermark
        Whether it embeds a watermark that it is given.
    """

    size: SizeRequirements
    fixed: tuple[int, int] | None = None
    engine_sha256: str | None = None
    precision: str | None = None
    takes_watermark: bool = False

    @abstractmethod
    def develop(self, packed: Array, colour: Colour, watermark: Array | None = None) -> Array:
        """Develop a tile.

        Parameters
        ----------
        packed
            (4, h, w) float32 RGGB planes, sides multiples of ``size.multiple_of``.
        colour
            The capture's.
        watermark
            (2h, 2w) float32 noise of unit variance, for one that takes it; None embeds none.

        Returns
        -------
        (3, 2h, 2w) float32 sRGB in [0, 1].
        """


def inputs_of(packed: Array, colour: Colour, watermark: Array | None = None) -> dict[str, Array]:
    """Return a network's inputs by name (see `networks.nip.NIP.forward`), a batch of one.

    Parameters
    ----------
    watermark
        (2h, 2w); where the planes were `fitted` to more, the rest has none. None is zeros, by
        which a network embeds nothing.
    """
    return {
        "mosaic": packed[None],
        "white_balance": colour.white_balance[None],
        "camera_to_srgb": colour.camera_to_srgb[None],
        "exposure": np.array([[colour.exposure]], np.float32),
        "noise": colour.noise[None],
        WATERMARK: _plane_of(watermark, packed),
    }


def _plane_of(watermark: Array | None, packed: Array) -> Array:
    """Return a watermark as a network takes it: (1, 1, 2h, 2w)."""
    height, width = (2 * side for side in packed.shape[1:])
    if watermark is not None and watermark.shape == (height, width):
        return watermark[None, None]
    plane = np.zeros((1, 1, height, width), np.float32)
    if watermark is not None:
        plane[0, 0, : watermark.shape[0], : watermark.shape[1]] = watermark
    return plane


def fitted(packed: Array, fixed: tuple[int, int] | None) -> Array:
    """Widen (4, h, w) planes to a fixed size by repeating their last row and column.

    What is repeated lies beyond the halo, so that no pixel that is kept depends on it.
    """
    if fixed is None or packed.shape[1:] == fixed:
        return packed
    rows, columns = (most - side for most, side in zip(fixed, packed.shape[1:], strict=True))
    return np.pad(packed, ((0, 0), (0, rows), (0, columns)), mode="edge")


def checked(developed: Array, packed: Array, name: str) -> Array:
    """Return what a network named ``name`` made of (4, h, w) planes, if it is a picture.

    Raises
    ------
    InferenceError
        If its shape is not (3, 2h, 2w), or a value is no finite number though the planes' are.
    """
    height, width = packed.shape[1:]
    if developed.shape != (3, 2 * height, 2 * width):
        raise InferenceError(f"the network {name} gave {developed.shape} for planes {packed.shape}")
    # One that is no finite number leaves no finite sum, and a sum is soon made.
    if not np.isfinite(developed.sum()) and np.isfinite(packed).all():
        raise InferenceError(f"the network {name} gave values that are no finite numbers")
    return developed
