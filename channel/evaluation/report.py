"""The tables and the figure of docs/channel.md, written as files."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image

from channel.evaluation.agreement import QUALITIES, SUBSAMPLINGS, Agreement, agreements, psnr
from channel.evaluation.figure import figure_3
from channel.evaluation.headers import HeaderAgreement, header_agreements
from channel.evaluation.page import page
from channel.evaluation.pictures import Pixels, lossless
from channel.evaluation.table import Table
from channel.evaluation.uploads import FOUND_BEFORE, Comparison, comparisons
from channel.output import write
from channel.platforms import PLATFORMS
from channel.training.differentiable import DifferentiableChannel
from channel.training.differentiable_jpeg import ROUNDINGS
from channel.transmission import transmit

PICTURES = 24
SMOOTH_PICTURES = 8  # the smooth roundings are slow and only for the figure
_LOSSLESS = Path("pictures/npi/codec-corpus_CID22")


def write_report(data: Path, out: Path, *, force: bool) -> None:
    """Measure everything on the data in a folder and write the results into another.

    Raises `UnreadablePictureError` if the data isn't there, `OutputError` if a result exists.
    """
    pictures = lossless(data / _LOSSLESS, PICTURES)
    measured = [
        *agreements(pictures, roundings=("standard", "straight-through")),
        *agreements(pictures[:SMOOTH_PICTURES], roundings=("sinusoidal", "harmonic")),
    ]
    results = {
        "channel-jpeg.md": _jpeg_table(measured).encode(),
        "channel-figure3.csv": _csv(measured).encode(),
        "channel-figure3.png": figure_3(measured),
        "channel-headers.md": _headers_table(header_agreements(data)).encode(),
        "channel-uploads.md": _uploads_table(comparisons(data)).encode(),
        "channel-differentiable.md": _channels_table([p for _, p in pictures[:1]]).encode(),
    }
    for name, content in results.items():
        write(out / name, content, force=force)


def _jpeg_table(measured: Sequence[Agreement]) -> str:
    rows = []
    for subsampling in SUBSAMPLINGS:
        for rounding in ROUNDINGS:
            for quality in QUALITIES:
                chosen = [
                    a
                    for a in measured
                    if (a.subsampling, a.rounding, a.quality) == (subsampling, rounding, quality)
                ]
                rows.append([subsampling, rounding, str(quality), *_jpeg_figures(chosen)])
    header = "subsampling", "rounding", "quality", "median PSNR, dB", "equal pixels", "worst"
    table = Table(header, rows)
    return page("channel-jpeg.md", table, count=PICTURES, smooth=SMOOTH_PICTURES)


def _jpeg_figures(chosen: Sequence[Agreement]) -> list[str]:
    between = median(a.psnr_between for a in chosen)
    return [
        "∞" if np.isinf(between) else f"{between:.1f}",
        f"{100 * float(np.mean([a.equal for a in chosen])):.3f}%",
        f"{max(a.worst for a in chosen):.0f}",
    ]


def _csv(measured: Sequence[Agreement]) -> str:
    names = list(asdict(measured[0]))
    lines = [
        ",".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in asdict(a).values())
        for a in measured
    ]
    return "\n".join([",".join(names), *lines]) + "\n"


def _headers_table(found: Iterable[HeaderAgreement]) -> str:
    def word(agrees: bool | None) -> str:
        return {True: "yes", False: "**no**", None: "no file reaches it"}[agrees]

    rows = [
        [
            a.era.platform,
            f"{a.era.years[0]}–{a.era.years[-1]}" if len(a.era.years) > 1 else a.era.years[0],
            a.era.profile,
            a.basis,
            f"{a.majority} of {a.files}",
            word(a.tables),
            word(a.subsampling),
            word(a.scan),
            f"{a.side}: {word(a.side_agrees)}" + (f" ({a.beyond} larger)" if a.beyond else ""),
        ]
        for a in found
    ]
    header = (
        *("platform", "years", "profile", "platform is", "files with the majority's tables"),
        *("tables", "subsampling", "scan type", "commonest side"),
    )
    return page("channel-headers.md", Table(header, rows))


def _uploads_table(found: Iterable[Comparison]) -> str:
    rows = []
    for c in found:
        luma, chroma = FOUND_BEFORE.get(c.profile, (None, None)) if c.resized else (None, None)
        before = " / ".join("–" if v is None else f"{v:.4g}" for v in (luma, chroma))
        rows.append(
            [
                c.file,
                c.profile,
                f"{c.size[0]}×{c.size[1]}" + (", resized" if c.resized else ""),
                "yes" if c.identical else "no",
                _figures(c.equal),
                _figures(c.equal_nonzero),
                before if luma is not None else "",
            ]
        )
    header = (
        *("file", "profile", "size", "byte-identical", "equal coefficients, Y / Cb / Cr"),
        *("of the non-zero ones", "found before, Y / Cb"),
    )
    return page("channel-uploads.md", Table(header, rows))


def _figures(shares: Sequence[float]) -> str:
    return " / ".join("1" if share == 1 else f"{share:.4f}" for share in shares)


def _channels_table(pictures: Sequence[Pixels]) -> str:
    """How far the differentiable channel is from `transmit`, profile by profile."""
    rows = []
    for profile in PLATFORMS:
        if not profile.encodings or profile.encodings[0].tables is None:
            continue  # passes, or takes its tables from the upload: nothing to compare
        figures = [_channel_against_transmit(p, profile.name) for p in pictures]
        equal, between = np.mean([f[0] for f in figures]), median(f[1] for f in figures)
        decibels = "∞" if np.isinf(between) else f"{between:.1f}"
        rows.append([profile.name, f"{100 * equal:.2f}%", decibels])
    header = "profile", "pixels equal to transmit's", "median PSNR between, dB"
    return page("channel-differentiable.md", Table(header, rows), channels=len(pictures))


def _channel_against_transmit(pixels: Pixels, platform: str) -> tuple[float, float]:
    large = np.asarray(Image.fromarray(pixels).resize((2048, 2048), Image.Resampling.BICUBIC))
    with Image.open(BytesIO(transmit(large, platform))) as image:
        exact = np.asarray(image.convert("RGB"))
    picture = torch.from_numpy(np.array(large)).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        sent = DifferentiableChannel(platform)(picture)
    ours = np.asarray((sent[0] * 255).round().permute(1, 2, 0).to(torch.uint8))
    return float((ours == exact).mean()), psnr(ours, exact)
