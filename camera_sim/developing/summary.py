"""What a terminal is told of a developed file."""

from collections.abc import Iterator

from camera_sim.developing.credential import Origin
from camera_sim.developing.files import Summary


def summary_lines(summary: Summary) -> Iterator[str]:
    """Say what was developed, how fast, and what the file didn't tell."""
    image, job = summary.image, summary.job
    height, width = image.size
    payload = f"watermark {summary.payload.hex()}  " if summary.payload else ""
    yield (
        f"{job.source.name}  {image.info.camera}  {width}×{height}  {summary.pipeline}  "
        f"{summary.seconds:.2f} s  {summary.seconds / image.megapixels:.3f} s/MP  "
        f"{payload}→ {job.target}"
    )
    if summary.origin:
        yield origin_line(summary.origin)
    if summary.comparison:
        yield f"{'':4}side by side with the classical pipeline → {summary.comparison}"
    if image.white_balance_source not in ("as shot", "given"):
        yield f"{'':4}the file states no white balance: {image.white_balance_source} was used"
    if image.xyz_to_camera is None:
        yield f"{'':4}LibRaw knows no colour matrix for this camera: its colours were taken as sRGB"
    for note in image.notes:
        yield f"{'':4}warning: {note}"


def origin_line(origin: Origin) -> str:
    """Say as what a photo was signed."""
    return f"{'':4}{origin.summary()}"
