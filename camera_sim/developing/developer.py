"""Who develops photos and signs them, and who takes over where that fails."""

from collections.abc import Callable
from dataclasses import dataclass

from camera_sim.developing.credential import Signing
from camera_sim.developing.watermarking import Watermarking
from camera_sim.engines import Engine


def _nothing() -> None:
    """Do nothing: where there is no device, there is nobody to tell."""


@dataclass(frozen=True)
class Developer:
    """What develops, and who signs.

    Attributes
    ----------
    signing
        None signs nothing.
    fall_back
        Given why the network failed while it ran, returns who develops instead; None where there
        is nobody else.
    take_back
        Undoes ``fall_back``, where the other failed at the same frame.
    has_run
        Told of each photo that was developed.
    name
        Where the network is from, or runs, for those who fall back to it.
    watermarking
        Which watermark photos get; None embeds none.
    """

    pipeline: str
    engine: Engine
    signing: Signing | None
    fall_back: Callable[[str], "Developer"] | None = None
    take_back: Callable[[], None] = _nothing
    has_run: Callable[[], None] = _nothing
    name: str = "ONNX Runtime"
    watermarking: Watermarking | None = None
