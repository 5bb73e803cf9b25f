import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from camera_sim.errors import PipelineError, TrainingError
from camera_sim.networks import nip
from camera_sim.networks.inet import INet
from camera_sim.networks.nip import NIP, PerCameraNIP
from camera_sim.networks.qnet import malvar_filters
from camera_sim.networks.rnet import chroma_filters, green_filters
from camera_sim.pipelines import PIPELINES, classical, find_pipeline
from camera_sim.raw import colour
from camera_sim.raw.cfa import CFAPattern, pack
from camera_sim.sensor.cameras import CAMERAS
from camera_sim.training.nip.export import build_network, inputs_of, sample_inputs
from tests.camera_sim.scenes import CAMERA, capture, scene

with warnings.catch_warnings():
    # It imports a deprecated name of SciPy's, and warns of optional packages.
    warnings.simplefilter("ignore")
    from colour_demosaicing import (
        demosaicing_CFA_Bayer_bilinear,
        demosaicing_CFA_Bayer_Malvar2004,
        demosaicing_CFA_Bayer_Menon2007,
    )

Array = NDArray[np.float32]
RGGB = CFAPattern("RGGB")
NEURAL = [name for name, pipeline in PIPELINES.items() if pipeline.is_neural]


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def mosaic(height: int = 48, width: int = 64) -> Array:
    return np.random.default_rng(0).random((height, width), np.float32)


def planes(array: Array) -> torch.Tensor:
    """Pack a mosaic as (1, 4, h, w)."""
    return torch.from_numpy(pack(array, RGGB).transpose(2, 0, 1))[None]


def by_site(filtered: torch.Tensor) -> Array:
    """Put (1, 4, h, w) values of the four sites back in their places: (2h, 2w)."""
    return torch.nn.functional.pixel_shuffle(filtered, 2)[0, 0].numpy()


# Sizes: Korus & Memon 2019, table 1.
@pytest.mark.parametrize(
    ("name", "parameters"), [("inet", 321), ("unet", 7_760_268), ("dnet", 493_976)]
)
def test_networks_have_exactly_the_papers_parameters(name: str, parameters: int) -> None:
    model = build_network(find_pipeline(name))
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == parameters


