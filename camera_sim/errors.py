"""What can go wrong in the camera, as one tree.

::

    CameraSimError
    ├── RawError                     a file that cannot be developed
    │   ├── RawNotFoundError         no such file, or a directory
    │   ├── RawUnreadableError       empty, another format or truncated
    │   └── RawUnsupportedError      decodes, but is not a 2×2 Bayer mosaic
    ├── RawDecoderError               the process that decodes RAW files can't be started
    ├── UnforeseenError              a file made us raise what we did not foresee: a defect
    ├── PipelineError                unknown pipeline, or one whose weights are missing
    ├── WeightsError                 a model that does not match its manifest
    ├── OutputError                  a result that cannot be written, or would overwrite
    ├── MemoryBudgetError            --max-memory is too small for the picture
    ├── EngineError                  no device, no library, or an engine of another device
    │   └── InferenceError           a network that fails while it runs, or gives no picture
    ├── IdentityError                a key, certificate or revocation list that cannot be used
    ├── TokenError                   a capture token that is missing, false or used up
    ├── CredentialError              a photo that cannot be signed
    ├── DeviceError                  a simulated device that is not provisioned or has not booted
    └── TrainingError                a training that cannot start or resume

Every message says what was wrong, with the value, and what to do. A library's exceptions
(LibRaw's, Pillow's, ONNX Runtime's) are wrapped where they enter: one that leaks is a bug.
"""


class CameraSimError(Exception):
    """Root of everything that this package raises on purpose."""


class RawError(CameraSimError):
    """A RAW file that cannot be developed."""


class RawNotFoundError(RawError):
    """There is no such file, or the path names a directory."""


class RawUnreadableError(RawError):
    """The file is empty, truncated, or no RAW file at all."""


class RawUnsupportedError(RawError):
    """LibRaw decodes the file, but it does not hold a 2×2 Bayer mosaic."""


class RawDecoderError(CameraSimError):
    """The process that decodes RAW files can't be started."""


class UnforeseenError(CameraSimError):
    """A file made us raise what we did not foresee: a defect of ours, and no other file's."""

    def __init__(self, what: str) -> None:
        super().__init__(f"an error of ours, please report it: {what}")


class PipelineError(CameraSimError):
    """An unknown pipeline, or one whose weights are not there."""


class WeightsError(CameraSimError):
    """A model file that does not match its manifest entry."""


class OutputError(CameraSimError):
    """A result that cannot be written, or would overwrite something."""


class MemoryBudgetError(CameraSimError):
    """The memory limit is too small for the picture."""


class EngineError(CameraSimError):
    """An accelerator's engine that cannot run here."""


class InferenceError(EngineError):
    """A network that fails while it runs, or gives no picture."""


class IdentityError(CameraSimError):
    """A key, a certificate or a revocation list that cannot be used."""


class TokenError(CameraSimError):
    """A capture token that is missing, does not belong to the frame, or was used before."""


class CredentialError(CameraSimError):
    """A photo that cannot be signed."""


class DeviceError(CameraSimError):
    """A simulated device that is not provisioned, or has not booted."""


class TrainingError(CameraSimError):
    """A training run that cannot start or resume."""
