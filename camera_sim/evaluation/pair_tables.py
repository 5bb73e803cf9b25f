"""The tables of a pair: fidelity, channels, unknown cameras, further edits, attacks, real RAW."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camera_sim.evaluation.fidelity import BORDER, colour_difference, quality
from camera_sim.evaluation.local_edits import LOCAL_EDITS, covered_share
from camera_sim.evaluation.pair_attacks import ATTACKS
from camera_sim.training.pair import captures as bench
from camera_sim.training.pair.captures import DevelopedCapture, Pair, Picture, Read, Scores, Send
from camera_sim.training.pair.validation import as_camera_file, edited
from camera_sim.training.pair.workflow import (
    HISTORIES,
    PLATFORMS,
    UNKNOWN_CAMERA,
    UNKNOWN_CAMERA_CLASS,
)
from channel.evaluation.table import Table
from channel.manipulations import (
    GAMMA,
    GAUSSIAN,
    JPEG,
    MEDIAN,
    NOISE,
    RESAMPLE,
    SHARPEN,
    Manipulation,
)

LARGE = 50  # patches of a picture of some megapixels after a halving
STRENGTHS = (0.5, 0.7, 0.85, 1.0, 1.2, 1.5)
# What is asked for the camera: the plainest history and the one that leaves least of the watermark.
OWN = ("native", "gaussian")
PATCH_COUNTS = (1, 2, 5, 10, 20, 50, 100)
FURTHER_EDITS: tuple[tuple[Manipulation, float], ...] = (
    (MEDIAN, 3), (MEDIAN, 5), (NOISE, 2), (NOISE, 5), (GAMMA, 0.8), (GAMMA, 1.2),
    (GAUSSIAN, 0.5), (GAUSSIAN, 1.5), (SHARPEN, 0.5), (SHARPEN, 2.0),
    (JPEG, 60), (JPEG, 90), (RESAMPLE, 1.3), (RESAMPLE, 3),
)  # fmt: skip


@dataclass(frozen=True)
class UnknownCameraPicture:
    """A picture that the pair did not develop, and what did."""

    kind: str
    picture: Picture


def fidelity_table(captures: Sequence[DevelopedCapture]) -> Table:
    """How far the pair's pictures are from those of the same pipeline before joint training."""
    found = [quality(capture.watermarked, capture.plain) for capture in captures]
    worst = min(range(len(captures)), key=lambda index: found[index].psnr)
    differences = np.concatenate(
        [
            _inner(colour_difference(capture.watermarked, capture.plain)).ravel()
            for capture in captures
        ]
    )
    psnr, ssim = np.mean([(q.psnr, q.ssim) for q in found], axis=0)
    rows = [
        ("PSNR, mean", f"{psnr:.2f} dB"),
        ("PSNR, worst picture", f"{found[worst].psnr:.2f} dB ({captures[worst].name})"),
        ("SSIM, mean", f"{ssim:.4f}"),
        ("CIEDE2000, median of pixels", f"{np.median(differences):.2f}"),
        ("CIEDE2000, 95% of pixels", f"{np.percentile(differences, 95):.2f}"),
    ]
    return Table(
        ("measure", "value"),
        rows,
        f"Fidelity to the pipeline before joint training, {len(captures)} pictures",
    )


