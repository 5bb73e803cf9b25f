"""Cards of added detectors: valid, or refused in one sentence; and a picture as they have it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.verifier.detectors.added.brightness import CARD, bright_model, grey, written
from verifier.detectors.added.card import Card, read_card
from verifier.detectors.added.network import Network, log_odds
from verifier.detectors.added.preparing import prepared
from verifier.detectors.added.store import digest_of
from verifier.errors import SettingsError, WeightsError


def card(**changed: object) -> Card:
    return Card.model_validate(CARD | changed)


def network(folder: Path, model: bytes, **changed: object) -> Network:
    file, described = written(folder, model, **changed)
    return Network(read_card(described), file, digest_of(model))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": None}, "name: Field required"),
        ({"name": "../up"}, "name: String should match"),
        ({"name": "Bright"}, "name: String should match"),
        ({"colour": "RGB"}, "colour: Extra inputs"),
        ({"kind": "other"}, "kind: Input should be"),
        ({"version": 2}, "version: Input should be 1"),
        ({"question": "a\nb"}, "question: must be one line"),
        ({"question": "a\x1b[31m"}, "question: must be one line"),
        ({"question": "a" * 301}, "question: String should have at most"),
        ({"width": 8}, "width: Input should be greater"),
        ({"height": 100_000}, "height: Input should be less"),
        ({"width": "32"}, "width: Input should be a valid integer"),
        ({"mean": [0.5]}, "mean"),
        ({"mean": [0.5, 0.5, "a"]}, "mean"),
        ({"std": [1, 1, 0]}, "std must be above 0"),
        ({"std": [1, 1, float("nan")]}, "std must be above 0"),
        ({"fit": "stretch"}, "fit: Input should be"),
        ({"fit": "resize and crop"}, "shorter_side goes with"),
        ({"shorter_side": 64}, "shorter_side goes with"),
        ({"fit": "resize and crop", "shorter_side": 16}, "shorter_side is less"),
        ({"generated": 2}, "generated: Input should be"),
        ({"output": "score"}, "output: Input should be"),
    ],
)
def test_a_card_that_is_none_is_refused(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    _, file = written(tmp_path, **changed)
    with pytest.raises(SettingsError, match="isn't valid") as error:
        read_card(file)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 50_000, b"\xff"])
def test_what_is_no_card_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "card.json").write_bytes(content)
    with pytest.raises(SettingsError, match=r"the card .*card\.json is"):
        read_card(tmp_path / "card.json")
    with pytest.raises(SettingsError, match="can't be read"):
        read_card(tmp_path / "none.json")


def test_a_card_without_limits_says_that_nothing_is_proven(tmp_path: Path) -> None:
    _, file = written(tmp_path, limits=None)
    assert "proves nothing" in read_card(file).limits


def test_colours_scale_and_layout() -> None:
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[..., 0] = 255  # red
    scales = {"mean": [0, 0.5, 1], "std": [1, 2, 4]}
    values = prepared(picture, card(**scales))
    assert values is not None
    assert (values.shape, values.dtype) == ((1, 3, 32, 32), np.float32)
    assert values[0, :, 0, 0].tolist() == [1, -0.25, -0.25]
    values = prepared(picture, card(colours="BGR", layout="NHWC", **scales))
    assert values is not None
    assert values.shape == (1, 32, 32, 3)
    assert values[0, 0, 0].tolist() == [0, -0.25, 0]


def test_fits() -> None:
    picture = grey(0, (100, 200))
    picture[34:66, 84:116] = 255  # the middle 32 by 32
    plain = {"mean": [0, 0, 0]}
    cropped = prepared(picture, card(fit="crop", **plain))
    assert cropped is not None
    assert cropped.min() == 1
    squeezed = prepared(picture, card(**plain))
    assert squeezed is not None
    assert squeezed.mean() == pytest.approx(32 * 32 / 20_000, abs=0.01)
    scaled = prepared(picture, card(fit="resize and crop", shorter_side=50, **plain))
    assert scaled is not None
    assert scaled.mean() == pytest.approx(0.25, abs=0.02)
    assert prepared(grey(0, (31, 200)), card(fit="crop")) is None
    tall = prepared(grey(0, (333, 47)), card(fit="resize and crop", shorter_side=32))
    assert tall is not None


@pytest.mark.parametrize(
    ("model", "changed"),
    [
        (bright_model(), {}),
        (bright_model(2), {"generated": 1}),
        (bright_model(probability=True), {"output": "probability"}),
        (bright_model(2, probability=True), {"output": "probability", "generated": 1}),
        (bright_model(layout="NHWC"), {"layout": "NHWC"}),
    ],
)
def test_every_kind_of_output_gives_the_same_log_odds(
    tmp_path: Path, model: bytes, changed: dict[str, Any]
) -> None:
    values = prepared(grey(153), card(**changed))
    assert values is not None
    assert network(tmp_path, model, **changed).score(values) == pytest.approx(2.0, abs=1e-3)


def test_the_other_output_turns_it_over(tmp_path: Path) -> None:
    values = prepared(grey(153), card())
    assert values is not None
    low = network(tmp_path / "a", bright_model(), generated="low").score(values)
    first = network(tmp_path / "b", bright_model(2), generated=0).score(values)
    assert (low, first) == (pytest.approx(-2.0, abs=1e-3), pytest.approx(-2.0, abs=1e-3))


@pytest.mark.parametrize(
    ("output", "changed", "said"),
    [
        (np.zeros((1, 2)), {}, "gives 1 of a picture"),
        (np.zeros((1, 3)), {"generated": 1}, "gives 2 of a picture"),
        (np.array([np.nan]), {}, "aren't finite"),
        (np.array(["a"]), {}, "gives"),
        (np.array([1.5]), {"output": "probability"}, "no probabilities"),
    ],
)
def test_what_a_card_does_not_say_is_refused(
    output: np.ndarray[Any, Any], changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(WeightsError, match=said):
        log_odds(output, card(**changed))


def test_a_network_of_other_inputs_is_refused(tmp_path: Path) -> None:
    values = prepared(grey(0), card())
    assert values is not None
    with pytest.raises(WeightsError, match=r"by its card it would get \[1, 32, 32, 3\]"):
        network(tmp_path, bright_model(), layout="NHWC").score(values)


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    values = prepared(grey(0), card())
    assert values is not None
    damaged = network(tmp_path, bright_model())
    (tmp_path / "model.onnx").write_bytes(bright_model() + b" ")
    with pytest.raises(WeightsError, match="was changed or damaged"):
        damaged.score(values)
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(WeightsError, match="can't be read"):
        damaged.score(values)
    with pytest.raises(WeightsError, match="can't be loaded: it is no ONNX file"):
        network(tmp_path, b"no network at all").score(values)


def test_a_run_that_does_not_end_is_ended(tmp_path: Path) -> None:
    from tests.verifier.detectors.added.brightness import endless_model

    model = endless_model()
    file, described = written(tmp_path, model)
    values = prepared(grey(0), card())
    assert values is not None
    endless = Network(read_card(described), file, digest_of(model), seconds=0.2)
    with pytest.raises(WeightsError, match=r"takes more than 0\.2 s"):
        endless.score(values)
    assert json.loads(described.read_text())["name"] == "bright"
