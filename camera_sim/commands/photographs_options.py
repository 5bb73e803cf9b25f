"""Options of evaluations that go through a folder of large photographs, several at a time."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from camera_sim.weights import FOLDER
from channel.options import Count, Out, Whole


@dataclass(frozen=True)
class PhotographsOptions:
    """What they share.

    Parameters
    ----------
    photos
        A folder of two photographs and more, best of 8 megapixels and more, that no tuning saw.
    out
        A folder for the tables and all that is measured.
    pipeline
        Whose network lays the watermark.
    weights
        Folder of that network's weights.
    limit
        Use the first so many photographs.
    processes
        How many at a time; each holds a photograph.
    seed
        Of keys and payloads.
    force
        Replace what an earlier run wrote.
    """

    photos: Path
    _: KW_ONLY
    out: Out | None = None
    pipeline: str = "qnet"
    weights: Path = FOLDER
    limit: Count | None = None
    processes: Count = 1
    seed: Whole = 0
    force: bool = False
