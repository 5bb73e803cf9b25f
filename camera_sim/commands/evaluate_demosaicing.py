"""``camsim evaluate demosaicing`` and ``evaluate trade-off``: beside demosaicings that all know."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import numpy as np
from numpy.typing import NDArray

from camera_sim import weights
from camera_sim.developing.files import open_engine
from camera_sim.developing.output import check_absent
from camera_sim.errors import OutputError
from camera_sim.pipelines import PIPELINES
from camera_sim.raw.libraw_rendering import Demosaicing
from camera_sim.weights import FOLDER
from channel.evaluation.processor import processor_name
from channel.evaluation.table import Table
from channel.options import SOME, Count
from channel.picture_file.srgb import load_picture, picture_files

if TYPE_CHECKING:
    from camera_sim.evaluation.demosaicing import Values
    from camera_sim.evaluation.fidelity import Picture
    from camera_sim.evaluation.trade_off import Point

Decibels = NDArray[np.float64]
MENON = "Menon 2007"
NOT_MEASURED = "—"


@dataclass(frozen=True)
class EvaluateDemosaicing:
    """CPSNR by the protocol of the literature's tables, at three levels of noise.

    Each picture's 8-bit values are sampled through an RGGB array: no lens, no colour matrix.
    Gaussian noise is added; pipelines get its level. The figures that were published for
    the 24 pictures of Kodak stand beside; they compare with yours on those pictures alone.

    Parameters
    ----------
    pictures
        A folder of pictures that no training saw.
    pipeline
        Which to measure (default: every network for any camera that has weights).
    weights
        Folder of weights.
    limit
        Use the first so many pictures.
    """

    pictures: Path
    _: KW_ONLY
    pipeline: Annotated[tuple[str, ...], SOME] | None = None
    weights: Path = FOLDER
    limit: Count | None = None

    def __call__(self) -> int:
        """Print a table for each kind of values."""
        from camera_sim.evaluation.demosaicing import SOURCE, VALUES

        names = self.pipeline or any_camera_networks(self.weights)
        pictures = _loaded(self.pictures, self.limit)
        print(f"{len(pictures)} pictures of {self.pictures.name}\n")
        for values in VALUES:
            found = measured(pictures, names, self.weights, values)
            print(demosaicing_table(found, values))
            print(gain_table({name: found[name] for name in names}, found[MENON]))
        print(f"Published figures: {SOURCE}")
        return 0


@dataclass(frozen=True)
class EvaluateTradeOff:
    """DB against seconds a megapixel, beside LibRaw's demosaicings: table and figure.

    PSNR to the clean scene as of evaluate nip, through a low-pass filter (0.6 px). Time from the
    file to RGB in memory as of bench develop, at 12 MP.

    Parameters
    ----------
    pictures
        A folder of pictures that no training saw.
    pipeline
        Which to measure (default: every network for any camera that has weights).
    limit
        Use the first so many pictures.
    out
        Draw them into this PNG file.
    force
        Replace an existing file.
    """

    pictures: Path
    _: KW_ONLY
    pipeline: Annotated[tuple[str, ...], SOME] | None = None
    limit: Count | None = None
    out: Path | None = None
    force: bool = False

    def __call__(self) -> int:
        """Print the table, and draw it."""
        from camera_sim.evaluation import trade_off

        _check_figure(self.out, force=self.force)
        names = self.pipeline or any_camera_networks(FOLDER)
        pictures = _loaded(self.pictures, self.limit)
        points = trade_off.measure(pictures, names)
        print(f"{len(pictures)} pictures of {self.pictures.name}; {processor_name()}\n")
        print(trade_off_table(points))
        if self.out:
            print(f"drawn: {trade_off.draw(points, self.out)}")
        return 0


def _check_figure(out: Path | None, *, force: bool) -> None:
    """Refuse what would be refused after minutes of measuring."""
    if out is None:
        return
    if out.suffix.lower() != ".png":
        raise OutputError(f"{out} is no name of a PNG file; name one that ends with .png")
    check_absent(out, force=force)


def any_camera_networks(folder: Path) -> tuple[str, ...]:
    """Return the networks of the registry that have weights in a folder, for any camera."""
    trained = {entry.pipeline for entry in weights.read_manifest(folder).networks}
    return tuple(name for name, of in PIPELINES.items() if of.any_camera and name in trained)


def _loaded(folder: Path, limit: int | None) -> "list[Picture]":
    return [load_picture(path) for path in picture_files(folder)[:limit]]


def measured(
    pictures: "Sequence[Picture]", pipelines: Sequence[str], folder: Path, values: "Values"
) -> dict[str, Decibels]:
    """Measure pipelines, Menon 2007 and LibRaw's demosaicings: (sigmas, pictures) of each."""
    from camera_sim.evaluation import demosaicing

    developers = {name: demosaicing.by_engine(open_engine(name, folder)) for name in pipelines}
    developers[MENON] = demosaicing.by_engine(open_engine("classical"))
    developers |= {f"LibRaw {d}": demosaicing.by_libraw(d) for d in get_args(Demosaicing)}
    return demosaicing.cpsnr_by_sigma(pictures, developers, values)


