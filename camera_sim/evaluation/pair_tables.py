"""The tables of a jointly trained pair: fidelity, and accuracy by channel."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from camera_sim.evaluation.fidelity import BORDER, colour_difference, quality
from camera_sim.training.pair import captures as bench
from camera_sim.training.pair.captures import DevelopedCapture, Scores, Send
from camera_sim.training.pair.validation import as_camera_file
from camera_sim.training.pair.workflow import HISTORIES, PLATFORMS
from channel.evaluation.table import Table

LARGE = 50  # patches of a picture of some megapixels after a halving
PATCH_COUNTS = (1, 2, 5, 10, 20, 50, 100)


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
