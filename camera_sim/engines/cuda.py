"""The little of CUDA's runtime that engines need, through cuda-python; errors turned into ours."""

import ctypes
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camera_sim.errors import EngineError
from channel.extras import to_install

Array = NDArray[np.float32]


def find_runtime() -> ModuleType:
    """Return cuda-python's runtime bindings, once there is a device to use them with.

    Raises
    ------
    EngineError
        If cuda-python, the driver or a device is missing.
    """
    try:
        from cuda.bindings import runtime
    except ImportError as error:
        raise EngineError(
            f"TensorRT needs cuda-bindings: {to_install('tensorrt')}; "
            "or develop with --engine onnxruntime"
        ) from error
    try:
        status, count = runtime.cudaGetDeviceCount()
    except RuntimeError as error:  # cuda-python's, where the driver's library cannot be loaded
        raise EngineError(_no_device(f"the CUDA driver cannot be loaded: {error}")) from error
    if int(status) != 0:
        raise EngineError(_no_device(f"CUDA says {status.name}"))
    if count < 1:
        raise EngineError(_no_device("CUDA finds none"))
    found: ModuleType = runtime
    return found


def _no_device(reason: str) -> str:
    reason = " ".join(reason.split())
    return f"there is no NVIDIA device here ({reason}); develop with --engine onnxruntime"


def checked(result: tuple[Any, ...]) -> Any:
    """Return what a call gave beside its status.

    Raises
    ------
    EngineError
        If the status is not success.
    """
    status, *values = result
    if int(status) != 0:
        raise EngineError(f"CUDA failed: {getattr(status, 'name', status)}")
    return values[0] if values else None


def device_name(runtime: ModuleType) -> str:
    """Return that of the first device, as its vendor calls it."""
    name = checked(runtime.cudaGetDeviceProperties(0)).name
    return (name.decode() if isinstance(name, bytes) else str(name)).strip("\0 ")


def used_memory(runtime: ModuleType) -> int:
    """Return the bytes of the first device's memory that are in use, by whomever."""
    status, free, total = runtime.cudaMemGetInfo()
    checked((status,))
    return int(total) - int(free)


def compute_capability(runtime: ModuleType) -> str:
    """Return that of the first device, as ``9.0``."""
    attributes = runtime.cudaDeviceAttr
    major, minor = (
        checked(runtime.cudaDeviceGetAttribute(attribute, 0))
        for attribute in (
            attributes.cudaDevAttrComputeCapabilityMajor,
            attributes.cudaDevAttrComputeCapabilityMinor,
        )
    )
    return f"{major}.{minor}"


class Buffer:
    """Device memory with page-locked host memory of the same size beside it.

    Parameters
    ----------
    runtime
        From `find_runtime`.
    shape
        Of its float32 content.
    """

    def __init__(self, runtime: ModuleType, shape: tuple[int, ...]) -> None:
        self._runtime = runtime
        self.bytes = 4 * int(np.prod(shape))
        self.device = int(checked(runtime.cudaMalloc(self.bytes)))
        self._pinned = int(checked(runtime.cudaHostAlloc(self.bytes, 0)))
        held = (ctypes.c_float * (self.bytes // 4)).from_address(self._pinned)
        self.host: Array = np.ctypeslib.as_array(held).reshape(shape)

    def upload(self, stream: Any) -> None:
        """Copy to the device, in the stream's order."""
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._copy(self.device, self._pinned, kind, stream)

    def download(self, stream: Any) -> None:
        """Copy from the device, in the stream's order."""
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._copy(self._pinned, self.device, kind, stream)

    def _copy(self, target: int, source: int, kind: Any, stream: Any) -> None:
        checked(self._runtime.cudaMemcpyAsync(target, source, self.bytes, kind, stream))

    def free(self) -> None:
        """Give both memories back."""
        checked(self._runtime.cudaFree(self.device))
        checked(self._runtime.cudaFreeHost(self._pinned))
