"""What an exported model says of itself, in its ONNX metadata: read by ONNX Runtime alone."""

import hashlib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from camera_sim import weights
from camera_sim.device.firmware import FirmwareModel, Precision
from camera_sim.engines import WATERMARK
from camera_sim.errors import CameraSimError
from camera_sim.weights import SizeRequirements
from channel.onnx_file import open_session
from channel.regular_file import read_regular
from firmware_export.errors import ExportError

KEY = "camsim.contract"
OPSET = 18  # of networks that are trained here, see `training.nip.export`
# Shapes in packed pixels; see `camera_sim.networks.nip.NIP.forward`.
INPUTS: dict[str, dict[str, Any]] = {
    "mosaic": {"shape": [1, 4, "h", "w"], "range": "black 0, saturation 1; noise may be below 0",
               "planes": ["R", "G1", "G2", "B"]},
    "white_balance": {"shape": [1, 4], "range": "gains of the planes, the smallest 1"},
    "camera_to_srgb": {"shape": [1, 3, 3], "range": "white-balanced camera RGB to linear sRGB"},
    "exposure": {"shape": [1, 1], "range": "linear gain, over 0"},
    "noise": {"shape": [1, 2], "range": "variance = noise[0] · signal + noise[1]"},
}  # fmt: skip
# Of networks that embed a watermark which they are given.
WATERMARK_INPUT: dict[str, dict[str, Any]] = {
    WATERMARK: {"shape": [1, 1, "2h", "2w"], "range": "noise of unit variance; zeros embed none"},
}
OUTPUT: dict[str, Any] = {"srgb": {"shape": [1, 3, "2h", "2w"], "range": "sRGB in [0, 1]"}}


class Contract(BaseModel):
    """What an exported model is and takes.

    Attributes
    ----------
    pair
        Name of the NIP–FAN pair, or None.
    labels
        Of the pair's FAN, in the order of its logits; () without a pair.
    tile
        Height and width of its one tile in packed pixels; None where any multiple will do.
    source_sha256
        Of the fp32 model that it was made from; "" for an fp32 one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pipeline: str
    precision: Precision
    opset: int
    size: SizeRequirements
    pair: str | None = None
    labels: tuple[str, ...] = ()
    tile: tuple[int, int] | None = None
    source_sha256: str = ""
    inputs: dict[str, dict[str, Any]] = INPUTS
    outputs: dict[str, dict[str, Any]] = OUTPUT

    @property
    def takes_watermark(self) -> bool:
        """Whether it embeds a watermark that it is given."""
        return WATERMARK in self.inputs

    @property
    def name(self) -> str:
        """A file name."""
        tile = f"-{self.tile[0]}x{self.tile[1]}" if self.tile else ""
        return f"{self.pipeline}.{self.precision}{tile}.onnx"


class Exported(BaseModel):
    """A model's file with its contract."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contract: Contract
    content: bytes

    @property
    def sha256(self) -> str:
        """Of the file."""
        return hashlib.sha256(self.content).hexdigest()

    def model(self) -> FirmwareModel:
        """Return it as an engine opens it."""
        contract = self.contract
        return FirmwareModel(
            contract.name, self.sha256, contract.precision, contract.size, self.content
        )


def read_exported(path: Path) -> Exported:
    """Read an exported model, or one of a folder of weights, whose manifest says what it is.

    Raises
    ------
    ExportError
        If it cannot be read, or does not say what it is.
    """
    try:
        content = read_regular(path)
        session = open_session(content, optimised=False)
        metadata = session.get_modelmeta().custom_metadata_map
        takes_watermark = WATERMARK in {node.name for node in session.get_inputs()}
        said = metadata[KEY] if KEY in metadata else _of_weights(path, content, takes_watermark)
        return Exported(contract=Contract.model_validate_json(said), content=content)
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {error.strerror}") from error
    except (CameraSimError, KeyError, ValidationError) as error:
        raise ExportError(
            f"{path} does not say what it is; export it with `camsim firmware export`"
        ) from error
    except Exception as error:  # ONNX Runtime's have no root of their own
        raise ExportError(f"{path} is no model that ONNX Runtime takes: {error}") from error


def inputs_of_network(takes_watermark: bool) -> dict[str, dict[str, Any]]:
    """Describe what a network takes."""
    return INPUTS | WATERMARK_INPUT if takes_watermark else INPUTS


def _of_weights(path: Path, content: bytes, takes_watermark: bool) -> str:
    """Return the contract, as JSON, of an fp32 model that the manifest beside it lists."""
    sha256 = hashlib.sha256(content).hexdigest()
    entries = weights.read_manifest(path.parent).networks
    found = {entry.sha256: entry for entry in entries}[sha256]
    return Contract(
        pipeline=found.pipeline,
        precision="fp32",
        opset=OPSET,
        size=found.size,
        pair=found.pair,
        inputs=inputs_of_network(takes_watermark),
    ).model_dump_json()


def read_folder(folder: Path) -> list[Exported]:
    """Read every exported model of a folder, by name.

    Raises
    ------
    ExportError
        If there is none.
    """
    found = [read_exported(path) for path in sorted(folder.glob("*.onnx"))]
    if not found:
        raise ExportError(f"{folder} holds no exported model; make some: `camsim firmware export`")
    return found