def test_unet_is_built_as_the_paper_says() -> None:
    network = build_network(find_pipeline("unet")).network
    assert all(grow.bias is None for grow in network.grow)
    assert network.last.kernel_size == (1, 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", NEURAL)
def test_no_pixel_reaches_further_than_stated(name: str) -> None:
    """The gradient of one output pixel lies within the receptive field, on every side."""
    model = build_network(find_pipeline(name)).eval()
    if model.takes_watermark:  # its strength is the same everywhere before it is trained
        torch.nn.init.normal_(model.strength.activity.weight, std=0.1)
    reach, step = model.receptive_field, model.multiple_of
    side = -(-(2 * reach + 3 * step + 2) // step) * step
    for corner in (0, step - 1):  # the first and the last pixel of the network's grid
        centre = side // 2 // step * step + corner
        inputs = [tensor.clone() for tensor in inputs_of(model, side, side)]
        inputs[0].requires_grad_(True)
        inner = model.network if isinstance(model, PerCameraNIP) else None
        developed = inner(inputs[0]) if inner else model(*inputs)
        developed[..., 2 * centre : 2 * centre + 2, 2 * centre : 2 * centre + 2].sum().backward()
        gradient = inputs[0].grad
        assert gradient is not None
        touched = gradient.abs().sum(dim=(0, 1)).nonzero()
        assert len(touched), "nothing depends on the mosaic"
        assert int((touched - centre).abs().max()) <= reach


@pytest.mark.parametrize("name", NEURAL)
def test_sides_need_be_no_more_than_the_stated_multiple(name: str) -> None:
    model = build_network(find_pipeline(name)).eval()
    step = model.multiple_of
    height, width = 3 * step + (3 if step == 1 else 0), 2 * step + (4 if step == 1 else 0)
    with torch.no_grad():
        developed = model(*inputs_of(model, height, width))
    assert developed.shape == (1, 3, 2 * height, 2 * width)
    assert 0 <= float(developed.min()) <= float(developed.max()) <= 1


def test_inet_starts_as_bilinear_matrix_and_tone_curve() -> None:
    matrix = CAMERA.camera_to_srgb
    array = mosaic()
    with torch.no_grad():
        developed = INet(torch.tensor(matrix, dtype=torch.float32))(planes(array))
    bilinear = demosaicing_CFA_Bayer_bilinear(array.astype(np.float64), "RGGB")
    linear = bilinear @ matrix.T
    inside = ((linear >= 0.0) & (linear <= 1.0)).all(axis=-1)
    expected = colour.srgb_encode(linear.astype(np.float32))
    error = np.abs(developed[0].permute(1, 2, 0).numpy() - expected)[4:-4, 4:-4]
    inside = inside[4:-4, 4:-4]
    assert inside.mean() > 0.2
    # Four tanh cannot bend as sharply as sRGB's curve does near black.
    assert error[inside].max() < 0.05
    assert np.median(error[inside]) < 0.01


def test_green_filters_are_those_of_the_literature() -> None:
    array = mosaic()
    with torch.no_grad():
        filtered = torch.nn.functional.conv2d(planes(array), green_filters(), padding=1)
    across, down, malvar, bilinear = (by_site(group) for group in filtered.split(4, dim=1))
    inner = np.s_[4:-4, 4:-4]
    theirs = demosaicing_CFA_Bayer_Malvar2004(array.astype(np.float64), "RGGB")[..., 1]
    np.testing.assert_allclose(malvar[inner], theirs[inner], atol=1e-5)
    theirs = demosaicing_CFA_Bayer_bilinear(array.astype(np.float64), "RGGB")[..., 1]
    np.testing.assert_allclose(bilinear[inner], theirs[inner], atol=1e-5)
    np.testing.assert_allclose(across[inner], hamilton_adams(array)[inner], atol=1e-5)
    np.testing.assert_allclose(down[inner], hamilton_adams_down(array)[inner], atol=1e-5)


def hamilton_adams(array: Array) -> Array:
    """Green along rows: the neighbours' mean and a quarter of the colour's second difference."""
    green = array.copy()
    for y, x in np.ndindex(*array.shape):
        if (y + x) % 2 == 0 and 2 <= x < array.shape[1] - 2:
            row = array[y]
            second = 2 * row[x] - row[x - 2] - row[x + 2]
            green[y, x] = (row[x - 1] + row[x + 1]) / 2 + second / 4
    return green


def hamilton_adams_down(array: Array) -> Array:
    # Transposing an RGGB mosaic leaves it RGGB.
    return hamilton_adams(np.ascontiguousarray(array.T)).T


def test_chroma_filters_are_bilinear_interpolation() -> None:
    difference = np.random.default_rng(1).random((1, 2, 24, 32), np.float32)
    with torch.no_grad():
        filtered = torch.nn.functional.conv2d(
            torch.from_numpy(difference), chroma_filters(), padding=1
        )
    red_and_blue = filtered.split(4, dim=1)[:2]
    for channel, (found, offset) in enumerate(zip(red_and_blue, (0, 1), strict=True)):
        sparse = np.zeros((48, 64))
        sparse[offset::2, offset::2] = difference[0, channel]
        theirs = demosaicing_CFA_Bayer_bilinear(sparse, "RGGB")[..., 2 * channel]
        np.testing.assert_allclose(by_site(found)[4:-4, 4:-4], theirs[4:-4, 4:-4], atol=1e-5)
    assert torch.equal(filtered[:, :8], filtered[:, 8:])


def test_qnet_starts_as_malvar() -> None:
    mosaic = np.random.default_rng(2).random((48, 64), np.float32)
    packed = pack(mosaic, CFAPattern("RGGB")).transpose(2, 0, 1)[None]
    with torch.no_grad():
        filtered = torch.nn.functional.conv2d(
            torch.from_numpy(packed.copy()), malvar_filters(), stride=2, padding=1
        )
    found = torch.nn.functional.pixel_shuffle(filtered, 4)[0].numpy()
    theirs = demosaicing_CFA_Bayer_Malvar2004(mosaic, "RGGB").transpose(2, 0, 1)
    np.testing.assert_allclose(found[:, 6:-6, 6:-6], theirs[:, 6:-6, 6:-6], atol=1e-5)


def test_fast_srgb_curve_is_near_the_exact_one() -> None:
    linear = torch.linspace(-0.5, 1.5, 200_001)
    exact = colour.srgb_encode(linear.numpy())
    assert np.abs(nip.srgb_encode(linear).numpy() - exact).max() < 0.025 / 255


def test_srgb_decode_undoes_the_fast_curve() -> None:
    linear = torch.linspace(0, 1, 10_001)
    assert float((nip.srgb_decode(nip.srgb_encode(linear)) - linear).abs().max()) < 2e-4


class Copies(torch.nn.Module):
    """Stands for a network: its (N, 3, 2h, 2w) output is the first three planes."""

    multiple_of = 1
    receptive_field = 0
    bytes_per_pixel = 1000

    def forward(self, mosaic: torch.Tensor) -> torch.Tensor:
        """Copy."""
        return torch.nn.functional.interpolate(mosaic[:, :3], scale_factor=2.0)


def per_camera(trained: NDArray[np.float64], asked: NDArray[np.float64]) -> tuple[Array, Array]:
    """Return what the stand-in network gives, and what it gives carried to another matrix."""
    inputs = list(sample_inputs(16, 16))
    inputs[1], inputs[2] = torch.ones(1, 4), torch.tensor(asked, dtype=torch.float32)[None]
    with torch.no_grad():
        plain = Copies()(inputs[0])
        carried = PerCameraNIP(Copies(), torch.tensor(trained)).eval()(*inputs)
    return plain.numpy(), carried.numpy()


def test_per_camera_network_is_unchanged_for_its_own_camera() -> None:
    own = CAMERAS[0].camera_to_srgb
    plain, carried = per_camera(own, own)
    assert np.abs(plain - carried).max() < 0.1 / 255


def test_per_camera_network_is_carried_over_in_linear_light() -> None:
    own, other = CAMERAS[0].camera_to_srgb, CAMERAS[6].camera_to_srgb
    plain, carried = per_camera(own, other)
    linear = np.moveaxis(colour.srgb_decode(plain), 1, -1)
    expected = colour.srgb_encode((linear @ np.linalg.inv(own).T @ other.T).astype(np.float32))
    assert np.abs(np.moveaxis(carried, 1, -1) - expected).max() < 0.1 / 255
    assert np.abs(carried - plain).max() > 0.02


def test_classical_is_menon_then_the_colour_path() -> None:
    image = capture(64, 96)
    developed = classical.develop_rggb(image, 1.3)
    balanced = np.clip(
        np.kron(np.ones((32, 48)), np.array([[2.0, 1.0], [1.0, 1.5]]))
        * (image.samples - 512.0)
        / (image.white - 512.0),
        0,
        1,
    )
    demosaiced = np.clip(demosaicing_CFA_Bayer_Menon2007(balanced, "RGGB"), 0, 1)
    expected = colour.render(demosaiced.astype(np.float32), CAMERA.camera_to_srgb, 1.3)
    np.testing.assert_allclose(developed, expected, atol=2e-5)


def test_default_network_follows_the_colour_of_the_capture() -> None:
    """White balance, matrix and exposure are inputs: a flat patch comes out exactly right."""
    model = build_network(find_pipeline("rnet")).eval()
    for camera in CAMERAS[:4]:
        flat = np.array([0.3, 0.5, 0.5, 0.2], np.float32)
        gains = np.array([1.8, 1.0, 1.0, 2.2], np.float32)
        with torch.no_grad():
            developed = model(
                torch.from_numpy(np.broadcast_to(flat[:, None, None], (4, 32, 32)).copy())[None],
                torch.from_numpy(gains)[None],
                torch.tensor(camera.camera_to_srgb, dtype=torch.float32)[None],
                torch.tensor([[1.2]]),
                torch.zeros(1, 2),
            )
        expected = colour.render((flat * gains)[[0, 1, 3]], camera.camera_to_srgb, 1.2)
        middle = developed[0, :, 28:36, 28:36].mean(dim=(1, 2)).numpy()
        # The filters start 0.01 apart from the classical ones, so that they can learn.
        np.testing.assert_allclose(middle, expected, atol=0.06)


def test_unknown_pipelines_are_refused_with_the_choices() -> None:
    with pytest.raises(PipelineError, match="no pipeline 'magic'; there are qnet, rnet, inet"):
        find_pipeline("magic")


def test_pipelines_without_a_network_cannot_be_built() -> None:
    with pytest.raises(TrainingError, match="'classical' has no network"):
        build_network(find_pipeline("classical"))


@pytest.mark.parametrize("name", NEURAL)
def test_every_network_keeps_the_contract(name: str) -> None:
    assert isinstance(build_network(find_pipeline(name)), NIP)


def test_black_is_developed_black() -> None:
    image = replace(capture(64, 64), samples=np.full((64, 64), 512, np.uint16))
    assert classical.develop_rggb(image, 1.0).max() == 0
    assert scene(4, 4).min() > 0  # or the scenes of these tests would prove nothing
