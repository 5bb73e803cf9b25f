"""Made vendors, devices, models and bundles: small, and made once where they can be shared."""

from dataclasses import dataclass, replace
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from camera_sim.device.device import DEFAULT_CAMERA, Device, provision
from camera_sim.sensor.dng import write_dng
from camera_sim.signing.identity import Identity, Secrets, new_generation
from camera_sim.signing.keys import SoftwareKey
from camera_sim.signing.revocation import RevocationLists
from camera_sim.signing.vendor import REVOKED, Vendor
from camera_sim.weights import SizeRequirements
from firmware_export.bundle import Release, built, signed
from firmware_export.contract import KEY, Contract, Exported, inputs_of_network
from tests.camera_sim.scenes import capture

NO_SECRETS = Secrets()
SIZE = SizeRequirements(multiple_of=2, receptive_field=2, bytes_per_pixel=500)
RELEASE = Release(DEFAULT_CAMERA, "1.0.0", 1, "rnet", "test-pair-1")


@dataclass(frozen=True)
class Company:
    """A vendor with those who sign its firmware."""

    vendor: Vendor
    developer: Identity
    release: Identity

    @property
    def lists(self) -> RevocationLists:
        path = self.vendor.folder / REVOKED
        return RevocationLists(path.read_bytes(), path)

    def device(self, folder: Path) -> Device:
        key = SoftwareKey.generate("es256")
        return provision(folder, self.vendor, DEFAULT_CAMERA, key, NO_SECRETS)

    def signed(self, bundle: bytes) -> bytes:
        return signed(signed(bundle, self.developer), self.release)


def company(folder: Path, algorithm: str = "ed25519") -> Company:
    vendor = Vendor.create(folder / "vendor", "Test Cameras", algorithm, None)
    people = [
        new_generation(
            folder / role,
            SoftwareKey.generate(algorithm),
            lambda public, role=role: vendor.issue(role, f"the {role}", public),
            NO_SECRETS,
        )
        for role in ("developer", "release")
    ]
    return Company(Vendor.open(folder / "vendor"), *people)


def tiny_model(
    gain: float = 1.0,
    precision: str = "fp32",
    fails: str = "",
    levels: float = 0.0,
    **changes: object,
) -> Exported:
    """Make a network of a few bytes: each colour of the mosaic times a gain, doubled in size.

    It can be made to fail: at any "size" but the self-test's, with no number where the mosaic is
    "bright", or "always". With some ``levels`` of 255 it embeds so much of a watermark.
    """
    contract = Contract(
        pipeline="rnet",
        precision=precision,
        opset=18,
        size=SIZE,
        pair="test-pair-1",
        **changes,
    )
    height, width = contract.tile or ("h", "w")
    nodes = [
        *FAILURES[fails],
        helper.make_node("Mul", ["mosaic", "gain"], ["brighter"], "brighten"),
        helper.make_node("Add", ["brighter", "nought"], ["bright"], "fail"),
        helper.make_node("Conv", ["bright", "kernel"], ["colours"], "mix"),
        helper.make_node("Clip", ["colours", "zero", "one"], ["clipped"], "clip"),
        helper.make_node("Resize", ["clipped", "", "scales"], ["srgb"], "double", mode="nearest"),
    ]
    kernel = [1, 0, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0, 1]
    constants = [
        helper.make_tensor("gain", TensorProto.FLOAT, [], [gain]),
        helper.make_tensor("limit", TensorProto.FLOAT, [], [0.62]),
        helper.make_tensor("tested", TensorProto.INT64, [4], [1, 4, 64, 64]),
        helper.make_tensor("kernel", TensorProto.FLOAT, [3, 4, 1, 1], kernel),
        helper.make_tensor("zero", TensorProto.FLOAT, [], [0]),
        helper.make_tensor("one", TensorProto.FLOAT, [], [1]),
        helper.make_tensor("scales", TensorProto.FLOAT, [4], [1, 1, 2, 2]),
    ]
    mosaic = helper.make_tensor_value_info("mosaic", TensorProto.FLOAT, [1, 4, height, width])
    srgb = helper.make_tensor_value_info("srgb", TensorProto.FLOAT, [1, 3, "y", "x"])
    inputs = [mosaic]
    if levels:
        nodes[-1].output[0] = "plain"
        nodes += [
            helper.make_node("Mul", ["watermark", "strength"], ["laid"], "weaken"),
            helper.make_node("Add", ["plain", "laid"], ["sum"], "embed"),
            helper.make_node("Clip", ["sum", "zero", "one"], ["srgb"], "clip again"),
        ]
        constants.append(helper.make_tensor("strength", TensorProto.FLOAT, [], [levels / 255]))
        plane = helper.make_tensor_value_info("watermark", TensorProto.FLOAT, [1, 1, "y", "x"])
        inputs.append(plane)
    graph = helper.make_graph(nodes, "tiny", inputs, [srgb], constants)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(proto, {KEY: contract.model_dump_json()})
    onnx.checker.check_model(proto)
    return Exported(contract=contract, content=proto.SerializeToString())


