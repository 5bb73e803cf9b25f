"""LiteRT files with activations in int16 and weights in int8, as phones' image processors run.

Convolutions alone are quantised, as many as keep the picture, the harmless first, as in `quantise`:
those that make the picture itself lose it in int8 weights. Needs the extra ``litert-convert``.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from camera_sim.engines import Array
from camera_sim.engines.litert import find_litert
from channel.extras import to_install
from channel.quiet import quiet
from firmware_export.built_engine import Made
from firmware_export.errors import ExportError
from firmware_export.quantise import Feed, most

# What is asked on the worst trial tile: rounding well under the watermark, which is 42 dB.
INT16_PSNR = 50.0
SIGNATURE = "serving_default"
# Tiles on which convolutions are tried, spread over the captures, half of them three stops darker.
TRIAL_FEEDS = 4
# Activations may be larger than on any calibration tile by so much: 16 bits have one to spare.
ROOM = 2.0


def in_int16(made: Made, feeds: Sequence[Feed]) -> Made:
    """Return an fp32 engine with convolutions in int16 and int8.

    Parameters
    ----------
    feeds
        Inputs of held-out captures of the engine's tile; see `calibration`.

    Raises
    ------
    ExportError
        If the quantiser is not installed, or nothing can be quantised.
    """
    places = np.linspace(0, len(feeds) - 1, TRIAL_FEEDS).astype(int)
    trial = [feeds[place // 2 * 2 + turn % 2] for turn, place in enumerate(places)]
    reference = [developed(made.plan, feed) for feed in trial]
    ranges = _ranges(made.plan, feeds)

    def kept(chosen: Sequence[str]) -> float:
        content = quantised(made.plan, chosen, ranges)
        errors = [np.square(developed(content, feed) - picture).mean()
                  for feed, picture in zip(trial, reference, strict=True)]  # fmt: skip
        return -10 * float(np.log10(max(float(max(errors)), 1e-12)))

    harm = {name: kept([name]) for name in convolutions(made.plan)}
    ordered = sorted(harm, key=lambda name: harm[name], reverse=True)
    count = most(ordered, kept)
    if not count:
        raise ExportError(f"no convolution can be in int16 and keep {INT16_PSNR:g} dB")
    content = quantised(made.plan, ordered[:count], ranges)
    key = made.key.model_copy(update={"precision": "int16x8"})
    return Made(key.of_plan(content), content)


def developed(content: bytes, feed: Feed) -> Array:
    """Run a LiteRT file on one tile's inputs."""
    runner = find_litert().Interpreter(model_content=content, num_threads=1).get_signature_runner()
    taken = runner.get_input_details()
    [srgb] = runner(**{name: value for name, value in feed.items() if name in taken}).values()
    picture: Array = srgb
    return picture


def convolutions(content: bytes) -> list[str]:
    """Return the names of what a file's convolutions give, by which they are quantised."""
    interpreter = find_litert().Interpreter(
        model_content=content,
        experimental_op_resolver_type=find_litert().OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    names = {one["index"]: one["name"] for one in interpreter.get_tensor_details()}
    operators = interpreter._get_ops_details()
    return [names[one["outputs"][0]] for one in operators if one["op_name"] == "CONV_2D"]


def quantised(content: bytes, chosen: Sequence[str], ranges: Any) -> bytes:
    """Return a file with the named convolutions in int16 and int8."""
    quantiser, types = _quantiser(content)
    for name in chosen:
        quantiser.add_static_config(
            regex=re.escape(name), operation_name=types.TFLOperationName.CONV_2D,
            activation_num_bits=16, weight_num_bits=8,
        )  # fmt: skip
    with quiet():
        made = quantiser.quantize(ranges).quantized_model
    return bytes(made)


def _ranges(content: bytes, feeds: Sequence[Feed]) -> Any:
    """Find the ranges of all activations, each the widest of any tile, with room.

    The quantiser's own are moving averages: a capture that is unlike the others is clipped.
    """
    widest: dict[str, dict[str, Any]] = {}
    for feed in feeds:
        quantiser, types = _quantiser(content)
        quantiser.add_static_config(
            regex=".*", operation_name=types.TFLOperationName.CONV_2D,
            activation_num_bits=16, weight_num_bits=8,
        )  # fmt: skip
        with quiet():
            found = quantiser.calibrate({SIGNATURE: [dict(feed)]}, num_threads=1)
        for name, one in found.items():
            so_far = widest.setdefault(name, one)
            so_far["min"] = np.minimum(so_far["min"], one["min"])
            so_far["max"] = np.maximum(so_far["max"], one["max"])
    for one in widest.values():
        one["min"], one["max"] = ROOM * one["min"], ROOM * one["max"]
    return widest


def _quantiser(content: bytes) -> tuple[Any, Any]:
    try:
        with quiet():
            from ai_edge_quantizer import qtyping, quantizer
    except ImportError as error:
        raise ExportError(
            f"int16 needs ai-edge-quantizer: {to_install('litert-convert')}"
        ) from error
    return quantizer.Quantizer(bytearray(content)), qtyping
