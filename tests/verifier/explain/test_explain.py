"""Explanations: relevance, FF-RS, silenced channels, colour, ResNet-50 and the command."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from tests.camera_sim.conftest import Camsim
from tests.channel.conftest import photo
from verifier.errors import ScoresError, WeightsError
from verifier.evaluation.generated.bench import TestCrop
from verifier.evaluation.linear_classifier import LinearClassifier
from verifier.explain.colour import colour_conditional, median_p_value, without_colour
from verifier.explain.explanation import explain
from verifier.explain.features import (
    colour_table,
    measure_features,
    ranking_table,
    sensitivity_table,
)
from verifier.explain.ff_rs import (
    precision_without,
    random_channels,
    rank_channels,
)
from verifier.explain.networks import Explainable, load_ours
from verifier.explain.relevance import (
    Channel,
    activations,
    dropped,
    feature_layers,
    relevance,
    score,
)
from verifier.features.forensic_statistics import COUNT
from verifier.training.backbones.efficientnet_lite0 import EfficientNetLite0
from verifier.training.export import (
    GENERATED_LABELS,
    GENERATED_SELECTION,
    export_generated,
    export_origin,
)
from verifier.training.generated.band_network import BandNetwork, band_filters, band_name
from verifier.training.generated.cnn import GeneratedCNN
from verifier.training.generated.resnet50 import Bottleneck, ResNet50, load_resnet50
from verifier.training.generated.sets import GENERATED, NATURAL
from verifier.training.manipulation.fan import FAN
from verifier.training.origin.classes import labels_of
from verifier.training.origin.statistics_network import StatisticsNetwork
from verifier.training.picture_sets import Picture


class RedNetwork(nn.Module):
    """Channel 0 sees red, 1 green, 2 blue, 3 nothing; "generated" is red less green."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1, bias=False)
        self.norm = nn.BatchNorm2d(4, affine=True)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(4, 2, bias=False)
        with torch.no_grad():
            self.conv.weight.copy_(torch.eye(4)[:, :3, None, None])
            self.fc.weight.copy_(torch.tensor([[0.0, 1, 0, 0], [1.0, 0, 0, 0]]))
        self.eval()

    def forward(self, pictures: "torch.Tensor") -> "torch.Tensor":
        return self.fc(self.pool(self.relu(self.norm(self.conv(pictures)))).flatten(1))


def tinted(red: float, green: float, count: int = 8, seed: int = 0) -> "torch.Tensor":
    generator = torch.Generator().manual_seed(seed)
    noise = 0.1 * torch.rand(count, 3, 16, 16, generator=generator)
    return noise + torch.tensor([red, green, 0.3])[:, None, None]


def small() -> GeneratedCNN:
    torch.manual_seed(3)
    return GeneratedCNN().eval()


def bands() -> BandNetwork:
    torch.manual_seed(4)
    model = BandNetwork()
    nn.init.normal_(model.classifier.weight)
    model.fit_scale(torch.randn(50, 189))
    return model.eval()


def lite0() -> EfficientNetLite0:
    torch.manual_seed(5)
    model = EfficientNetLite0()
    nn.init.normal_(model.classifier.weight)
    return model.eval()


# Relevance


def test_relevance_is_kept_from_layer_to_layer() -> None:
    """What a convolution without negative weights gets from above it gives on, whole."""
    model = RedNetwork()
    pictures = tinted(0.7, 0.1, 3)
    found = relevance(model, pictures, 1)
    expected = score(model(pictures), 1).detach().numpy()
    np.testing.assert_allclose(found.score, expected, rtol=1e-5)
    np.testing.assert_allclose(found.layers["norm"].sum(axis=(1, 2, 3)), expected, rtol=1e-3)
    np.testing.assert_allclose(found.picture.sum(axis=(1, 2)), expected, rtol=1e-3)
    assert found.picture.shape == (3, 16, 16)
    # What sees nothing says nothing.
    assert np.abs(found.layers["norm"][:, 3]).max() < 1e-6
    assert found.layers["norm"][:, 0].sum() > 0 > found.layers["norm"][:, 1].sum()


def test_relevance_lies_where_the_answer_comes_from() -> None:
    pictures = torch.full((1, 3, 16, 16), 0.2)
    pictures[:, 0, 4:8, 8:12] = 0.9
    spoken = relevance(RedNetwork(), pictures, 1).layers["norm"][0, 0]
    inside = spoken[4:8, 8:12].sum() / spoken.sum()
    assert inside == pytest.approx(0.9 * 16 / (0.9 * 16 + 0.2 * 240), rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        small,
        bands,
        lite0,
        lambda: ResNet50(1).eval(),
        lambda: FAN().eval(),
    ],
    ids=["cnn", "bands", "lite0", "resnet50", "fan"],
)
def test_networks_are_left_as_they_were(make: "object") -> None:
    model = make()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    pictures = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    answer = model(pictures)
    found = relevance(model, pictures, 1)
    assert np.isfinite(found.picture).all()
    assert np.abs(found.picture).sum() > 0
    assert set(found.layers) == set(feature_layers(model))
    assert all(torch.equal(before[name], v) for name, v in model.state_dict().items())
    torch.testing.assert_close(model(pictures), answer)