def tiny_watermarking_model(strength: float = 1.0, **changes: object) -> Exported:
    """Make a `tiny_model` that adds the watermark that it is given, as strong as so many levels."""
    plain = tiny_model(**changes)
    contract = plain.contract.model_copy(update={"inputs": inputs_of_network(takes_watermark=True)})
    proto = onnx.load_from_string(plain.content)
    graph = proto.graph
    height, width = (2 * side for side in contract.tile) if contract.tile else ("y", "x")
    given = helper.make_tensor_value_info("watermark", TensorProto.FLOAT, [1, 1, height, width])
    graph.input.append(given)
    graph.initializer.append(
        helper.make_tensor("strength", TensorProto.FLOAT, [], [strength / 255])
    )
    assert graph.node[-1].output[0] == "srgb"
    graph.node[-1].output[0] = "plain"
    graph.node.extend(
        [
            helper.make_node("Mul", ["watermark", "strength"], ["laid"], "weigh"),
            helper.make_node("Add", ["plain", "laid"], ["unclipped"], "lay"),
            helper.make_node("Clip", ["unclipped", "zero", "one"], ["srgb"], "clip_again"),
        ]
    )
    helper.set_model_props(proto, {KEY: contract.model_dump_json()})
    onnx.checker.check_model(proto)
    return Exported(contract=contract, content=proto.SerializeToString())


# What makes "nought": zero where nothing fails.
FAILURES = {
    "": [helper.make_node("Sub", ["zero", "zero"], ["nought"])],
    "size": [
        helper.make_node("Reshape", ["mosaic", "tested"], ["reshaped"]),
        helper.make_node("Mul", ["reshaped", "zero"], ["nought"]),
    ],
    "bright": [
        helper.make_node("Sub", ["limit", "mosaic"], ["under"]),
        helper.make_node("Sqrt", ["under"], ["root"]),
        helper.make_node("Mul", ["root", "zero"], ["nought"]),
    ],
    "always": [helper.make_node("Div", ["zero", "zero"], ["nought"])],
}


def tiny_fan(pair: str = "test-pair-1", labels: str = "native,gaussian") -> bytes:
    """Make a FAN that looks at the variance of neighbouring pixels' differences."""
    nodes = [
        helper.make_node("Slice", ["patches", "one", "end", "axis"], ["right"]),
        helper.make_node("Slice", ["patches", "none", "last", "axis"], ["left"]),
        helper.make_node("Sub", ["right", "left"], ["difference"]),
        helper.make_node("Abs", ["difference"], ["size"]),
        helper.make_node("ReduceMean", ["size", "axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "second"], ["column"]),
        helper.make_node("Sub", ["column", "threshold"], ["sharp"]),
        helper.make_node("Neg", ["sharp"], ["soft"]),
        helper.make_node("Concat", ["sharp", "soft"], ["logits"], axis=1),
    ]

    def whole(name: str, values: list[int]) -> onnx.TensorProto:
        return helper.make_tensor(name, TensorProto.INT64, [len(values)], values)

    constants = [
        whole("one", [1]),
        whole("end", [128]),
        whole("none", [0]),
        whole("last", [127]),
        whole("axis", [3]),
        whole("axes", [1, 2, 3]),
        whole("second", [1]),
        helper.make_tensor("threshold", TensorProto.FLOAT, [], [0.003]),
    ]
    patches = helper.make_tensor_value_info("patches", TensorProto.FLOAT, ["n", 3, 128, 128])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph(nodes, "fan", [patches], [logits], constants)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(proto, {"pair": pair, "labels": labels})
    onnx.checker.check_model(proto, full_check=True)
    content: bytes = proto.SerializeToString()
    return content


def tiny_bundle(
    security_version: int = 1,
    gain: float = 1.0,
    fails: str = "",
    levels: float = 0.0,
    **changes: object,
) -> bytes:
    """Make an unsigned bundle."""
    release = replace(RELEASE, security_version=security_version, **changes)
    model = tiny_model(gain, fails=fails, levels=levels)
    return built(release, {model.contract.name: model.model()}, "fp32")


def capture_file(path: Path, device: Device | None = None, seed: int = 0, side: int = 96) -> Path:
    """Simulate a capture of a made scene, by a device's sensor where one is given."""
    image = capture(side, side, seed=seed)
    write_dng(path, image, attest=device.attest if device else None)
    return path


def with_weights_elsewhere(exported: Exported) -> Exported:
    """Take a model's kernel out into a file that no bundle holds."""
    proto = onnx.load_from_string(exported.content)
    kernel = next(one for one in proto.graph.initializer if one.name == "kernel")
    kernel.ClearField("float_data")
    kernel.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "kernel.bin", "offset": "0", "length": "48"}.items():
        kernel.external_data.add(key=key, value=value)
    return exported.model_copy(update={"content": proto.SerializeToString()})
