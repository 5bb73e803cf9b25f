"""Imaging pipelines: from a RAW capture to sRGB.

`PIPELINES` is the registry: adding a pipeline is one file and one line there. The file is a network
in `camera_sim.networks`, or an engine here; either is imported when it is asked for, so importing
this package needs no torch. docs/guides/new-pipeline.md shows one.
"""

from dataclasses import dataclass

from camera_sim.errors import PipelineError
from channel.offered import offered


@dataclass(frozen=True)
class Pipeline:
    """A pipeline, described.

    Attributes
    ----------
    network
        ``module:class`` of its torch network in `camera_sim.networks`, or "" where it has none.
    engine
        ``module:class`` of what develops without weights, in this package; "" where it has a
        network.
    any_camera
        Whether one set of weights serves every Bayer camera.
    """

    name: str
    summary: str
    network: str = ""
    engine: str = ""
    any_camera: bool = True

    @property
    def is_neural(self) -> bool:
        """Whether it is a network with weights."""
        return bool(self.network)


PIPELINES: dict[str, Pipeline] = {
    pipeline.name: pipeline
    for pipeline in (
        Pipeline(
            "qnet",
            "the default: fast, for any Bayer camera, with a keyed watermark",
            "qnet:QNet",
        ),
        Pipeline("rnet", "better with noise, in twice the time; no watermark", "rnet:RNet"),
        Pipeline("inet", "Korus & Memon's INet, 321 parameters", "inet:INet", any_camera=False),
        Pipeline("unet", "Korus & Memon's UNet, 7.8 million", "unet:UNet", any_camera=False),
        Pipeline("dnet", "Korus & Memon's DNet, 0.5 million", "dnet:DNet", any_camera=False),
        Pipeline(
            "classical",
            "Menon 2007 demosaicing, matrix, exposure, sRGB curve",
            engine="classical:ClassicalEngine",
        ),
        Pipeline(
            "libraw", "LibRaw's own rendering (AHD), for comparison", engine="libraw:LibRawEngine"
        ),
    )
}
DEFAULT_PIPELINE = "qnet"
PLAIN_PIPELINE = "rnet"
"""What `camsim train nip` trains where none is named."""


def find_pipeline(name: str) -> Pipeline:
    """Look a pipeline up by name.

    Raises
    ------
    PipelineError
        If there is none of that name; the message names the nearest, or lists all.
    """
    if name not in PIPELINES:
        raise PipelineError(f"there is no pipeline {name!r}; {offered(name, PIPELINES)}")
    return PIPELINES[name]