def test_a_map_stands_when_weights_are_rounded_to_half() -> None:
    model, rounded = lite0(), lite0()
    rounded.load_state_dict({k: v.half() for k, v in model.state_dict().items()})
    pictures = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    maps = [relevance(one, pictures, 1).picture.ravel() for one in (model, rounded)]
    assert np.corrcoef(maps)[0, 1] > 0.98


def test_torchvision_is_not_left_behind() -> None:
    relevance(RedNetwork(), tinted(0.5, 0.1, 1), 1)
    assert not hasattr(sys.modules.get("torchvision"), "models") or hasattr(
        sys.modules["torchvision"], "__version__"
    )


def test_bands_give_all_of_an_answer_to_the_picture() -> None:
    model, pictures = bands(), torch.rand(2, 3, 64, 64)
    found = relevance(model, pictures, 1)
    weights = model.classifier.weight.detach()
    whole = (model.scale(model.features(pictures)) @ (weights[1] - weights[0])).detach().numpy()
    np.testing.assert_allclose(found.layers["bands"].sum(axis=(1, 2, 3)), whole, rtol=1e-2)
    np.testing.assert_allclose(found.picture.sum(axis=(1, 2)), whole, rtol=1e-2)


def test_the_filters_are_the_dct_of_luma_and_chroma() -> None:
    filters = band_filters()
    flat = filters.reshape(189, -1)
    one_plane = filters[:63].sum(dim=1).reshape(63, 64)  # the weights of luma sum to 1
    torch.testing.assert_close(one_plane @ one_plane.T, torch.eye(63), atol=1e-5, rtol=0)
    assert (filters[63:].sum(dim=1).abs() < 1e-5).all()  # grey has no chroma
    assert (flat.sum(dim=1).abs() < 1e-4).all()
    assert (band_name(0), band_name(62), band_name(63), band_name(188)) == (
        "Y 0,1", "Y 7,7", "Cb 0,1", "Cr 7,7",
    )  # fmt: skip


# FF-RS and silence


def test_the_channel_that_finds_them_ranks_first() -> None:
    ranking = rank_channels(RedNetwork(), tinted(0.7, 0.1), 1)
    assert ranking.top(1) == (Channel("norm", 0),)
    assert ranking.pictures == 8
    assert len(ranking.channels) == 4
    assert list(ranking.statistic) == sorted(ranking.statistic, reverse=True)
    with pytest.raises(ScoresError, match="finds none"):
        rank_channels(RedNetwork(), tinted(0.1, 0.7), 1)


def test_without_that_channel_precision_falls() -> None:
    model = RedNetwork()
    pictures = torch.cat([tinted(0.55, 0.3, seed=1), tinted(0.3, 0.3, seed=2)])
    generated = np.arange(16) < 8
    ranking = rank_channels(model, pictures[:8], 1)
    assert precision_without(model, pictures, generated, 1, ()) == 1
    assert precision_without(model, pictures, generated, 1, ranking.top(1)) < 0.9
    assert precision_without(model, pictures, generated, 1, [Channel("norm", 3)]) == 1
    assert precision_without(model, pictures, generated, 1, ()) == 1  # heard again


def test_silence_is_exact() -> None:
    model, pictures = small(), torch.rand(2, 3, 64, 64)
    layer = feature_layers(model)[1]
    with dropped(model, [Channel(layer, 0), Channel(layer, 5)]):
        found = activations(model, pictures, [layer])[layer]
    assert (found[:, [0, 5]] == 0).all()
    assert (np.delete(found, [0, 5], axis=1) > 0).any()


def test_random_channels_are_none_of_the_top() -> None:
    ranking = rank_channels(RedNetwork(), tinted(0.7, 0.1), 1)
    chosen = random_channels(ranking, 2, seed=4)
    assert not set(chosen) & set(ranking.top(2))
    assert chosen == random_channels(ranking, 2, seed=4)


# Colour


def test_channels_of_one_colour_go_by_colour() -> None:
    model = RedNetwork()
    pictures = tinted(0.8, 0.1, 40)
    channels = [Channel("norm", number) for number in range(4)]
    found = colour_conditional(model, pictures, channels)
    assert set(found.conditional) >= {Channel("norm", 0), Channel("norm", 1)}
    assert Channel("norm", 3) not in found.conditional
    greyed = colour_conditional(model, without_colour(pictures), channels)
    assert greyed.conditional == ()
    assert greyed.share == 0


