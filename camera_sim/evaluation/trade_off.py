"""Fidelity against time: each pipeline's PSNR and its seconds a megapixel, beside LibRaw's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from camera_sim.developing.files import open_engine
from camera_sim.evaluation import fidelity
from camera_sim.evaluation.bench import LIBRAW, PEER, bench_develop
from camera_sim.evaluation.fidelity import Picture
from camera_sim.raw.raw_image import RawImage
from camera_sim.sensor.sensor import LOW_PASS_BLUR
from channel.evaluation.drawing import new_figure, save_figure
from channel.terminal import track

NOISE: Final = ("none", "medium")
"""Rows of `fidelity.CONDITIONS`, each at the point spread of a low-pass filter."""
SIZE: Final = 12
CLASSICAL: Final = "classical"
_LABELS: Final = {PEER: f"{PEER} {LIBRAW[PEER]}", CLASSICAL: "classical (Menon 2007)"}
_COLOURS: Final = {"LibRaw": "tab:gray", "Menon 2007": "tab:orange", "neural": "tab:blue"}


@dataclass(frozen=True)
class Point:
    """A way to develop.

    Attributes
    ----------
    name
        A pipeline's, or of `LIBRAW`.
    psnr
        In dB, of each of `NOISE`; means over pictures.
    seconds_per_megapixel
        From the file to RGB in memory.
    ratio
        Of that over LibRaw's AHD, in the same rounds.
    """

    name: str
    psnr: tuple[float, ...]
    seconds_per_megapixel: float
    ratio: float

    @property
    def label(self) -> str:
        """What tables and figures call it."""
        return _LABELS.get(self.name, self.name)

    @property
    def kind(self) -> str:
        """Whether it is LibRaw's, Menon's, or a network."""
        if self.name in LIBRAW:
            return "LibRaw"
        return "Menon 2007" if self.name == CLASSICAL else "neural"


def measure(pictures: Sequence[Picture], pipelines: Sequence[str]) -> list[Point]:
    """Measure LibRaw's demosaicings, the classical pipeline and the named networks.

    Parameters
    ----------
    pictures
        (H, W, 3) uint8 sRGB that no training saw; what is timed is a made capture of 12 MP.
    pipelines
        Networks, by their shipped weights.

    Returns
    -------
    Points, the fastest first.
    """
    names = dict.fromkeys((*LIBRAW, CLASSICAL, *pipelines))
    psnr = {name: _psnr_by_noise(pictures, _developer(name)) for name in track(names, "developing")}
    timed = track(bench_develop(tuple(name for name in names if name != PEER), (SIZE,)), "timing")
    points = [
        Point(found.pipeline, psnr[found.pipeline], found.seconds_per_megapixel, found.ratio)
        for found in timed
    ]
    return sorted(points, key=lambda point: point.seconds_per_megapixel)


def _developer(name: str) -> Callable[[RawImage], Picture]:
    if name in LIBRAW:
        return lambda image: fidelity.by_libraw(image, LIBRAW[name])
    return fidelity.by_engine(open_engine(name))


def _psnr_by_noise(
    pictures: Sequence[Picture], developer: Callable[[RawImage], Picture]
) -> tuple[float, ...]:
    means = []
    for level in NOISE:
        captures = fidelity.captures(pictures, fidelity.noise_of(level), LOW_PASS_BLUR)
        means.append(float(np.mean([fidelity.psnr(developer(c.image), c.clean) for c in captures])))
    return tuple(means)


def draw(points: Sequence[Point], path: Path) -> Path:
    """Draw dB against seconds a megapixel, a panel for each of `NOISE`, into a PNG file."""
    figure = new_figure(9.5, 4.2)
    from matplotlib.ticker import LogLocator, NullLocator  # there, or new_figure has said so

    panels = figure.subplots(1, len(NOISE), sharex=True)
    for index, (axes, level) in enumerate(zip(panels, NOISE, strict=True)):
        for kind, colour in _COLOURS.items():
            of_kind = [point for point in points if point.kind == kind]
            axes.scatter([p.seconds_per_megapixel for p in of_kind],
                         [p.psnr[index] for p in of_kind], color=colour, label=kind)  # fmt: skip
        for point in points:
            place = (point.seconds_per_megapixel, point.psnr[index])
            axes.annotate(LIBRAW.get(point.name, point.name), place, (5, 3),
                          textcoords="offset points", fontsize="x-small")  # fmt: skip
        axes.set(xscale="log", title=f"noise: {level}", xlabel="seconds a megapixel")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.margins(x=0.2, y=0.1)
        axes.grid(visible=True, alpha=0.3)
    panels[0].set_ylabel("PSNR to the clean scene (dB)")
    panels[0].legend(fontsize="small")
    return save_figure(figure, path, dpi=100)
