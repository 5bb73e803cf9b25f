"""Why a detector says what it says of one picture: where in it, which channels, and a sentence."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from verifier import calibration as calibrating
from verifier.decision import picture_probabilities
from verifier.errors import ScoresError
from verifier.explain.networks import Explainable
from verifier.explain.relevance import Channel, relevance
from verifier.features.patches import Patches, Place, batches
from verifier.features.selection import select_patches
from verifier.words import percent

Pixels = NDArray[np.uint8]
# Of the looked-at pixels: what is told of where relevance lies.
_TENTH: Final = 0.1
_BATCH: Final = 4


@dataclass(frozen=True)
class Explanation:
    """What a detector's answer about a picture rests on.

    Attributes
    ----------
    relevance
        (H, W), what speaks for the label above 0 and against it below, as shares of all that speaks
        for it; 0 where the detector didn't look.
    looked_at
        (H, W), where it did.
    channels
        Names of the loudest channels, and the share of its layer's relevance that each has, mean of
        parts.
    score
        Mean over parts of the logit of the label less that of the others.
    sentence
        The same in words.
    """

    relevance: NDArray[np.float32]
    looked_at: NDArray[np.bool_]
    channels: tuple[tuple[str, float], ...]
    score: float
    sentence: str


def explain(network: Explainable, pixels: Pixels, label: str | None = None) -> Explanation:
    """Explain what a network says of a picture.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8, sRGB.
    label
        Of the network's labels; None: the only one that isn't of photographs as they were taken,
        such as "generated", or of several labels the likeliest.

    Raises
    ------
    ScoresError
        If the picture has no part that the network can look at, or there is no such label.
    DependencyError
        Without zennit.
    """
    patches = select_patches(pixels, network.side, network.selection, brief=True)
    if not patches.places:
        raise ScoresError(
            f"the picture ({pixels.shape[1]}×{pixels.shape[0]}) has no part of {network.side}×"
            f"{network.side} pixels that is neither flat nor burnt out"
        )
    place = _place(network, label, pixels, patches)
    found = [
        relevance(network.model, torch.from_numpy(batch), place)
        for batch in batches(pixels, patches, _BATCH)
    ]
    maps = np.concatenate([one.picture for one in found])
    layers = {name: np.concatenate([one.layers[name] for one in found]) for name in found[0].layers}
    score = float(np.concatenate([one.score for one in found]).mean())
    whole, looked_at = _assembled(maps, patches.places, network.side, pixels.shape[:2])
    channels = tuple((network.channel_name(c), share) for c, share in _loudest(layers))
    return Explanation(
        whole, looked_at, channels, score,
        _sentence(network, place, score, whole, looked_at, channels, pixels, patches),
    )  # fmt: skip


def _place(network: Explainable, label: str | None, pixels: Pixels, patches: Patches) -> int:
    names = [one.name for one in network.labels]
    if label is not None and label not in names:
        raise ScoresError(f"{network.name} has no label {label!r}; it has {', '.join(names)}")
    if label is not None:
        return names.index(label)
    if len(names) == 2:
        return next(n for n, one in enumerate(network.labels) if one.role != "native")
    return int(_mean_log(network, pixels, patches).argmax())


def _mean_log(network: Explainable, pixels: Pixels, patches: Patches) -> NDArray[np.float64]:
    """Mean log probabilities of the labels over the patches."""
    with torch.no_grad():
        logits = [network.model(torch.from_numpy(b)) for b in batches(pixels, patches, _BATCH)]
    return calibrating.mean_log_probabilities(torch.cat(logits).numpy())


def _assembled(
    maps: NDArray[np.float32], places: tuple[Place, ...], side: int, shape: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    whole = np.zeros(shape, np.float32)
    looked_at = np.zeros(shape, bool)
    for part, (left, top) in zip(maps, places, strict=True):
        whole[top : top + side, left : left + side] += part
        looked_at[top : top + side, left : left + side] = True
    return whole / max(float(np.maximum(whole, 0).sum()), 1e-12), looked_at


def _loudest(
    layers: dict[str, NDArray[np.float32]], count: int = 10
) -> tuple[tuple[Channel, float], ...]:
    """FF-RS of one picture: `verifier.explain.ff_rs`."""
    shares = []
    for name, values in layers.items():
        speaks = np.maximum(values, 0).sum(axis=(2, 3))
        total = np.abs(values).sum(axis=(1, 2, 3))[:, None]
        mean = (speaks / np.maximum(total, 1e-12)).mean(axis=0)
        shares += [(Channel(name, number), float(value)) for number, value in enumerate(mean)]
    return tuple(sorted(shares, key=lambda pair: -pair[1])[:count])


def _sentence(
    network: Explainable,
    place: int,
    score: float,
    whole: NDArray[np.float32],
    looked_at: NDArray[np.bool_],
    channels: tuple[tuple[str, float], ...],
    pixels: Pixels,
    patches: Patches,
) -> str:
    words = network.labels[place].words
    speaks = np.sort(np.maximum(whole[looked_at], 0))[::-1]
    densest = float(speaks[: max(1, round(_TENTH * len(speaks)))].sum() / max(speaks.sum(), 1e-12))
    side = "for" if score > 0 else "against"
    probability = _probability(network, place, pixels, patches)
    count = len(patches.places)
    return (
        f"What {network.name} sees in {count} part{'s' if count > 1 else ''} of the "
        f"picture speaks {side} {words} (mean logit {score:+.2f}{probability}); "
        f"{densest:.0%} of what speaks for it lies in a tenth of the pixels that it looked at; "
        f"loudest {'are' if len(channels) > 1 else 'is'} the channels "
        f"{', '.join(f'{channel} ({share:.1%})' for channel, share in channels[:3])}."
    )


def _probability(network: Explainable, place: int, pixels: Pixels, patches: Patches) -> str:
    """Tell the calibrated probability, where the manifest has a calibration."""
    entry = network.entry
    calibration = entry.calibration_for(None) if entry else None
    if entry is None or calibration is None:
        return ", not calibrated"
    mean_log = _mean_log(network, pixels, patches)
    found = picture_probabilities(entry, calibration, mean_log, len(patches.places))
    return f", calibrated probability {percent(found[network.labels[place].name])}"
