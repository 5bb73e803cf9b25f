import warnings
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from camera_sim.commands.evaluate_demosaicing import gain_table
from camera_sim.developing.files import open_engine
from camera_sim.evaluation import demosaicing
from camera_sim.evaluation.demosaicing import BORDER, PUBLISHED, SIGMAS, Values, cpsnr_by_sigma
from camera_sim.raw import colour
from camera_sim.raw.libraw_rendering import Demosaicing
from channel.errors import PictureError
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import picture

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of optional packages
    from colour_demosaicing import demosaicing_CFA_Bayer_Menon2007, mosaicing_CFA_Bayer

PICTURES = [picture(96, 128, seed) for seed in (1, 2)]


def as_published(sigma: float) -> float:
    """Menon's CPSNR as scripts of the literature compute it, by the library alone."""
    rng, found = np.random.default_rng(0), []
    for pixels in PICTURES:
        reference = pixels.astype(np.float32) / 255
        mosaic = mosaicing_CFA_Bayer(reference, "RGGB").astype(np.float32)
        if sigma:
            mosaic += rng.standard_normal(mosaic.shape).astype(np.float32) * np.float32(sigma)
        full = demosaicing_CFA_Bayer_Menon2007(np.clip(mosaic, 0, 1), "RGGB")
        inner = np.s_[12:-12, 12:-12]
        found.append(-10 * np.log10(np.mean((full[inner] - reference[inner]) ** 2)))
    return float(np.mean(found))


def test_menon_is_measured_as_the_literature_measures_it() -> None:
    menon = {"Menon": demosaicing.by_engine(open_engine("classical"))}
    found = list(cpsnr_by_sigma(PICTURES, menon, "as they are")["Menon"].mean(axis=1))
    expected = [as_published(sigma) for sigma in SIGMAS]
    assert found == pytest.approx(expected, abs=0.05)  # ours is clipped, and of 16 bits
    assert found == sorted(found, reverse=True)


def test_a_photosite_records_the_value_or_the_light_that_it_means() -> None:
    pixels, rng = PICTURES[0], np.random.default_rng(0)
    value = demosaicing.bare_capture(pixels, "as they are", 0, rng).samples / 65535
    light = demosaicing.bare_capture(pixels, "made linear", 0, rng).samples / 65535
    red, blue = pixels[::2, ::2, 0] / 255, pixels[1::2, 1::2, 2] / 255
    assert value[::2, ::2] == pytest.approx(red, abs=1e-5)
    assert light[1::2, 1::2] == pytest.approx(colour.srgb_decode(blue), abs=1e-5)


@pytest.mark.parametrize("values", get_args(Values))
@pytest.mark.parametrize("method", get_args(Demosaicing))
def test_libraw_gives_a_smooth_picture_back(method: Demosaicing, values: Values) -> None:
    y, x = np.mgrid[0:96, 0:96]
    smooth = np.stack([60 + x, 60 + y, 100 + (x + y) // 4], axis=-1).astype(np.uint8)
    found = cpsnr_by_sigma([smooth], {method: demosaicing.by_libraw(method)}, values)
    assert found[method][0, 0] > 45


def test_the_error_is_one_over_three_channels_within_the_border() -> None:
    reference = np.full((64, 64, 3), 0.5, np.float32)
    developed = reference.copy()
    developed[:BORDER] = developed[:, -BORDER:] = 0  # what isn't counted
    developed[..., 2] += 0.1
    assert demosaicing.cpsnr(developed, reference) == pytest.approx(20 + 10 * np.log10(3), abs=0.01)


def test_a_pipeline_is_told_the_noise_that_was_added() -> None:
    flat: NDArray[np.uint8] = np.full((128, 128, 3), 128, np.uint8)
    capture = demosaicing.bare_capture(flat, "as they are", 0.05, np.random.default_rng(0))
    assert capture.noise is not None
    assert np.std(capture.samples / 65535) == pytest.approx(capture.noise.read**0.5, rel=0.05)


def test_the_command_puts_published_figures_beside(camsim: Camsim, tmp_path: Path) -> None:
    Image.fromarray(picture(65, 72)).save(tmp_path / "odd.png")  # a last row is cut
    ran = camsim("evaluate", "demosaicing", tmp_path, "--pipeline", "rnet")
    assert ran.status == 0, ran.err
    assert "1 pictures of" in ran.out
    rows = {line.split(" | ")[0][2:]: line for line in ran.out.splitlines() if "|" in line}
    assert {"rnet", "Menon 2007", "LibRaw AHD", *(p.method for p in PUBLISHED)} <= set(rows)
    assert ran.out.count("| rnet |") == 2 * len(get_args(Values))
    assert "| — | — | — | 39.94 | 33.26 | 26.41 |" in rows["ARI"]


def test_a_gain_has_an_interval_over_pictures() -> None:
    menon = np.array([[30.0, 40.0, 35.0]])
    gains = str(gain_table({"ours": menon + np.array([1.0, 2.0, 3.0])}, menon))
    assert "| ours | +2.00 (-0.48 to +4.48) |" in gains  # t of 2 degrees of freedom: 4.303
    assert "| ours | +1.00 |" in str(gain_table({"ours": menon[:, :1] + 1}, menon[:, :1]))


def test_a_picture_too_small_to_measure_is_said(camsim: Camsim, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="48×32"):
        cpsnr_by_sigma([picture(32, 48)], {}, "as they are")
    Image.fromarray(picture(32, 48)).save(tmp_path / "small.png")
    ran = camsim("evaluate", "demosaicing", tmp_path, "--pipeline", "rnet")
    assert ran.status == 2
    assert "too small to measure: sides are at least 64" in ran.err
