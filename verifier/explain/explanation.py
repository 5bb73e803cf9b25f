"""Why a detector says what it says of one picture: where in it, which channels, and a sentence."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from verifier.errors import ScoresError
from verifier.explain.networks import Explainable
from verifier.explain.relevance import Channel, relevance
from verifier.features.patches import Patches, Place, batches
from verifier.features.selection import select_patches
from verifier.judging import calibration as calibrating
from verifier.judging.decision import picture_probabilities
from verifier.report.wording import percent

Pixels = NDArray[np.uint8]
# Of the looked-at pixels: what is reported of where relevance lies.
_TENTH: Final = 0.1
_BATCH: Final = 4


@dataclass(frozen=True)
class Explanation:
    """What a detector's answer about a picture rests on.

    Attributes
    ----------
    relevance
        (H, W), evidence for the label above 0 and against it below, as shares of all evidence
        for it; 0 where the detector didn't look.
    looked_at
        (H, W), where it did.
    patches
        The detector's own.
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
    patches: Patches
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
        If the picture has no part that the network can look at, there is no such label, or the
        network has no output of it.
    DependencyError
        Without zennit.
    """
    patches = select_patches(pixels, network.side, network.selection)
    if not patches.places:
        raise ScoresError(
            f"the picture ({pixels.shape[1]}×{pixels.shape[0]}) has no part of {network.side}×"
            f"{network.side} pixels that is neither uniform nor overexposed and has edges"
        )
    logits = _logits(network, pixels, patches)
    place = _place(network, label, logits)
    maps, shares, scores = [], [], []
    for batch in batches(pixels, patches, _BATCH):
        found = relevance(network.model, torch.from_numpy(batch), place)
        maps.append(found.picture)
        shares.append(_shares(found.layers))  # of all parts, maps of all layers would fill memory
        scores.append(found.score)
    score = float(np.concatenate(scores).mean())
    whole, looked_at = _assembled(
        np.concatenate(maps), patches.places, network.side, pixels.shape[:2]
    )
    channels = tuple((network.channel_name(c), share) for c, share in _loudest(shares))
    return Explanation(
        whole, looked_at, patches, channels, score,
        _sentence(network, place, score, whole, looked_at, channels, logits),
    )  # fmt: skip


def _place(network: Explainable, label: str | None, logits: NDArray[np.float32]) -> int:
    names = [one.name for one in network.labels]
    if label is not None and label not in names:
        raise ScoresError(f"{network.name} has no label {label!r}; it has {', '.join(names)}")
    if label is not None:
        place = names.index(label)
        if logits.shape[1] == 1 and place != len(names) - 1:
            raise ScoresError(f"{network.name} has one output, of {names[-1]!r}; explain that")
        return place
    if len(names) == 2:
        return next(n for n, one in enumerate(network.labels) if one.role != "native")
    return int(calibrating.mean_log_probabilities(logits).argmax())


def _logits(network: Explainable, pixels: Pixels, patches: Patches) -> NDArray[np.float32]:
    """Ask the network about the patches: (N, labels)."""
    with torch.no_grad():
        found = [network.model(torch.from_numpy(b)) for b in batches(pixels, patches, _BATCH)]
    logits: NDArray[np.float32] = torch.cat(found).numpy()
    return logits


def _assembled(
    maps: NDArray[np.float32], places: tuple[Place, ...], side: int, shape: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    whole = np.zeros(shape, np.float32)
    looked_at = np.zeros(shape, bool)
    for part, (left, top) in zip(maps, places, strict=True):
        whole[top : top + side, left : left + side] += part
        looked_at[top : top + side, left : left + side] = True
    return whole / max(float(np.maximum(whole, 0).sum()), 1e-12), looked_at


def _shares(layers: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """FF-RS of each part: by layer (N, C); see `verifier.explain.ff_rs`."""
    found = {}
    for name, values in layers.items():
        positive = np.maximum(values, 0).sum(axis=(2, 3))
        total = np.abs(values).sum(axis=(1, 2, 3))[:, None]
        found[name] = positive / np.maximum(total, 1e-12)
    return found


def _loudest(
    shares: list[dict[str, NDArray[np.float32]]], count: int = 10
) -> tuple[tuple[Channel, float], ...]:
    means = {name: np.concatenate([one[name] for one in shares]).mean(axis=0) for name in shares[0]}
    pairs = [
        (Channel(name, number), float(value))
        for name, values in means.items()
        for number, value in enumerate(values)
    ]
    return tuple(sorted(pairs, key=lambda pair: -pair[1])[:count])


def _sentence(
    network: Explainable,
    place: int,
    score: float,
    whole: NDArray[np.float32],
    looked_at: NDArray[np.bool_],
    channels: tuple[tuple[str, float], ...],
    logits: NDArray[np.float32],
) -> str:
    words = network.labels[place].words
    positive = np.sort(np.maximum(whole[looked_at], 0))[::-1]
    tenth = positive[: max(1, round(_TENTH * len(positive)))]
    densest = float(tenth.sum() / max(positive.sum(), 1e-12))
    side = "for" if score > 0 else "against"
    against = " logits over the others' mean" if logits.shape[1] > 1 else " logits"
    probability = _probability(network, place, logits)
    count = len(logits)
    return (
        f"What {network.name} sees in {count} part{'s' if count > 1 else ''} of the "
        f"picture is evidence {side} “{words}” ({score:+.2f}{against}{probability}). "
        f"{densest:.0%} of the evidence for it lies in a tenth of the pixels that it looked at. "
        f"The most relevant channel{'s are' if len(channels) > 1 else ' is'} "
        f"{', '.join(f'{channel} ({share:.1%})' for channel, share in channels[:3])}."
    )


def _probability(network: Explainable, place: int, logits: NDArray[np.float32]) -> str:
    """State the calibrated probability, where the manifest has a calibration."""
    entry = network.entry
    calibration = entry.calibration_for(None) if entry else None
    if entry is None or calibration is None:
        return ", not calibrated"
    mean_log = calibrating.mean_log_probabilities(logits)
    found = picture_probabilities(entry, calibration, mean_log, len(logits))
    return f", calibrated probability {percent(found[network.labels[place].name])}"
