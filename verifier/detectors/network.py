"""Which network did the picture come through? Its header and its DCT histograms answer.

Pixels: I. Amerini, T. Uricchio, R. Caldelli, *Tracing Images Back to Their Social Network of
Origin: A CNN-Based Approach*, WIFS 2017. The header, which that paper leaves aside, is weighed by
`verifier.features.header_likelihood` while the file is read. A header says more than pixels, so
the pixels are asked for an answer only where the header gives none.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from verifier import calibration as calibrating
from verifier.decision import how_often_wrong, outside_domain, picture_probabilities
from verifier.detectors.detector import ModelDetector
from verifier.detectors.patch_scores import PatchScores, patch_scores
from verifier.features.dct_histogram import patch_histograms
from verifier.features.header_likelihood import NONE
from verifier.features.patches import Patches, choose_patches
from verifier.model import Model
from verifier.reading import Reading
from verifier.report import ChannelReading, DetectorResult, NetworkChance, PatchMap
from verifier.weights import Calibration, Label, ModelEntry, Threshold
from verifier.words import percent

TASK: Final = "network"
# From this probability on the header names a network, or none; see docs/results/network.md.
NAMED: Final = 0.9
NONE_WORDS: Final = "None that is known, as it seems"
_BATCH: Final = 64


def scored(model: Model, patches: Patches, counts: NDArray[np.uint8]) -> PatchScores:
    """Run a model on the histograms of patches: (N, 909), uint8."""
    logits = model.logits(
        counts[start : start + _BATCH].astype(np.float32) for start in range(0, len(counts), _BATCH)
    )
    return patch_scores(model, patches, logits)


@dataclass(frozen=True)
class Said:
    """An answer of header or pixels (``by``): a network, "none", or None for no answer."""

    by: Literal["header", "pixels"]
    network: str | None
    confidence: float | None = None
    reasons: tuple[str, ...] = ()
    threshold: Threshold | None = None


class NetworkDetector(ModelDetector):
    """Names the network that a picture came through last, or none that is known.

    Parameters
    ----------
    models
        Of the task "network"; the first answers. Without any the header alone does.
    """

    task: ClassVar[str] = TASK
    name: ClassVar[str] = "network"
    question: ClassVar[str] = "Through which network did the picture come?"

    def analyze(self, reading: Reading, *, brief: bool = False) -> DetectorResult:
        """Answer for a picture; see `Detector.analyze`."""
        scores = self.score(reading, brief=brief)
        channel = reading.facts.channel
        if scores is None and not channel.chances:
            return self._silent(reading)
        found, pixels = _by_pixels(reading, scores)
        header = _by_header(channel)
        said = header if header.network not in (None, NONE) else pixels
        if said.network is None and header.network == NONE:
            said = header
        return self._result(reading, scores, found, said, (*header.reasons, *pixels.reasons))

    def score(self, reading: Reading, *, brief: bool = False) -> PatchScores | None:
        """Run the model; None without one, or if no patch of the picture is usable."""
        if not self._models:
            return None
        model = self._models[0]
        entry = model.entry
        patches = choose_patches(reading.pixels, entry.input.side, entry.selection, brief=brief)
        if not patches.places:
            return None
        return scored(model, patches, patch_histograms(reading.pixels, patches.places))

    def _silent(self, reading: Reading) -> DetectorResult:
        if not self._models:
            return self.not_run("The file isn't JPEG, and no trained model is installed.")
        height, width = reading.pixels.shape[:2]
        reason = (
            f"The picture ({width}×{height}) isn't JPEG, and too small or flat to say anything."
        )
        return self.not_run(reason).model_copy(update={"status": "abstained"})

    def _result(
        self,
        reading: Reading,
        scores: PatchScores | None,
        found: dict[str, float],
        said: Said,
        reasons: tuple[str, ...],
    ) -> DetectorResult:
        channel = reading.facts.channel
        earlier = channel.earlier
        before = (earlier.network,) if earlier and said.network not in (None, NONE) else ()
        if earlier:
            reasons = (*reasons, earlier.words)
        answered = said.network is not None
        return DetectorResult(
            name=self.name,
            question=self.question,
            status="ran" if answered else "abstained",
            finding="informs" if answered else "none",
            answer=said.network,
            answer_words=_answer_words(said, before),
            confidence=said.confidence,
            threshold=said.threshold.value if said.threshold else None,
            false_alarm_rate=said.threshold.false_alarm_rate if said.threshold else None,
            networks=(*before, said.network) if said.network not in (None, NONE) else (),
            reasons=reasons or (_undecided(channel),),
            **_facts_of(scores, found),
        )


def _by_header(channel: ChannelReading) -> Said:
    """Name the network that the header speaks for, none, or nothing."""
    if not channel.chances:
        return Said(
            "header", None, reasons=("The file isn't JPEG, so its header names no network.",)
        )
    first = channel.chances[0]
    if first.probability < NAMED:
        return Said("header", None, reasons=(_open(channel.chances),))
    if first.network == NONE:
        words = "Its header isn't what any network that is known writes."
        return Said("header", NONE, first.probability, (words,))
    words = (
        f"Its header (tables, structure, size, marks) is {_times(first.ratio)} likelier through "
        f"{first.network} than from a program that is no network (probability "
        f"{percent(first.probability)}; profile {first.profile})."
    )
    return Said("header", first.network, first.probability, (words,))


def _open(chances: tuple[NetworkChance, ...]) -> str:
    listed = [f"{_name(one.network)} {percent(one.probability)}" for one in chances[:3]]
    return f"The header leaves it open: {', '.join(listed)}."


def _name(network: str) -> str:
    return "none that is known" if network == NONE else network


def _times(ratio: float) -> str:
    return f"{ratio:,.0f} times" if ratio < 1e6 else "over a million times"


def _by_pixels(reading: Reading, scores: PatchScores | None) -> tuple[dict[str, float], Said]:
    """Calibrated probabilities, and what they say."""
    if scores is None:
        return {}, Said("pixels", None)
    entry = scores.model.entry
    outside = outside_domain(entry, reading, scores.patches)
    calibration = entry.calibration_for(None)
    if outside or calibration is None or calibration.named is None or calibration.none is None:
        reasons = outside or ("The model isn't calibrated, so its scores give no answer.",)
        return {}, Said("pixels", None, reasons=reasons)
    found = picture_probabilities(entry, calibration, scores.mean_log, scores.count)
    return found, said_by_pixels(entry, calibration, found)


def said_by_pixels(entry: ModelEntry, calibration: Calibration, found: dict[str, float]) -> Said:
    """Name a network, none, or nothing, by the calibrated probability of each label."""
    networks = [label for label in entry.labels if label.role == "class"]
    likeliest = max(networks, key=lambda label: found[label.name])
    value = found[likeliest.name]
    none = max(0.0, min(1.0, 1 - sum(found[label.name] for label in networks)))
    if calibration.named is not None and value >= calibration.named.value:
        return _named(likeliest, value, calibration.named)
    if calibration.none is not None and none >= calibration.none.value:
        words = f"The pixels look like those of no network that is known ({percent(none)})."
        return Said("pixels", NONE, none, (words,), calibration.none)
    words = f"The pixels leave it open: {likeliest.words} {percent(value)}, none {percent(none)}."
    return Said("pixels", None, reasons=(words,))


def _named(label: Label, value: float, threshold: Threshold) -> Said:
    words = (
        f"The pixels look as {label.words} coded pictures (probability {percent(value)}); other "
        "programs with the same tables leave the same traces."
    )
    wrong = how_often_wrong(threshold, "simulated (other networks, or none)")
    return Said("pixels", label.words, value, (words, wrong), threshold)


def _answer_words(said: Said, before: tuple[str, ...]) -> str | None:
    if said.network is None:
        return None
    if said.network == NONE:
        return NONE_WORDS
    words = f"{said.network}, going by its {said.by}"
    return f"{words}; {before[0]} before that, as it seems" if before else words


def _undecided(channel: ChannelReading) -> str:
    return (
        "Nothing about the file or its pixels tells of a network." if channel.jpeg else NONE_WORDS
    )


def _facts_of(scores: PatchScores | None, found: dict[str, float]) -> dict[str, object]:
    """Return what the report says of the model, if one ran."""
    if scores is None:
        return {}
    entry = scores.model.entry
    networks = entry.indices("class")
    place = networks[int(np.argmax(scores.mean_log[networks]))]
    label = entry.labels[place]
    return {
        "model": scores.model.facts,
        "in_domain": bool(found) or None,
        "scores": calibrating.shares([label.name for label in entry.labels], scores.mean_log),
        "probabilities": found,
        "label_words": {label.name: label.words for label in entry.labels},
        "patches": scores.count,
        "patch_map": PatchMap(
            side=scores.patches.side,
            places=scores.patches.places,
            values=tuple(round(float(v), 4) for v in np.clip(scores.shares[:, place], 0, 1)),
            words=f"Each square is the network's impression of one part: how much it looks as "
            f"{label.words} coded it. Single squares are often wrong.",
            low="looks otherwise",
            high=f"looks like {label.words}",
        ),
    }
