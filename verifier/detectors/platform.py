"""Which platform did the picture come through? Its header answers; its DCT histograms give a hint.

What the header says is decided by `verifier.features.platform_name` while the file is read, and the
channel section of a report says the same. The pixels name nobody: the network of I. Amerini,
T. Uricchio, R. Caldelli (*Tracing Images Back to Their Social Network of Origin: A CNN-Based
Approach*, WIFS 2017) reads quantisation, and any program with the same tables leaves the same
traces. It knows codings of 2016, so it is asked only where the header fits one of them, or is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from verifier.detectors.detector import ModelDetector, map_values
from verifier.detectors.model import Model
from verifier.detectors.patch_scores import PatchScores, patch_scores
from verifier.features.dct_histogram import patch_histograms
from verifier.features.header_likelihood import NONE
from verifier.features.patches import Patches, choose_patches
from verifier.features.platform_marks import META, META_SERVICES
from verifier.judging.decision import Grounds
from verifier.reading.reading import Reading
from verifier.report.record import ChannelReading, DetectorResult, PatchMap
from verifier.report.wording import platform_words
from verifier.weights import Calibration, Label, ModelEntry

TASK: Final = "platform"
# Profiles of `channel.PLATFORMS` that the model's labels were trained on: codings of 2016, and
# later ones with the same luma. `verifier.evaluation.platform.classes` trains them.
SEEN: Final[Mapping[str, tuple[str, ...]]] = {
    "facebook": ("facebook-2016",),
    "flickr": ("flickr-2016",),
    "google+": ("google+",),
    "instagram": ("instagram-2016", "instagram-2024"),
    "telegram": ("telegram-2016", "telegram"),
    "twitter": ("twitter-2016", "twitter"),
    "whatsapp": ("whatsapp-2016",),
}
_BATCH: Final = 64


def scored(model: Model, patches: Patches, counts: NDArray[np.uint8]) -> PatchScores:
    """Run a model on the histograms of patches: (N, 909), uint8."""
    logits = model.logits(
        counts[start : start + _BATCH].astype(np.float32) for start in range(0, len(counts), _BATCH)
    )
    return patch_scores(model, patches, logits)


@dataclass(frozen=True)
class PixelHint:
    """What the pixels look like: a platform's words, `NONE`, or None; and a sentence that says so.

    ``probability`` is that of what it names, calibrated on simulated pictures of 2016.
    """

    platform: str | None
    words: str = ""
    probability: float | None = None


class PlatformDetector(ModelDetector[PatchScores]):
    """Names the platform that a picture came through last, where its header singles one out.

    Parameters
    ----------
    models
        Of the task "platform"; the first gives a hint. Without any there is none.
    """

    task: ClassVar[str] = TASK
    name: ClassVar[str] = "platform"
    question: ClassVar[str] = "Through which platform did the picture come?"
    doing: ClassVar[str] = "Looking for the platform it came through"
    limits: ClassVar[str] = (
        "It can't know platforms that pass a file on as it is, nor those whose marks a later one "
        "removed."
    )

    def analyze(self, reading: Reading, *, brief: bool = False) -> DetectorResult:
        """Answer by the header; the pixels only add to it. See `Detector.analyze`."""
        channel = reading.facts.channel
        asked = self._may_answer(channel)
        scores = self.score(reading, brief=brief) if asked else None
        found, hint = self._by_pixels(reading, scores)
        reasons = [_reason(channel)]
        if channel.earlier:
            reasons.append(channel.earlier.words)
        agrees = channel.platform is not None and hint.platform == channel.platform
        if agrees:
            reasons.append(f"The pixels look as {hint.platform} coded pictures in 2016, too.")
        elif hint.words:
            reasons.append(hint.words)
        facts = self.facts_of(scores) if scores else {}
        if agrees and scores:
            facts |= _shown(scores, found)
        return self._named(channel, tuple(reasons), facts)

    def prepare(self) -> None:
        """Load nothing: few pictures are of the codings that the network knows."""

    def look(self, model: Model, reading: Reading, *, brief: bool) -> PatchScores | None:
        """Run a model on the histograms of patches; see `ModelDetector.look`."""
        entry = model.entry
        patches = choose_patches(reading.pixels, entry.input.side, entry.selection, brief=brief)
        if not patches.places:
            return None
        return scored(model, patches, patch_histograms(reading.pixels, patches.places))

    def channel_of(self, reading: Reading) -> str | None:
        """Use the calibration of any channel: which it was is what is asked."""
        return None

    def calibrated(self, calibration: Calibration) -> bool:
        """Whether it has both thresholds; see `ModelDetector.calibrated`."""
        return calibration.named is not None and calibration.none is not None

    def _by_pixels(
        self, reading: Reading, scores: PatchScores | None
    ) -> tuple[dict[str, float], PixelHint]:
        """Calibrated probabilities, and what they hint at."""
        grounds = self.grounds(reading, scores) if scores else None
        if scores is None or not isinstance(grounds, Grounds):
            return {}, PixelHint(None)
        entry = scores.model.entry
        hint = hint_of_pixels(entry, grounds)
        fits = _compatible(hint, reading.facts.channel, entry)
        return grounds.found, hint if fits else PixelHint(None)

    @staticmethod
    def _may_answer(channel: ChannelReading) -> bool:
        """Whether the header is gone, or fits a coding that the model learnt."""
        seen = {profile for profiles in SEEN.values() for profile in profiles}
        return channel.jpeg is None or any(match.profile in seen for match in channel.platforms)

    def _named(
        self, channel: ChannelReading, reasons: tuple[str, ...], facts: dict[str, Any]
    ) -> DetectorResult:
        earlier = (channel.earlier.platform,) if channel.earlier else ()
        named = channel.platform is not None
        return DetectorResult(
            name=self.name,
            question=self.question,
            status="ran" if named else "abstained",
            finding="informs" if named else "none",
            answer=channel.platform,
            answer_words=platform_words(channel) if named else None,
            confidence=_probability(channel),
            platforms=(*earlier, channel.platform) if channel.platform else earlier,
            reasons=reasons,
            limits=self.limits,
            **facts,
        )


def _probability(channel: ChannelReading) -> float | None:
    """Return that of the platform that is named; of Meta, of all its services."""
    if channel.platform is None:
        return None
    of_meta = channel.platform == META
    services = META_SERVICES if of_meta else (channel.platform,)
    total = sum(one.probability for one in channel.likelihoods if one.platform in services)
    return min(1.0, round(total, 6))


def _reason(channel: ChannelReading) -> str:
    if channel.jpeg is None:
        return "The file isn't JPEG, so its header names no platform."
    if channel.platform is None:
        return "No mark or table of a platform's own is in the file, so none is named."
    return f"It carries {channel.named_by}, and its coding fits."


def _compatible(hint: PixelHint, channel: ChannelReading, entry: ModelEntry) -> bool:
    """Whether the header is gone, or fits a coding that the hint's label was trained on."""
    if channel.jpeg is None:
        return True
    labels = [label.name for label in entry.labels if label.words == hint.platform]
    profiles = {profile for name in labels for profile in SEEN.get(name, ())}
    return any(match.profile in profiles for match in channel.platforms)


