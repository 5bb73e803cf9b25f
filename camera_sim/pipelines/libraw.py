"""LibRaw's own rendering: adaptive homogeneity-directed demosaicing (AHD), for comparison.

Given the white balance and the exposure of our reading, and sRGB's curve, so that what differs is
demosaicing and colour alone.
"""

from camera_sim.engines import FileEngine
from camera_sim.errors import PipelineError
from camera_sim.raw.process import raw_decoder
from camera_sim.raw.raw_image import Picture, RawImage


class LibRawEngine(FileEngine):
    """LibRaw, in the process that decodes RAW files."""

    name = "libraw"

    def render(self, image: RawImage, exposure: float, depth: int) -> Picture:
        """Render the file of a capture; see `FileEngine.render`."""
        if image.file is None:
            raise PipelineError("the pipeline libraw develops captures of RAW files alone")
        rendered = raw_decoder().render(image.file, image.white_balance, exposure, depth)
        height, width = rendered.shape[:2]
        even: Picture = rendered[: height - height % 2, : width - width % 2]
        return even
