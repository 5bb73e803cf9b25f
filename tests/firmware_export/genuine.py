"""The genuine classes of TensorRT 11, without its libraries, and CUDA's, without a device.

TensorRT's bindings load if objects with its libraries' names define the entry points that they
link to; a C compiler makes such objects here. The classes are then the real ones: a stand-in made
by `standing_in` refuses a method that does not exist, or arguments that it does not take.
"""

import ctypes
import importlib
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

LIBRARIES = ("libnvinfer", "libnvinfer_plugin", "libnvonnxparser")
ENTRY_POINTS = (
    "createInferBuilder_INTERNAL",
    "createInferRuntime_INTERNAL",
    "createInferRefitter_INTERNAL",
    "createNvOnnxParser_INTERNAL",
    "createNvOnnxParserRefitter_INTERNAL",
    "getNvOnnxParserVersion",
    "getPluginRegistry",
    "getBuilderPluginRegistry",
    "initLibNvInferPlugins",
    "getInferLibVersion",
    "getLogger",
)


def tensorrt_bindings(folder: Path) -> ModuleType:
    """Import TensorRT's genuine bindings over made libraries, or skip the test."""
    if importlib.util.find_spec("tensorrt_bindings") is None:
        pytest.skip("tensorrt-cu13-bindings is not installed")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    from importlib.metadata import version

    major = version("tensorrt-cu13-bindings").split(".")[0]
    source = folder / "entry_points.c"
    source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in ENTRY_POINTS))
    for name in LIBRARIES:
        made = folder / f"{name}.so.{major}"
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-o", made, source, f"-Wl,-soname,{made.name}"],
            check=True,
        )
        ctypes.CDLL(str(made))  # not global: TensorRT-RTX has entry points of the same names
    return importlib.import_module("tensorrt_bindings")


class StandIn:
    """An object with a genuine class's members, each call checked against its signature.

    Parameters
    ----------
    of
        The genuine class.
    given
        What members return, or are.
    """

    def __init__(self, of: type, **given: Any) -> None:
        object.__setattr__(self, "_of", of)
        object.__setattr__(self, "_given", given)
        object.__setattr__(self, "calls", [])

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._of, name)  # AttributeError where the genuine class has none
        if isinstance(member, property):
            return self._given[name]

        def call(*words: Any, **named: Any) -> Any:
            check_call(member, words, named)
            self.calls.append((name, words, named))
            value = self._given.get(name)
            return value(*words, **named) if callable(value) else value

        return call

    def __setattr__(self, name: str, value: Any) -> None:
        assert isinstance(getattr(self._of, name), property), f"{name} cannot be set"
        self._given[name] = value


def check_call(member: Any, words: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Refuse arguments that no signature in a pybind11 docstring has."""
    signatures = re.findall(rf"{member.__name__}\(self: [^,)]+(?:, )?(.*)\) -> ", member.__doc__)
    assert signatures, member.__doc__
    for text in signatures:
        names = re.findall(r"(\w+): ", text)
        needed = len(names) - text.count(" = ")
        taken = {*names[: len(words)], *named}
        if len(words) <= len(names) and set(named) <= set(names) and len(taken) >= needed:
            return
    raise TypeError(f"{member.__name__} takes {signatures}, not {words} {named}")


class SimulatedCuda:
    """CUDA's runtime over this machine's memory: its genuine enumerations, a device that is none.

    Parameters
    ----------
    genuine
        ``cuda.bindings.runtime``.
    """

    def __init__(self, genuine: ModuleType) -> None:
        self.cudaDeviceAttr, self.cudaMemcpyKind = genuine.cudaDeviceAttr, genuine.cudaMemcpyKind
        self._genuine, self._held = genuine, {}
        self.log: list[str] = []

    def __getattr__(self, name: str) -> Any:
        getattr(self._genuine, name)  # AttributeError where CUDA has no such function
        act = {
            "cudaMalloc": self._malloc,
            "cudaHostAlloc": self._host_alloc,
            "cudaFree": self._free,
            "cudaFreeHost": self._free,
            "cudaMemcpyAsync": self._copy,
            "cudaDeviceGetAttribute": self._attribute,
            "cudaStreamCreate": lambda: (0, 7),
            "cudaStreamSynchronize": lambda _: (0,),
            "cudaGetDeviceCount": lambda: (0, 1),
        }[name]

        def call(*words: Any) -> Any:
            self.log.append(name)
            return act(*words)

        return call

    def _malloc(self, size: int) -> tuple[int, int]:
        held = np.zeros(size, np.uint8)
        self._held[held.ctypes.data] = held
        return 0, held.ctypes.data

    def _host_alloc(self, size: int, flags: int) -> tuple[int, int]:
        assert flags == 0
        return self._malloc(size)

    def _free(self, address: int) -> tuple[int]:
        del self._held[address]
        return (0,)

    def _copy(self, target: int, source: int, size: int, kind: Any, stream: Any) -> tuple[int]:
        assert stream == 7
        assert kind in (
            self.cudaMemcpyKind.cudaMemcpyHostToDevice,
            self.cudaMemcpyKind.cudaMemcpyDeviceToHost,
        )
        ctypes.memmove(target, source, size)
        return (0,)

    def _attribute(self, attribute: Any, device: int) -> tuple[int, int]:
        assert device == 0
        return 0, 9 if "Major" in attribute.name else 0