def hint_of_pixels(entry: ModelEntry, grounds: Grounds) -> PixelHint:
    """Say what pixels look like by the calibrated probability of each label."""
    calibration, found = grounds.calibration, grounds.found
    platforms = [label for label in entry.labels if label.role == "class"]
    likeliest = max(platforms, key=lambda label: found[label.name])
    value = found[likeliest.name]
    none = max(0.0, min(1.0, 1 - sum(found[label.name] for label in platforms)))
    threshold = calibration.to_name(likeliest.name)
    if threshold is not None and value >= threshold.value:
        return PixelHint(likeliest.words, _looks_as(likeliest), value)
    if calibration.none is not None and none >= calibration.none.value:
        return PixelHint(NONE, "", none)
    return PixelHint(None)


def _looks_as(label: Label) -> str:
    return (
        f"The pixels look as {label.words} coded pictures in 2016. Any program with the same "
        "tables leaves the same traces, so this is a hint and names no platform."
    )


def _shown(scores: PatchScores, found: dict[str, float]) -> dict[str, Any]:
    """Return probabilities and map of pixels that agree with the platform that is named."""
    platforms = scores.model.entry.indices("class")
    place = platforms[int(np.argmax(scores.mean_log[platforms]))]
    label = scores.model.entry.labels[place]
    return {
        "in_domain": True,
        "probabilities": found,
        "patch_map": PatchMap(
            side=scores.patches.side,
            places=scores.patches.places,
            values=map_values(scores.shares[:, place]),
            words=f"Each square is the network's impression of one part: how much it looks as "
            f"{label.words} coded it. Single squares are often wrong.",
            low="looks otherwise",
            high=f"looks like {label.words}",
        ),
    }
