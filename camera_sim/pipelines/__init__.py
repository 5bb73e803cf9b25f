"""Imaging pipelines: from a RAW capture to sRGB.

`PIPELINES` is the registry: adding a pipeline is one file here and one line there. Importing this
package needs no torch; a neural pipeline's network is imported when it is trained.
"""

from dataclasses import dataclass
from typing import Literal

from camera_sim.errors import PipelineError

PipelineName = Literal["rnet-fan", "rnet", "inet", "unet", "dnet", "classical", "libraw"]


@dataclass(frozen=True)
class Pipeline:
    """A pipeline, described.

    Attributes
    ----------
    network
        ``module:class`` of its torch network, or "" where it has none.
    any_camera
        Whether one set of weights serves every Bayer camera.
    """

    name: PipelineName
    summary: str
    network: str = ""
    any_camera: bool = True

    @property
    def is_neural(self) -> bool:
        """Whether it is a network with weights."""
        return bool(self.network)


PIPELINES: dict[str, Pipeline] = {
    pipeline.name: pipeline
    for pipeline in (
        Pipeline("rnet-fan", "the default: RNet with a trace for its analyser", "rnet:TracingRNet"),
        Pipeline("rnet", "one network for any Bayer camera, without a trace", "rnet:RNet"),
        Pipeline("inet", "Korus & Memon's INet, 321 parameters", "inet:INet", any_camera=False),
        Pipeline("unet", "Korus & Memon's UNet, 7.8 million", "unet:UNet", any_camera=False),
        Pipeline("dnet", "Korus & Memon's DNet, 0.5 million", "dnet:DNet", any_camera=False),
        Pipeline("classical", "Menon 2007 demosaicing, matrix, exposure, sRGB curve"),
        Pipeline("libraw", "LibRaw's own rendering (AHD), for comparison"),
    )
}
DEFAULT_PIPELINE: PipelineName = "rnet-fan"
PLAIN_PIPELINE: PipelineName = "rnet"
"""What the default was before it was given a trace: what is trained and measured without one."""


def find_pipeline(name: str) -> Pipeline:
    """Look a pipeline up by name.

    Raises
    ------
    PipelineError
        If there is none of that name; the message lists those there are.
    """
    if name not in PIPELINES:
        raise PipelineError(f"there is no pipeline {name!r}; there are {', '.join(PIPELINES)}")
    return PIPELINES[name]
