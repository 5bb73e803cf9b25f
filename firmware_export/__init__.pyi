from .boot import Booted, install, update_revocation_lists
from .bundle import Bundle, Release, built, opened, read_bundle, signed
from .contract import Exported, read_exported, read_folder
from .errors import (
    BootError,
    BundleError,
    ExportError,
    FirmwareError,
    ParityError,
    RollbackError,
    SignatureError,
)
from .onnx_export import export_weights
from .quantise import quantised

__all__ = [
    "BootError",
    "Booted",
    "Bundle",
    "BundleError",
    "ExportError",
    "Exported",
    "FirmwareError",
    "ParityError",
    "Release",
    "RollbackError",
    "SignatureError",
    "built",
    "export_weights",
    "install",
    "opened",
    "quantised",
    "read_bundle",
    "read_exported",
    "read_folder",
    "signed",
    "update_revocation_lists",
]
