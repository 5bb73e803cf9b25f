"""The parity gate: whether a model in another precision keeps what the fp32 one does.

Both develop the same captures. Their pictures are compared, then edited in every way that the FAN
distinguishes, transmitted through platforms by the real codecs, and judged. A cheaper model that
looks the same and is judged otherwise would break the pair, so it is refused. A model that embeds a
watermark is also given one; see `watermark_parity`.
"""

import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camera_sim.developing.tiles import develop
from camera_sim.engines import TileEngine
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.raw.raw_image import RawImage
from channel import transmit
from channel.manipulations import MANIPULATIONS
from firmware_export.contract import Exported
from firmware_export.errors import ParityError
from firmware_export.fan import PATCH, Fan
from firmware_export.parity_report import Limits, ParityReport, Tile
from firmware_export.watermark_parity import (
    GATE_WATERMARK,
    Laid,
    Reader,
    recovered,
    strength_ratio,
)

Pixels = NDArray[np.uint8]
NATIVE = "native"
PAPER = "paper"
"""The channel of Korus & Memon 2019, section 4.4: 1:2, then JPEG 50, by the real codec."""
TILE = 256
WORST = 5
# A variance of 0.01 of values in [0, 1]: flatter patches say nothing (the paper's section 4.4).
LEAST_DEVIATION = 0.1
MOST_PATCHES = 48
"""A picture, a label and a platform: spread evenly over it."""


@dataclass(frozen=True)
class Developed:
    """One capture by both models: (H, W, 3) uint8 sRGB, and the seconds that each took.

    Attributes
    ----------
    laid
        The same with a watermark; None of models that take none.
    """

    name: str
    reference: Pixels
    lowered: Pixels
    seconds: float
    laid: Laid | None = None


def parity(
    fp32: Exported,
    model: Exported,
    captures: Sequence[tuple[str, RawImage]],
    fan: Fan | None = None,
    platforms: Sequence[str] = (PAPER,),
    limits: Limits | None = None,
    engine: TileEngine | None = None,
    reader: Reader | None = None,
) -> ParityReport:
    """Compare a model with the fp32 one that it was made from.

    Parameters
    ----------
    captures
        Held-out ones, with their names.
    fan
        The pair's FAN; None compares pictures alone.
    platforms
        Profiles of `channel`, or ``paper``.
    engine
        What runs the model; ONNX Runtime where it is None. The fp32 one runs there always.
    reader
        Of watermarks; None judges no recovery.

    Raises
    ------
    ParityError
        If the three do not belong together, or there is nothing to compare on.
    """
    _check_belong(fp32, model, fan)
    if not captures:
        raise ParityError("parity needs captures to compare on")
    lowered = engine or OnnxRuntimeEngine(model.model())
    pairs = list(_developed(OnnxRuntimeEngine(fp32.model()), lowered, captures))
    laid = [pair.laid for pair in pairs if pair.laid]
    read = recovered(laid, reader, downloaded_from, platforms) if laid and reader else None
    judged = [_judged(pair, fan, platforms) for pair in pairs] if fan else []
    answers = np.concatenate(judged, axis=1) if judged else np.empty((3, 0), np.intp)
    truth, before, after = answers
    return ParityReport(
        precision=model.contract.precision,
        model_sha256=model.sha256,
        fp32_sha256=fp32.sha256,
        fan_sha256=fan.sha256 if fan else None,
        bytes=len(model.content),
        seconds_per_megapixel=round(median(p.seconds for p in pairs), 4),
        captures=len(captures),
        channel=tuple(platforms) if fan or read else (),
        psnr=_psnr([(pair.reference, pair.lowered) for pair in pairs]),
        patches=truth.size,
        accuracy=_share(truth == after),
        accuracy_fp32=_share(truth == before),
        flips=_share(before != after),
        worst=tuple(sorted(_tiles(pairs), key=lambda tile: tile.psnr)[:WORST]),
        watermark_psnr=_psnr([one.watermarked for one in laid]) if laid else None,
        watermark_strength=round(strength_ratio(laid), 4) if laid else None,
        recovered_fp32=read[0].share if read else None,
        recovered=read[1].share if read else None,
        score_fp32=read[0].score if read else None,
        score=read[1].score if read else None,
        limits=limits or Limits(),
    )


def require(report: ParityReport) -> None:
    """Refuse a model that breaks a limit.

    Raises
    ------
    ParityError
        With what broke, by how much, and where it is worst.
    """
    broken = report.failures()
    if broken:
        worst = report.worst[0]
        raise ParityError(
            f"the {report.precision} model is refused: {'; '.join(broken)} (worst tile: "
            f"{worst.capture} at {worst.left}, {worst.top}, {worst.psnr:.1f} dB)"
        )


def _check_belong(fp32: Exported, model: Exported, fan: Fan | None) -> None:
    said = model.contract.source_sha256
    if model.contract.precision != "fp32" and said != fp32.sha256:
        raise ParityError(
            f"the {model.contract.precision} model was made from {said[:12]}…, not from the fp32 "
            f"model {fp32.sha256[:12]}…"
        )
    if fan and fan.pair != model.contract.pair:
        raise ParityError(
            f"the FAN is of the pair {fan.pair or 'none'}, and the pipeline of "
            f"{model.contract.pair or 'none'}: they were not trained together"
        )