def demosaicing_table(found: Mapping[str, Decibels], values: "Values") -> Table:
    """Write means over pictures; the published figures stand beside values as they are."""
    means = {name: _decibels(each.mean(axis=1)) for name, each in found.items()}
    title = f"CPSNR (dB), values {values}, mean over pictures"
    if values == "as they are":
        columns = ("method", *_sigmas(), *(f"{s}, Kodak-24, published" for s in _sigmas()))
        return Table(columns, _beside_published(means), title)
    return Table(("method", *_sigmas()), [(m, *c) for m, c in means.items()], title)


def gain_table(found: Mapping[str, Decibels], menon: Decibels) -> Table:
    """Write how far pipelines are above Menon 2007 on the same pictures, with a 95% interval."""
    rows = [(name, *map(_mean_and_interval, each - menon)) for name, each in found.items()]
    title = f"dB above {MENON} on the same pictures: mean, 95% interval of the mean"
    return Table(("pipeline", *_sigmas()), rows, title)


def _mean_and_interval(gains: Decibels) -> str:
    """Of the mean, by Student's t over pictures; of one picture there is none."""
    if len(gains) < 2:
        return f"{gains.mean():+.2f}"
    from scipy.stats import sem, t

    half = float(t.ppf(0.975, len(gains) - 1) * sem(gains))
    return f"{gains.mean():+.2f} ({gains.mean() - half:+.2f} to {gains.mean() + half:+.2f})"


def _sigmas() -> list[str]:
    from camera_sim.evaluation.demosaicing import SIGMAS

    return [f"σ {sigma:g}" for sigma in SIGMAS]


def _beside_published(means: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    from camera_sim.evaluation.demosaicing import PUBLISHED, SIGMAS

    published = {one.method: one.cpsnr for one in PUBLISHED}
    nothing = [NOT_MEASURED] * len(SIGMAS)
    for method in dict.fromkeys((*means, *published)):
        known = _decibels(published[method]) if method in published else nothing
        yield (method, *means.get(method, nothing), *known)


def _decibels(cpsnr: Iterable[float]) -> list[str]:
    return [f"{value:.2f}" for value in cpsnr]


def trade_off_table(points: "Sequence[Point]") -> Table:
    """Write dB, seconds a megapixel and the ratio over LibRaw's AHD, the fastest first."""
    from camera_sim.evaluation.trade_off import NOISE

    rows = [
        (p.label, *_decibels(p.psnr), f"{p.seconds_per_megapixel:.3f}", f"{p.ratio:.2f}")
        for p in points
    ]
    columns = ("pipeline", *(f"noise {level}, dB" for level in NOISE), "s/MP", "× libraw AHD")
    return Table(columns, rows, "Fidelity against time: 0.6 px, 12 MP")