def test_the_median_test() -> None:
    rng = np.random.default_rng(0)
    same = rng.normal(size=60).astype(np.float32)
    assert median_p_value(same, same + 3) < 1e-6
    assert median_p_value(same, rng.normal(size=60).astype(np.float32)) > 0.01
    assert median_p_value(np.zeros(5, np.float32), np.zeros(5, np.float32)) == 1


# ResNet-50


def torchvision_names() -> dict[str, tuple[int, ...]]:
    """Names and shapes of torchvision's resnet50, written down from its published weights."""
    norm = ("weight", "bias", "running_mean", "running_var")
    found: dict[str, tuple[int, ...]] = {"conv1.weight": (64, 3, 7, 7)}

    def add_norm(name: str, width: int) -> None:
        found.update({f"{name}.{part}": (width,) for part in norm})
        found[f"{name}.num_batches_tracked"] = ()

    add_norm("bn1", 64)
    before = 64
    for stage, (blocks, width) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], 1):
        for block in range(blocks):
            name = f"layer{stage}.{block}"
            shapes = [(width, before, 1, 1), (width, width, 3, 3), (4 * width, width, 1, 1)]
            for number, shape in enumerate(shapes, 1):
                found[f"{name}.conv{number}.weight"] = shape
                add_norm(f"{name}.bn{number}", shape[0])
            if block == 0:
                found[f"{name}.downsample.0.weight"] = (4 * width, before, 1, 1)
                add_norm(f"{name}.downsample.1", 4 * width)
            before = 4 * width
    return found | {"fc.weight": (1000, 2048), "fc.bias": (1000,)}


def test_resnet50_has_the_published_names_and_shapes() -> None:
    found = {name: tuple(value.shape) for name, value in ResNet50(1000).state_dict().items()}
    assert found == torchvision_names()
    assert sum(p.numel() for p in ResNet50(1000).parameters()) == 25_557_032
    stride = [m.conv2.stride for m in ResNet50(1).modules() if isinstance(m, Bottleneck)]
    assert stride.count((2, 2)) == 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cnndetection", "plain", "parallel", "safetensors"])
def test_published_files_are_read(tmp_path: Path, kind: str) -> None:
    torch.manual_seed(0)
    model = ResNet50(1).eval()
    state = model.state_dict()
    path = tmp_path / ("w.safetensors" if kind == "safetensors" else "w.pth")
    if kind == "safetensors":
        save_file(state, path)
    elif kind == "cnndetection":
        torch.save({"model": state, "optimizer": {}, "total_steps": 3}, path)
    else:
        prefix = "module." if kind == "parallel" else ""
        torch.save({prefix + name: value for name, value in state.items()}, path)
    pictures = torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(load_resnet50(path)(pictures), model(pictures))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "can't be read as weights"),
        (b"no weights", "can't be read as weights"),
        ({"fc.weight": torch.zeros(1, 2048)}, "isn't of a ResNet-50"),
        ({"weight": torch.zeros(3)}, "no fc.weight"),
        ([1, 2], "no table of weights"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: object, message: str) -> None:
    path = tmp_path / "w.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(WeightsError, match=message):
        load_resnet50(path)


def test_of_one_output_only_generated_is_explained() -> None:
    model = ResNet50(1).eval()
    network = Explainable("mine", model, 224, GENERATED_LABELS, GENERATED_SELECTION)
    with pytest.raises(ScoresError, match="one output, of 'generated'"):
        explain(network, photo(240, 260), "natural")


# The command


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    export_generated(small(), "cnn", "toy", {}, "nothing", 0.5, "your own", folder)
    return folder


@pytest.mark.slow
def test_ours_come_back_as_they_were_exported(weights: Path) -> None:
    loaded, pictures = load_ours("toy", weights), torch.rand(1, 3, 224, 224)
    torch.testing.assert_close(loaded.model(pictures), small()(pictures))
    (weights / "toy.safetensors").write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="changed or damaged"):
        load_ours("toy", weights)


def test_relevance_lies_on_the_picture_and_not_on_its_border() -> None:
    network = Explainable("toy", small(), 224, GENERATED_LABELS, GENERATED_SELECTION)
    found = explain(network, photo(300, 500))
    assert found.relevance.shape == (300, 500)
    assert not found.relevance[~found.looked_at].any()
    assert found.looked_at.sum() == 2 * 224 * 224
    part = np.abs(found.relevance[:224, :224])
    border = part.sum() - part[8:-8, 8:-8].sum()
    assert border / part.sum() < 2 * (1 - (208 / 224) ** 2)
    assert "2 parts of the picture" in found.sentence
    with pytest.raises(ScoresError, match="no label 'cat'"):
        explain(network, photo(300, 500), "cat")