def _developed(
    fp32: TileEngine, model: TileEngine, captures: Sequence[tuple[str, RawImage]]
) -> Iterator[Developed]:
    for name, image in captures:
        exposure = image.auto_exposure()
        reference = develop(image, fp32, exposure=exposure)
        start = time.perf_counter()
        lowered = develop(image, model, exposure=exposure)
        seconds = (time.perf_counter() - start) / image.megapixels
        laid = _laid(fp32, model, image, exposure, (reference, lowered))
        yield Developed(name, reference, lowered, seconds, laid)


def _laid(
    fp32: TileEngine,
    model: TileEngine,
    image: RawImage,
    exposure: float,
    plain: tuple[Pixels, Pixels],
) -> Laid | None:
    """Develop once more with a watermark, where both take one."""
    if not (fp32.takes_watermark and model.takes_watermark):
        return None
    height, width = plain[0].shape[:2]
    plane = GATE_WATERMARK.plane((height, width))
    reference, lowered = (
        develop(image, engine, exposure=exposure, watermark=plane) for engine in (fp32, model)
    )
    return Laid(plain, (reference, lowered), plane)


def _judged(pair: Developed, fan: Fan, platforms: Sequence[str]) -> NDArray[np.intp]:
    """Return (3, N): the true label, the answer after fp32, and after the other model."""
    edits = {NATIVE: None} | {one.name: one for one in MANIPULATIONS}
    columns = []
    for index, label in enumerate(fan.labels):
        if label not in edits:  # a class that no edit makes, such as pictures of other cameras
            continue
        edit = edits[label]
        for platform in platforms:
            downloaded = [
                downloaded_from(edit(picture) if edit else picture, platform)
                for picture in (pair.reference, pair.lowered)
            ]
            places = places_of(downloaded[0])
            found = [
                fan.answers(np.stack([_patch(picture, place) for place in places]))
                for picture in downloaded
            ]
            columns.append(np.stack([np.full_like(found[0], index), *found]))
    if not columns:
        raise ParityError(f"none of the FAN's labels ({', '.join(fan.labels)}) can be made here")
    return np.concatenate(columns, axis=1)


def downloaded_from(picture: Pixels, platform: str) -> Pixels:
    """Send a (H, W, 3) picture through a platform, by the real codec, and decode what it serves."""
    if platform == PAPER:
        file = io.BytesIO()
        half = (max(1, picture.shape[1] // 2), max(1, picture.shape[0] // 2))
        image = Image.fromarray(picture).resize(half, Image.Resampling.BOX)
        image.save(file, "JPEG", quality=50)
        downloaded = file.getvalue()
    else:
        downloaded = transmit(picture, platform)
    with Image.open(io.BytesIO(downloaded)) as image:
        return np.asarray(image.convert("RGB"))


def places_of(picture: Pixels) -> list[tuple[int, int]]:
    """Choose patches of a picture: not flat ones if there are others, evenly, by their corners."""
    height, width = (side // PATCH for side in picture.shape[:2])
    places = [(PATCH * row, PATCH * column) for row in range(height) for column in range(width)]
    if not places:
        raise ParityError(
            f"a downloaded picture of {picture.shape[1]}×{picture.shape[0]} holds no patch of "
            f"{PATCH} pixels; name larger captures"
        )
    telling = [place for place in places if _patch(picture, place).std() / 255 > LEAST_DEVIATION]
    places = telling or places
    chosen = np.linspace(0, len(places) - 1, min(len(places), MOST_PATCHES)).astype(int)
    return [places[index] for index in chosen]


def _patch(picture: Pixels, place: tuple[int, int]) -> Pixels:
    top, left = place
    return picture[top : top + PATCH, left : left + PATCH]


def _tiles(pairs: Sequence[Developed]) -> Iterator[Tile]:
    for pair in pairs:
        squares = _squares(pair.reference, pair.lowered)
        for top in range(0, squares.shape[0], TILE):
            for left in range(0, squares.shape[1], TILE):
                error = float(squares[top : top + TILE, left : left + TILE].mean())
                yield Tile(capture=pair.name, top=top, left=left, psnr=round(_decibels(error), 2))


def _squares(first: Pixels, second: Pixels) -> NDArray[np.float32]:
    squares: NDArray[np.float32] = np.square(first.astype(np.float32) - second)
    return squares


def _psnr(pairs: Sequence[tuple[Pixels, Pixels]]) -> float:
    error = sum(_squares(*pair).sum() for pair in pairs)
    return round(_decibels(error / sum(first.size for first, _ in pairs)), 3)


def _decibels(error: float) -> float:
    """PSNR of a mean square error in 8-bit levels; at most 99, for equal pictures."""
    return min(99.0, 10 * float(np.log10(255**2 / max(float(error), 1e-9))))


def _share(hits: NDArray[np.bool_]) -> float | None:
    return round(float(hits.mean()), 5) if hits.size else None
