"""Networks out of ONNX files that are whole: every weight lies in the bytes that were checked.

ONNX may keep a tensor's data in another file (``TensorProto.data_location`` EXTERNAL). A digest of
the model says nothing of that file, and ONNX Runtime looks for it by name when a session is opened,
beside the model or, given bytes, in the working directory. So every place that can hold a tensor is
walked here, in protobuf's wire format, without the package ``onnx``, which inference does not need.

Source: onnx.proto of ONNX 1.23 (`HOLDERS` names its fields); protobuf's encoding,
https://protobuf.dev/programming-guides/encoding.
"""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from channel.errors import ModelFileError

if TYPE_CHECKING:
    import onnxruntime as ort

# Of each message, the fields that can hold a tensor at some depth, and what they are.
HOLDERS: Final[dict[str, dict[int, str]]] = {
    "ModelProto": {7: "GraphProto", 20: "TrainingInfoProto", 25: "FunctionProto"},
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "GraphProto": {1: "NodeProto", 5: "TensorProto", 15: "SparseTensorProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: "TensorProto", 6: "GraphProto", 10: "TensorProto", 11: "GraphProto",
        22: "SparseTensorProto", 23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto"},
    "TensorProto": {},
}  # fmt: skip
EXTERNAL_DATA, DATA_LOCATION = 13, 14  # of TensorProto
OP_TYPE = 4  # of NodeProto
# A node that stands for a compiled network, whose code may lie in another file.
EP_CONTEXT = b"EPContext"
ORT_FORMAT = b"ORTM"  # ONNX Runtime's own format, at bytes 4 to 8 (FlatBuffers' file identifier)
VARINT, I64, LEN, I32 = 0, 1, 2, 5  # wire types; 3 and 4, groups, are in no ONNX file
DEEPEST = 100  # as protobuf's own parsers
MOST_FIELDS = 1 << 20  # the shipped networks have some thousands
LONGEST_VARINT = 10  # bytes
FATAL = 4  # of ONNX Runtime's log levels
LAST_FIELD = 2**29 - 1

Field = tuple[int, int, int | memoryview]
"""Number, wire type, and the value: an integer, or the bytes."""


def open_session(
    content: bytes, threads: int = 0, *, optimised: bool = True, devices: Sequence[Any] = ()
) -> "ort.InferenceSession":
    """Open a whole network in ONNX Runtime, on the CPU or on devices of another provider.

    Parameters
    ----------
    content
        An ONNX file.
    threads
        Inside one run; 0 lets ONNX Runtime take all cores.
    optimised
        Whether its graph may be changed for speed.
    devices
        ONNX Runtime's, in place of the CPU. What they cannot run is an error, and doesn't fall
        back to the CPU.

    Raises
    ------
    ModelFileError
        If it is not whole.
    Exception
        Of ONNX Runtime, whose errors have no root of their own.
    """
    ort = runtime()
    check_whole(content)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = FATAL  # what goes wrong is raised, and said in a sentence
    if not optimised:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    if not devices:
        return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    options.add_provider_for_devices(devices, {})
    return ort.InferenceSession(content, options)


def runtime() -> Any:
    """Return ONNX Runtime, which from 1.32 on would tell its maker of each session.

    It would also keep a device's name in the user's cache. Whoever wants that sets the variable.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def check_whole(content: bytes) -> None:
    """Check that a network needs no other file.

    Parameters
    ----------
    content
        An ONNX file.

    Raises
    ------
    ModelFileError
        If a tensor's data, or a node's code, may lie elsewhere, or it is no ONNX file.
    """
    if content[4:8] == ORT_FORMAT:
        raise ModelFileError("it is in ONNX Runtime's own format; networks are ONNX files")
    left = MOST_FIELDS
    waiting = [("ModelProto", memoryview(content), 0)]
    while waiting:
        kind, message, depth = waiting.pop()
        if depth > DEEPEST:
            raise ModelFileError(f"it is nested more than {DEEPEST} deep; it is no sound ONNX file")
        for number, wire, value in _fields(message):
            left -= 1
            if not left:
                raise ModelFileError(f"it has more than {MOST_FIELDS} parts")
            _check_field(kind, number, value)
            inner = HOLDERS[kind].get(number)
            if inner is None:
                continue
            if wire != LEN or isinstance(value, int):
                raise ModelFileError("it is no sound ONNX file: a part has a false type")
            waiting.append((inner, value, depth + 1))


def _check_field(kind: str, number: int, value: int | memoryview) -> None:
    if kind == "TensorProto" and (
        number == EXTERNAL_DATA or (number == DATA_LOCATION and value != 0)
    ):
        raise ModelFileError(
            "it keeps weights in another file, which no digest covers; save it whole, as "
            "`onnx.save(onnx.load(FILE), FILE)` does"
        )
    if kind == "NodeProto" and number == OP_TYPE and _text(value) == EP_CONTEXT:
        raise ModelFileError("it holds a compiled network, whose code may lie in another file")


def _text(value: int | memoryview) -> bytes:
    return b"" if isinstance(value, int) else bytes(value)


def _fields(message: memoryview) -> Iterator[Field]:
    """Yield the fields of a message."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        number, wire = tag >> 3, tag & 7
        if not 1 <= number <= LAST_FIELD:  # parsers cut a longer tag to 32 bits
            raise ModelFileError("it is no ONNX file, or a damaged one")
        if wire == VARINT:
            value, place = _varint(message, place)
            yield number, wire, value
            continue
        if wire == LEN:
            length, place = _varint(message, place)
        elif wire in (I64, I32):
            length = 8 if wire == I64 else 4
        else:
            raise ModelFileError("it is no ONNX file, or a damaged one")
        if length > len(message) - place:
            raise ModelFileError("it is no ONNX file, or a damaged one")
        yield number, wire, message[place : place + length]
        place += length


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """Return a number, and the place behind it."""
    value = 0
    for shift, byte in enumerate(message[place : place + LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * shift)
        if not byte & 0x80:
            return value, place + shift + 1
    raise ModelFileError("it is no ONNX file, or a damaged one")