def _inner(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[BORDER:-BORDER, BORDER:-BORDER]


def channels() -> dict[str, Send]:
    """Return what pictures are transmitted through, by name."""
    platforms = {name: _after_camera(bench.through_platform(name)) for name in PLATFORMS}
    return {"none": lambda p: p, "1:2, JPEG 50": bench.paper_channel, **platforms}


def _after_camera(send: Send) -> Send:
    return lambda picture: send(as_camera_file(picture))


def channel_row(name: str, scores: Sequence[Scores]) -> tuple[str, ...]:
    """Summarise one channel: accuracy of patches, of pictures, patches a picture."""
    pictures, count = bench.picture_accuracy(scores)
    large, large_count = bench.picture_accuracy(scores, LARGE)
    patches = np.median([len(score.logits) for score in scores])
    return (
        name,
        _percent(bench.patch_accuracy(scores)),
        f"{pictures:.1%} of {count}" if count else "none",
        f"{large:.1%} of {large_count}" if large_count else "none",
        f"{patches:.0f}",
    )


def _percent(share: float) -> str:
    """Write a share of patches or pictures, or that there was none to count."""
    return "no usable patch" if np.isnan(share) else f"{share:.1%}"


CHANNEL_COLUMNS = (
    "channel",
    "patches",
    "pictures",
    f"pictures of {LARGE} patches and more",
    "patches a picture, median",
)


def confusion_table(scores: Sequence[Scores], labels: Sequence[str]) -> Table:
    """Print the confusion matrix in percent, as table 3 of Korus & Memon 2019."""
    counts = bench.confusion(scores, len(labels))
    rows = [
        (name, *(f"{100 * count / max(1, row.sum()):.1f}" for count in row))
        for name, row in zip(HISTORIES, counts, strict=False)
    ]
    title = "Confusion of patches (%), true processing history by named class"
    return Table(("true", *labels), rows, title)


def pooling_table(scores: Sequence[Scores]) -> Table:
    """How sure a decision over several patches is."""
    accuracies = bench.accuracy_by_patches(scores, PATCH_COUNTS)
    rows = [(str(n), _percent(a)) for n, a in zip(PATCH_COUNTS, accuracies, strict=True)]
    return Table(
        ("patches", "accuracy"), rows, "Decisions pooled over patches drawn from all pictures"
    )


@dataclass(frozen=True)
class TradeOff:
    """What a watermark costs an eye, and what it brings.

    Attributes
    ----------
    psnr, ssim, difference, jod
        To the pipeline before joint training: dB, SSIM, median CIEDE2000, and JOD on FullHD at
        100%; means over pictures. ``jod`` is None where ColorVideoVDP isn't installed.
    patches, pictures
        Shares whose processing history is named.
    """

    name: str
    psnr: float
    ssim: float
    difference: float
    jod: float | None
    patches: float
    pictures: float


def measure_trade_off(
    name: str,
    pair: Pair,
    captures: Sequence[DevelopedCapture],
    send: Send,
    jod: Callable[[Picture, Picture], float] | None,
) -> TradeOff:
    """Measure captures of one strength of a watermark, by the pair's FAN as it is."""
    found = [quality(capture.watermarked, capture.plain) for capture in captures]
    differences = [np.median(colour_difference(s.watermarked, s.plain)) for s in captures]
    scores = bench.score_histories(pair, captures, send)
    return TradeOff(
        name,
        float(np.mean([q.psnr for q in found])),
        float(np.mean([q.ssim for q in found])),
        float(np.mean(differences)),
        float(np.mean([jod(s.watermarked, s.plain) for s in captures])) if jod else None,
        bench.patch_accuracy(scores),
        bench.picture_accuracy(scores)[0],
    )


def trade_off_table(title: str, measured: Sequence[TradeOff]) -> Table:
    """Accuracy against fidelity, a row for each strength of the watermark."""
    rows = [
        (
            one.name,
            f"{one.psnr:.2f}",
            f"{one.ssim:.4f}",
            f"{one.difference:.2f}",
            "not measured" if one.jod is None else f"{one.jod:.2f}",
            _percent(one.patches),
            _percent(one.pictures),
        )
        for one in measured
    ]
    columns = ("watermark", "PSNR (dB)", "SSIM", "CIEDE2000, median", "JOD", "patches", "pictures")
    return Table(columns, rows, f"Accuracy against fidelity: {title}")


def unknown_camera_table(
    pair: Pair, scores: Sequence[Scores], pictures: Sequence[UnknownCameraPicture], send: Send
) -> Table:
    """How well other pipelines' pictures are distinguished from the pair's own of any history.

    The verifier says nothing of pictures without a watermark, whatever they are named.
    """
    own = [_unknown_camera_score(score) for score in scores if score.usable]
    rows, everything = [], list[Read]()
    for kind in dict.fromkeys(item.kind for item in pictures):
        found = [pair.read(send(item.picture)) for item in pictures if item.kind == kind]
        found = [read for read in found if read.usable]
        rows.append(_unknown_camera_row(kind, own, found))
        everything += found
    rows.append(_unknown_camera_row("all", own, everything))
    return Table(
        (
            "developed by",
            "pictures",
            "AUC",
            "named straight from the camera",
            "and with a watermark",
        ),
        rows,
        "Unknown cameras against the pair's own pictures, any processing history (picture level)",
    )


def _unknown_camera_row(kind: str, own: Sequence[float], others: Sequence[Read]) -> tuple[str, ...]:
    native = [read for read in others if read.named == 0]
    with_watermark = [read for read in native if _found(read)]
    shares = (f"{len(some) / max(1, len(others)):.1%}" for some in (native, with_watermark))
    scores = [_unknown_camera_score(read) for read in others]
    return (kind, str(len(others)), f"{auc(own, scores):.3f}", *shares)


def _unknown_camera_score(read: Read) -> float:
    """Log odds of `UNKNOWN_CAMERA`, the FAN's last label."""
    return float(read.picture[-1] - np.logaddexp.reduce(read.picture[:-1]))


def auc(negative: Sequence[float], positive: Sequence[float]) -> float:
    """Area under the ROC curve: how often a positive scores higher; NaN without any."""
    if not len(negative) or not len(positive):
        return float("nan")
    from scipy.stats import mannwhitneyu

    statistic = mannwhitneyu(positive, negative).statistic
    return float(statistic) / (len(positive) * len(negative))


def camera_table(pair: Pair, captures: Sequence[DevelopedCapture], sends: dict[str, Send]) -> Table:
    """Measure by channel whether the camera is recognised by its watermark, in others as well."""
    rows = []
    for name, send in sends.items():
        own = [pair.read(send(edited(s.watermarked, edit))) for s in captures for edit in OWN]
        others = [pair.read(send(capture.plain)) for capture in captures]
        own, others = ([read for read in reads if read.usable] for reads in (own, others))
        scores = [[_unknown_camera_score(read) for read in reads] for reads in (own, others)]
        rows.append(
            (
                name,
                str(len(own)),
                *(f"{np.mean([_found(read) for read in reads]):.0%}" for reads in (own, others)),
                *(f"{np.mean([r.named == UNKNOWN_CAMERA_CLASS for r in reads]):.0%}"
                  for reads in (own, others)),
                f"{auc(*scores):.3f}",
            )
        )  # fmt: skip
    return Table(
        (
            "channel",
            "pictures",
            "watermark found",
            "in others",
            "called unknown camera",
            "others so",
            "AUC",
        ),
        rows,
        f"Is it this camera? Its pictures ({', '.join(OWN)}), and the same without the watermark",
    )


def _found(read: Read) -> bool:
    """Whether the watermark is proven, without which nothing is said of a picture."""
    return read.proof is not None and read.proof.holds


def further_edits_table(pair: Pair, captures: Sequence[DevelopedCapture], send: Send) -> Table:
    """Show what the FAN makes of edits and strengths that it never saw."""
    rows = [("none", *_shares([pair.read(send(capture.watermarked)) for capture in captures]))]
    for edit, strength in FURTHER_EDITS:
        read = [pair.read(send(edit(capture.watermarked, strength))) for capture in captures]
        rows.append((f"{edit.name} {strength:g}", *_shares(read)))
    return Table(
        ("edit", *HISTORIES, UNKNOWN_CAMERA),
        rows,
        "Edits held out from training: what pictures were called",
    )


def local_edits_table(pair: Pair, captures: Sequence[DevelopedCapture], send: Send) -> Table:
    """Show whether patches inside a local edit are distinguished from those outside."""
    rows = []
    for name, edit in LOCAL_EDITS.items():
        inside, outside = list[float](), list[float]()
        for index, capture in enumerate(captures):
            picture, mask = edit(capture.watermarked, captures[index - 1].watermarked)
            probabilities, places, downloaded = pair.edit_map(send(picture))
            for probability, place in zip(probabilities, places, strict=True):
                covered = covered_share(mask, place, downloaded)
                if covered > 0.5:
                    inside.append(float(probability))
                elif covered == 0:
                    outside.append(float(probability))
        rows.append((name, str(len(inside)), str(len(outside)), f"{auc(outside, inside):.3f}"))
    return Table(
        ("edit", "patches inside", "outside", "AUC"),
        rows,
        "Local edits on the patch map: probability of an edit, patches inside against outside",
    )


def attack_table(pair: Pair, captures: Sequence[DevelopedCapture], send: Send) -> Table:
    """How often an edited picture passes for a native one after the watermark was put back."""
    rows = []
    for name, attack in ATTACKS.items():
        for history in HISTORIES[1:]:
            forged = attack(pair, captures, history)
            rows.append((name, history, *_shares([pair.read(send(p)) for p in forged])))
    return Table(
        ("attack", "edit", *HISTORIES, UNKNOWN_CAMERA),
        rows,
        "Attacks: edited pictures with the watermark put back, and what they were called",
    )


def _shares(read: Sequence[Read]) -> Iterator[str]:
    """Yield the share of pictures that were given each label."""
    named = [one.named for one in read if one.usable]
    for label in range(len(read[0].picture)):
        yield f"{named.count(label) / max(1, len(named)):.0%}"


def raw_table(pair: Pair, captures: Sequence[DevelopedCapture], sends: dict[str, Send]) -> Table:
    """Real RAW files: developed by the pair, edited, transmitted."""
    rows = []
    for capture in captures:
        for name, send in sends.items():
            scores = bench.score_histories(pair, [capture], send)
            right, count = bench.picture_accuracy(scores)
            rows.append(
                (
                    capture.name,
                    name,
                    f"{quality(capture.watermarked, capture.plain).psnr:.1f}",
                    f"{np.median([len(score.logits) for score in scores]):.0f}",
                    _percent(bench.patch_accuracy(scores)),
                    f"{round(right * count)} of {count}" if count else "",
                )
            )
    return Table(
        ("file", "channel", "PSNR to plain (dB)", "patches", "patches right", "histories right"),
        rows,
        "Real RAW files",
    )
