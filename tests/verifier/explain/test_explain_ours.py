"""Every shipped detector of pixels can be explained: weights for torch, what relevance means."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from PIL import Image
from torch import nn

from tests.camera_sim.conftest import Camsim
from tests.channel.conftest import photo
from verifier import Verifier
from verifier.detectors.model import Model
from verifier.detectors.origin import OriginDetector
from verifier.detectors.platform import PlatformDetector
from verifier.explain.explanation import explain
from verifier.explain.histograms import CountLevels, PicturePlatformCNN, coefficient_name
from verifier.explain.networks import load_ours
from verifier.explain.relevance import Relevance, feature_layers, relevance
from verifier.features.dct_histogram import (
    COEFFICIENTS,
    PATCH,
    patch_histograms,
    patch_levels,
)
from verifier.features.edge_patches import edge_patches
from verifier.features.patches import batches, choose_patches
from verifier.features.selection import select_patches
from verifier.weights import FOLDER, Selection, read_manifest

pytestmark = pytest.mark.slow

SHIPPED = [entry.name for entry in read_manifest().models if entry.input.kind != "watermark left"]
"""All that look at pixels: four numbers of a whole picture have no place to be shown at."""


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_explained_is_what_is_shipped(name: str) -> None:
    network, entry = load_ours(name), read_manifest().find(name)
    pixels = photo(300, 300)
    patches = choose_patches(pixels, entry.input.side, Selection(stride=64, min_variance=0))
    [pictures] = batches(pixels, patches, 64)
    given = pictures
    if entry.input.kind == "DCT histograms":
        given = patch_histograms(pixels, patches.places).astype(np.float32)
    session = ort.InferenceSession(entry.read(FOLDER), providers=["CPUExecutionProvider"])
    [logits] = session.run([entry.input.output], {entry.input.name: given})
    with torch.no_grad():
        found = network.model(torch.from_numpy(pictures)).numpy()
    np.testing.assert_allclose(found, logits, atol=0.01 * max(1, np.abs(logits).max()))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_detector_is_explained(name: str) -> None:
    network = load_ours(name)
    pixels = photo(260, 300)
    found = explain(network, pixels)
    assert np.isfinite(found.relevance).all()
    assert np.abs(found.relevance).sum() > 0
    assert not found.relevance[~found.looked_at].any()
    assert f"What {name} sees in " in found.sentence
    assert all(0 < share <= 1 for _, share in found.channels)


def test_of_several_labels_the_likeliest_is_explained() -> None:
    network = load_ours("origin-6")
    pixels = photo(network.side, network.side)  # one patch
    named = [explain(network, pixels, label.name) for label in network.labels]
    assert explain(network, pixels).score == max(one.score for one in named)


def test_patches_are_chosen_as_the_manifest_says() -> None:
    pixels = photo(300, 420)
    grid = Selection(most_patches=3, brief_patches=2)
    assert select_patches(pixels, 128, grid) == choose_patches(pixels, 128, grid)
    edges = grid.model_copy(update={"method": "edges"})
    assert select_patches(pixels, 128, edges, brief=True) == edge_patches(pixels, 128, 2)


def nowhere(_: nn.Module, pictures: torch.Tensor, __: int) -> Relevance:
    """Stand in for what takes long, where only the patches matter."""
    count, _, *sides = pictures.shape
    return Relevance(
        np.zeros(count), np.zeros((count, *sides)), {"none": np.ones((count, 1, 1, 1))}
    )


def test_the_detectors_own_patches_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verifier.explain.explanation.relevance", nowhere)
    pixels = photo(500, 700)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    with Verifier.facts_only() as verifier:
        reading = verifier.read(tmp_path / "photo.png")
    for kind in (OriginDetector, PlatformDetector):
        [entry] = read_manifest().of_task(kind.task)
        scores = kind((Model(entry, FOLDER),)).score(reading)
        assert scores is not None
        assert explain(load_ours(entry.name), pixels).patches == scores.patches


def test_where_the_detector_abstains_the_sentence_says_so(tmp_path: Path, camsim: Camsim) -> None:
    picture = tmp_path / "photo.jpg"
    grain = np.random.default_rng(0).integers(0, 256, (300, 420, 3)).astype(np.uint8)
    Image.fromarray(grain).save(picture, quality=30)
    ran = camsim("explain", picture, "-o", tmp_path / "why.png")
    assert ran.status == 0, ran.err
    assert "The detector itself gives no answer: " in ran.out


# Counts


def test_counts_are_those_of_the_detector() -> None:
    pixels = photo(64, 128)
    places = ((0, 0), (64, 0))
    cut = np.stack([pixels[y : y + PATCH, x : x + PATCH] for x, y in places])
    found = CountLevels.apply(torch.from_numpy(cut).permute(0, 3, 1, 2).float() / 255)
    np.testing.assert_array_equal(found.flatten(1).numpy(), patch_histograms(pixels, places))


def on_the_edge_of_a_level(count: int) -> np.ndarray:
    """Patches (N, 64, 64, 3) of blocks that have a coefficient half way between two levels."""
    blocks = np.random.default_rng(0).integers(0, 256, (100_000, 8, 8, 3)).astype(np.uint8)
    planes = blocks.astype(np.float64) @ [0.299, 0.587, 0.114] - 128
    wave = np.cos((2 * np.arange(8) + 1) * np.pi / 16)
    across = planes.sum(axis=1) @ wave / (4 * np.sqrt(2))
    from_edge = np.abs(np.abs(across % 1) - 0.5)
    nearest = blocks[np.argsort(from_edge)[: count * 64]]
    return nearest.reshape(count, 8, 8, 8, 8, 3).swapaxes(2, 3).reshape(count, 64, 64, 3)


def test_a_level_on_the_edge_is_counted_alike() -> None:
    patches = on_the_edge_of_a_level(4)
    shipped = patch_histograms(np.concatenate(patches), [(0, 64 * n) for n in range(4)])
    given = torch.from_numpy(patches).permute(0, 3, 1, 2).float() / 255
    explained = CountLevels.apply(given).flatten(1).numpy()
    np.testing.assert_array_equal(explained, shipped)


def test_a_level_does_not_depend_on_the_order_of_sums() -> None:
    """Patches transformed one by one, together, or mirrored have the same levels."""
    patches = on_the_edge_of_a_level(8)
    together = patch_levels(patches)
    alone = np.concatenate([patch_levels(patch[None]) for patch in patches])
    np.testing.assert_array_equal(together, alone)
    mirrored = patch_levels(patches[:, :, ::-1])  # odd frequencies across change their sign
    whole = mirrored.reshape(8, 8, 8, 9)[:, :, ::-1].reshape(8, 64, 9)
    odd = np.array([place % 2 for place in COEFFICIENTS])
    np.testing.assert_array_equal(whole * np.where(odd, -1, 1), together)


def test_relevance_of_a_count_goes_to_the_blocks_that_were_counted() -> None:
    """One block of a grey patch has a wave: what is said of its level is said of that block."""
    patch = torch.full((1, 3, PATCH, PATCH), 128 / 255)
    wave = torch.cos((2 * torch.arange(8.0) + 1) * torch.pi / 16)
    patch[..., 16:24, 40:48] += 4 / 255 * wave
    patch = (255 * patch).round() / 255
    patch.requires_grad_()
    counts = CountLevels.apply(patch)
    across = [coefficient_name(number) for number in range(9)].index("DCT 0,1")
    level = int(counts[0, across].nonzero()[-1])
    assert counts[0, across, level] == 1
    said = torch.zeros_like(counts)
    said[0, across, level] = 3
    said[0, across, 50] = 63  # the level 0, of all the other blocks
    [found] = torch.autograd.grad(counts, patch, said)
    assert float(found[..., 16:24, 40:48].sum()) == pytest.approx(3)
    assert float(found.sum()) == pytest.approx(66)
    assert float(found[..., :8, :8].sum()) == pytest.approx(1)


def test_a_network_of_counts_is_explained_by_frequencies() -> None:
    torch.manual_seed(0)
    model = PicturePlatformCNN(4).eval()
    assert feature_layers(model) == ("histograms",)
    pictures = torch.rand(2, 3, PATCH, PATCH)
    found = relevance(model, pictures, 1)
    assert found.layers["histograms"].shape == (2, 9, 101, 1)
    # What lies on levels in range reaches the picture, whole.
    of_counts = found.layers["histograms"].sum(axis=(1, 2, 3))
    np.testing.assert_allclose(found.picture.sum(axis=(1, 2)), of_counts, rtol=1e-3)
