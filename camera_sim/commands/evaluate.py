"""``camsim evaluate``: the tables of the documentation, from any folder of one's own."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from camera_sim import weights
from camera_sim.developing.files import Options, open_engine, render
from camera_sim.pipelines import PLAIN_PIPELINE, find_pipeline
from camera_sim.raw.raw_image import RawImage, read_raw
from camera_sim.weights import FOLDER
from channel.evaluation.table import Table
from channel.extras import of_extra
from channel.options import Count
from channel.picture_file.srgb import load_picture, picture_files
from channel.terminal import track

if TYPE_CHECKING:
    from camera_sim.evaluation.fidelity import Picture

# CIEDE2000 is compared between pictures made so many times smaller: colour, not demosaicing.
COLOUR_REDUCTION = 8


@dataclass(frozen=True)
class EvaluateNip:
    """PSNR and SSIM of the pipelines on simulated captures of pictures.

    Simulate captures of held-out pictures and measure how near each pipeline comes to the
    clean scene. The paper's networks are compared with the classical one.

    Parameters
    ----------
    pictures
        A folder of pictures that no training saw.
    weights
        Folder of weights.
    table
        clean: against the clean scene; standard: against the classical pipeline (both).
    limit
        Use the first so many pictures.
    """

    pictures: Path
    _: KW_ONLY
    weights: Path = FOLDER
    table: Literal["clean", "standard"] | None = None
    limit: Count | None = None

    def __call__(self) -> int:
        """Print the tables of fidelity."""
        _require_skimage()
        files = picture_files(self.pictures)[: self.limit]
        pictures = [load_picture(path) for path in files]
        print(f"{len(files)} pictures of {self.pictures.name}\n")
        if self.table != "standard":
            print(clean_scene_table(pictures, self.weights))
        if self.table != "clean":
            print(standard_pipeline_table(pictures, self.weights))
        return 0


@dataclass(frozen=True)
class EvaluateColour:
    """CIEDE2000 of the pipelines against LibRaw's rendering of RAW files.

    Parameters
    ----------
    raw
        RAW files.
    weights
        Folder of weights.
    """

    raw: tuple[Path, ...]
    _: KW_ONLY
    weights: Path = FOLDER

    def __call__(self) -> int:
        """Print CIEDE2000 against LibRaw, a row a file."""
        _require_skimage()
        engines, libraw = {"classical": open_engine("classical")}, open_engine("libraw")
        for entry in weights.read_manifest(self.weights).networks:
            engines[entry.pipeline] = open_engine(entry.pipeline, self.weights)
        rows = []
        for path in track(self.raw, "developing"):
            image = read_raw(path)
            exposure = image.auto_exposure()
            reference = _reduced(render(image, libraw, Options(), exposure))
            cells = []
            for engine in engines.values():
                picture = _reduced(render(image, engine, Options(), exposure))
                cells.append(_differences(picture, reference))
            rows.append((path.name, image.info.camera, *cells))
        print(
            Table(
                ("file", "camera", *engines),
                rows,
                "CIEDE2000 against LibRaw's rendering at the same white balance: median / 95%",
            )
        )
        return 0


def clean_scene_table(pictures: Sequence["Picture"], folder: Path) -> Table:
    """Compare networks without a watermark, the classical pipeline and LibRaw with the scene."""
    from camera_sim.evaluation import fidelity

    engine = open_engine(PLAIN_PIPELINE, folder)
    developers: dict[str, Callable[[RawImage], Picture]] = {
        PLAIN_PIPELINE: fidelity.by_engine(engine),
        f"{PLAIN_PIPELINE}, noise estimated": fidelity.by_engine_blind(engine),
        **{name: fidelity.by_engine(open_engine(name, folder)) for name in _others(folder)},
        "classical": fidelity.by_engine(open_engine("classical")),
        "libraw": fidelity.by_libraw,
    }
    rows = []
    for blur, level in track(fidelity.CONDITIONS, "evaluating"):
        captures = list(fidelity.captures(pictures, fidelity.noise_of(level), blur))
        cells = [_mean_quality(developer, captures) for developer in developers.values()]
        rows.append((f"{blur:g} px", level, *cells))
    return Table(
        ("point spread", "noise", *developers),
        rows,
        "Fidelity to the clean scene: PSNR (dB) / SSIM, mean over pictures",
    )


def _others(folder: Path) -> list[str]:
    """Name the other networks for any camera that embed no watermark."""
    return [
        entry.pipeline
        for entry in weights.read_manifest(folder).networks
        if find_pipeline(entry.pipeline).any_camera
        and not entry.size.watermarked
        and entry.pipeline != PLAIN_PIPELINE
    ]


def _mean_quality(developer: Callable[[RawImage], "Picture"], captures: Sequence[object]) -> str:
    from camera_sim.evaluation.fidelity import Capture, Quality, quality

    found = [quality(developer(s.image), s.clean) for s in captures if isinstance(s, Capture)]
    mean = Quality.mean(found)
    return f"{mean.psnr:.2f} / {mean.ssim:.4f}"


def standard_pipeline_table(pictures: Sequence["Picture"], folder: Path) -> Table:
    """Korus & Memon 2019, table 2 in form: each network against the standard pipeline."""
    from camera_sim.commands.simulate import find_camera
    from camera_sim.evaluation import fidelity

    classical = fidelity.by_engine(open_engine("classical"))
    rows = []
    for entry in weights.read_manifest(folder).networks:
        if find_pipeline(entry.pipeline).any_camera:
            continue
        network = fidelity.by_engine(open_engine(entry.pipeline, folder))
        captures = fidelity.standard_captures(pictures, find_camera(entry.trained_for))
        found = [fidelity.quality(network(capture), classical(capture)) for capture in captures]
        mean = fidelity.Quality.mean(found)
        rows.append(
            (
                entry.pipeline,
                f"{entry.parameters:,}",
                entry.trained_for,
                f"{mean.psnr:.2f}",
                f"{mean.ssim:.4f}",
            )
        )
    return Table(
        ("pipeline", "parameters", "trained for", "PSNR (dB)", "SSIM"),
        rows,
        "Against the standard (classical) pipeline, as table 2 of Korus & Memon 2019",
    )


def _differences(picture: "Picture", reference: "Picture") -> str:
    from camera_sim.evaluation.fidelity import colour_difference

    found = colour_difference(picture, reference)
    return f"{np.median(found):.2f} / {np.percentile(found, 95):.2f}"


def _reduced(picture: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]") -> "Picture":
    from PIL import Image

    height, width = picture.shape[:2]
    size = (width // COLOUR_REDUCTION, height // COLOUR_REDUCTION)
    reduced = Image.fromarray(np.ascontiguousarray(picture)).resize(size, Image.Resampling.BOX)
    return np.asarray(reduced)


def _require_skimage() -> None:
    with of_extra("train"):
        import_module("skimage")
