"""ONNX Runtime's TensorRT-RTX provider: a package of its own, which registers with ONNX Runtime.

It compiles the ONNX file on the device that is here; nothing is built ahead of time.
"""

from typing import Any

from camera_sim.engines import Source
from camera_sim.engines.cuda import find_runtime
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.errors import EngineError
from channel.extras import to_install
from channel.onnx_file import open_session, runtime


class TensorRTProviderEngine(OnnxRuntimeEngine):
    """A network in an ONNX Runtime session, on an NVIDIA device.

    Raises
    ------
    EngineError
        If the provider's package or a device is missing.
    """

    name = "onnxruntime-tensorrt-rtx"

    def __init__(self, source: Source) -> None:
        self._devices = provider_devices()
        super().__init__(source.model, source.folder)

    @classmethod
    def of(cls, source: Source) -> "TensorRTProviderEngine":
        """Open a network; see `engines.Source`."""
        return cls(source)

    def _session_of(self, content: bytes, threads: int) -> Any:
        return open_session(content, threads, devices=self._devices[:1])


def provider_devices() -> list[Any]:
    """Register the provider, once, and return its devices.

    Raises
    ------
    EngineError
        If its package or a device is missing.
    """
    ort = runtime()

    try:
        import onnxruntime_ep_nv_tensorrt_rtx as provider
    except ImportError as error:
        raise EngineError(
            "ONNX Runtime's TensorRT-RTX provider is not installed: "
            f"{to_install('onnxruntime-tensorrt-rtx')}; or develop with --engine onnxruntime"
        ) from error
    find_runtime()
    name = provider.get_ep_name()
    try:
        if name not in {device.ep_name for device in ort.get_ep_devices()}:
            ort.register_execution_provider_library(name, provider.get_library_path())
    except Exception as error:  # ONNX Runtime's have no root of their own
        reason = " ".join(str(error).split())
        raise EngineError(
            f"ONNX Runtime cannot load the TensorRT-RTX provider: {reason}; develop with "
            "--engine onnxruntime"
        ) from error
    devices = [device for device in ort.get_ep_devices() if device.ep_name == name]
    if not devices:
        raise EngineError(
            "the TensorRT-RTX provider finds no device; develop with --engine onnxruntime"
        )
    return devices