@pytest.mark.slow
def test_explain_draws_and_says(weights: Path, tmp_path: Path, camsim: Camsim) -> None:
    picture, out = tmp_path / "photo.png", tmp_path / "why.png"
    Image.fromarray(photo(240, 260)).save(picture)
    ran = camsim("explain", picture, "-o", out, "--weights", weights)
    assert ran.status == 0, ran.err
    assert ran.out.startswith("What toy sees in 1 part of the picture is evidence ")
    with Image.open(out) as figure:
        assert figure.size[0] > 1000
    again = camsim("explain", picture, "-o", out, "--weights", weights)
    assert (again.status, len(again.err.splitlines())) == (2, 1)
    assert "--force" in again.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--resnet50", "nowhere.pth"), "no such file"),
        (("--model", "none-such"), "no model"),
    ],
)
def test_explain_refuses_in_a_sentence(
    words: tuple[str, ...], message: str, tmp_path: Path, camsim: Camsim
) -> None:
    picture, out = tmp_path / "photo.png", tmp_path / "why.png"
    Image.fromarray(photo(240, 260)).save(picture)
    ran = camsim("explain", picture, "-o", out, *words)
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert message in ran.err
    assert not out.exists()


@pytest.mark.slow
def test_what_reads_statistics_is_not_explained(tmp_path: Path, camsim: Camsim) -> None:
    fitted = LinearClassifier(np.zeros(COUNT), np.ones(COUNT), np.zeros((COUNT + 1, 3)))
    folder = tmp_path / "weights"
    export_origin(
        StatisticsNetwork(fitted), "toy", labels_of(None), {}, "nothing", {}, "your own", folder
    )
    picture, out = tmp_path / "photo.png", tmp_path / "why.png"
    Image.fromarray(photo(240, 260)).save(picture)
    ran = camsim("explain", picture, "-o", out, "--weights", folder, "--model", "toy")
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert "can't be explained (these can: none)" in ran.err


# Measuring


def test_features_are_measured_and_told() -> None:
    red = [crop(GENERATED, 190, number) for number in range(8)]
    plain = [crop(NATURAL, 100, number) for number in range(8)]
    network = Explainable("red", RedNetwork(), 16, GENERATED_LABELS, GENERATED_SELECTION)
    found = measure_features(network, [*red, *plain], (1, 2))
    assert [row.count for row in found.sensitivity] == [1, 2]
    first = found.sensitivity[0]
    assert first.whole == 1 > first.top
    assert first.lowest == 1
    assert found.colour_share(1) == 1
    assert found.colour_relevance > 0.9
    assert "| red | 4 | 8 | 1 | 100.0 |" in sensitivity_table([found])
    assert "| red | 100% | " in colour_table([found])
    assert ranking_table(network, found, 1).splitlines()[2].startswith("| norm#0 | ")


def test_a_network_of_origins_is_measured_by_its_generated_class() -> None:
    """Wherever it stands among the labels, and over pictures that it calls so."""
    labels = labels_of(["dgi", "npi", "cgg"])
    red = [crop(GENERATED, 190, number) for number in range(8)]
    missed = [crop(GENERATED, 40, 20 + number) for number in range(4)]
    plain = [crop(NATURAL, 100, number) for number in range(8)]
    network = Explainable("origins", RedOfThree(), 16, labels, GENERATED_SELECTION)
    found = measure_features(network, [*red, *missed, *plain], (1,))
    assert found.ranking.pictures == 8
    assert found.sensitivity[0].whole > 0.8 > found.sensitivity[0].top
    drawn = Explainable(
        "drawn", RedOfThree(), 16, labels_of(["real", "drawn"]), GENERATED_SELECTION
    )
    with pytest.raises(ScoresError, match="drawn distinguishes real, drawn; give a model with"):
        measure_features(drawn, [*red, *plain], (1,))


class RedOfThree(RedNetwork):
    """Red is generated, above a threshold; green is a photograph, blue rendered."""

    def forward(self, pictures: "torch.Tensor") -> "torch.Tensor":
        natural, generated = super().forward(pictures).unbind(1)
        return torch.stack([8 * generated, natural + 4, natural * 0 + 1], dim=1)


def crop(kind: str, red: int, seed: int) -> TestCrop:
    noise = np.random.default_rng(seed).integers(0, 40, (16, 16, 3))
    pixels = (noise + np.array([red - 20, 60, 60])).astype(np.uint8)
    return TestCrop(Picture(kind, f"{kind}/s", Path(f"{seed}.png")), pixels)
