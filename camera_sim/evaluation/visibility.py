"""How visible a watermark is, by ColorVideoVDP, beside what cameras do to pictures anyway.

Mantiuk et al., *ColorVideoVDP*, ACM TOG 2024: a model of contrast sensitivity and masking, fitted
to observers. 10 JOD (just objectionable differences) is no difference; of two pictures that are 1
apart, three of four observers prefer the same one.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from PIL import Image

from camera_sim.errors import CameraSimError
from camera_sim.training.pair.captures import DevelopedCapture, Picture
from camera_sim.training.pair.validation import as_camera_file, through_jpeg
from channel.evaluation.table import Table
from channel.extras import to_install

Measure = Callable[[Picture, Picture], float]

# Two of its displays, both in an office and seen from twice their height.
FULL_HD = "standard_fhd"
DISPLAYS = {"4K, 75 pixels a degree": "standard_4k", "FullHD, 38 pixels a degree": FULL_HD}
HALVED = "FullHD, scaled to a half"
JPEG_QUALITY = 90
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def visibility_table(captures: Sequence[DevelopedCapture]) -> Table:
    """Compare the watermark with JPEG, and with grain that is as strong as the watermark.

    Raises
    ------
    CameraSimError
        If ColorVideoVDP is not installed.
    """
    measure = _measures()
    rows = []
    for name, change in _changes().items():
        found = [
            [jod(change(capture), capture.plain) for jod in measure.values()]
            for capture in captures
        ]
        mean, worst = np.mean(found, axis=0), np.min(found, axis=0)
        rows.append((name, *(f"{m:.3f} ({w:.3f})" for m, w in zip(mean, worst, strict=True))))
    return Table(
        ("change", *measure),
        rows,
        "What an eye sees of it: JOD against the pipeline before, mean (worst picture)",
    )


def _changes() -> dict[str, Callable[[DevelopedCapture], Picture]]:
    return {
        "the watermark": lambda capture: capture.watermarked,
        "JPEG 95, 4:4:4, as `camsim develop` writes": lambda capture: as_camera_file(capture.plain),
        f"JPEG {JPEG_QUALITY}, 4:2:0": lambda s: through_jpeg(s.plain, JPEG_QUALITY, "4:2:0"),
        "grain as strong as the watermark": _grained,
    }


def _grained(capture: DevelopedCapture) -> Picture:
    """Give a plain picture white noise, in all colours alike, of the watermark's deviation."""
    deviation = (capture.watermarked.astype(np.float32) - capture.plain).std()
    rng = np.random.default_rng(0)
    noise = rng.normal(0, deviation, (*capture.plain.shape[:2], 1))
    grained: Picture = np.clip(np.rint(capture.plain + noise), 0, 255).astype(np.uint8)
    return grained


def _measures() -> dict[str, Measure]:
    """Return what measures a picture against another, by the way they are looked at."""
    measures = {f"{name}, at 100%": jod_on(display) for name, display in DISPLAYS.items()}
    full_hd = measures[f"{list(DISPLAYS)[-1]}, at 100%"]
    return measures | {HALVED: lambda a, b: full_hd(_halved(a), _halved(b))}


def jod_on(display: str) -> Measure:
    """Return what measures a picture against another, in JOD, on a display at 100%.

    Raises
    ------
    CameraSimError
        If ColorVideoVDP is not installed.
    """
    import torch

    metric = _color_video_vdp().cvvdp(display_name=display, device=torch.device("cpu"))
    return lambda test, reference: float(metric.predict(test, reference, dim_order="HWC")[0])


def _halved(picture: Picture) -> Picture:
    height, width = (side // 2 for side in picture.shape[:2])
    image = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _color_video_vdp() -> Any:
    """Import pycvvdp.

    It takes one filter from torchvision, whose build on the package index cannot be imported
    beside a torch without CUDA: two operators that nothing here calls are unknown to it.
    """
    import torch

    try:
        try:
            import_module("torchvision")
        except RuntimeError:
            for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
                del sys.modules[name]
            for name in ("nms", "qnms"):
                torch.library.define(f"torchvision::{name}", SCHEMA)
        return import_module("pycvvdp")
    except ImportError as missing:
        raise CameraSimError(
            f"what an eye sees is measured by ColorVideoVDP ({missing}); "
            f"install it with: {to_install('visibility')}"
        ) from missing
