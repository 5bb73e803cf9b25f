"""How visible a change is, by ColorVideoVDP.

Mantiuk et al., *ColorVideoVDP*, ACM TOG 2024: a model of contrast sensitivity and masking, fitted
to observers. 10 JOD (just objectionable differences) is no difference; of two pictures that are 1
apart, three of four observers prefer the same one.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camera_sim.errors import CameraSimError
from channel.extras import to_install

Picture = NDArray[np.uint8]
Measure = Callable[[Picture, Picture], float]

FULL_HD = "standard_fhd"
"""One of its displays, in an office and seen from twice its height: 38 pixels a degree."""
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


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
