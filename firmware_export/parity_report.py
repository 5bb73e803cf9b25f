"""What the parity gate found; part of a bundle's manifest."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from camera_sim.device.firmware import Precision


class Limits(BaseModel):
    """How far a model may be from the fp32 one.

    Attributes
    ----------
    psnr
        The least PSNR in dB between their 8-bit pictures, over all pixels of all captures.
    accuracy_drop
        The most that the FAN's accuracy may fall, 0 to 1.
    flips
        The largest share of patches on which the FAN changes its answer.
    strength
        By which share the watermark's strength may differ.
    recovery_drop
        The most that the share of recovered payloads may fall, 0 to 1.
    score_drop
        The most that payloads may stand out less of noise, in deviations; a recovered one has 10.3
        to 15.7.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    psnr: float = 40.0
    accuracy_drop: float = 0.01
    flips: float = 0.02
    strength: float = 0.1
    recovery_drop: float = 0.01
    score_drop: float = 0.3


class Tile(BaseModel):
    """A place where two pictures differ: capture, top left corner in pixels, PSNR in dB."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    capture: str
    top: int
    left: int
    psnr: float


class ParityReport(BaseModel):
    """One model beside the fp32 one.

    Attributes
    ----------
    bytes, seconds_per_megapixel
        Of the file, and on ONNX Runtime with one thread a tile.
    channel
        The platforms that the pictures were transmitted through.
    patches
        How many the FAN judged; 0 without a FAN, and then only PSNR is known.
    accuracy, accuracy_fp32
        Of the FAN after the channel, on the edits of its labels; None without a FAN.
    flips
        Share of patches whose answer differs; None without a FAN.
    worst
        Tiles with the lowest PSNR.
    watermark_psnr
        PSNR in dB of both pictures with the same watermark; None of a model that takes none.
    watermark_strength
        Of this model's watermark over the fp32 one's; None of a model that takes none.
    recovered, recovered_fp32
        Share of pictures whose payload was recovered after the channel; None without a reader.
    score, score_fp32
        Mean of how far payloads stood out of noise there, in deviations; 0 for those not recovered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    precision: Precision
    model_sha256: str
    fp32_sha256: str
    fan_sha256: str | None
    bytes: int
    seconds_per_megapixel: float
    captures: int
    channel: tuple[str, ...]
    psnr: float
    patches: int = 0
    accuracy: float | None = None
    accuracy_fp32: float | None = None
    flips: float | None = None
    worst: tuple[Tile, ...] = ()
    watermark_psnr: float | None = None
    watermark_strength: float | None = None
    recovered: float | None = None
    recovered_fp32: float | None = None
    score: float | None = None
    score_fp32: float | None = None
    limits: Limits = Field(default_factory=Limits)

    def failures(self) -> list[str]:
        """Say which limits are broken, and by how much."""
        found = []
        if self.psnr < self.limits.psnr:
            found.append(
                f"PSNR is {self.psnr:.2f} dB, {self.limits.psnr - self.psnr:.2f} under "
                f"{self.limits.psnr:g}"
            )
        if self.accuracy is not None and self.accuracy_fp32 is not None:
            drop = self.accuracy_fp32 - self.accuracy
            if drop > self.limits.accuracy_drop:
                found.append(
                    f"the FAN's accuracy falls by {100 * drop:.2f} points, from "
                    f"{100 * self.accuracy_fp32:.2f}%, and may by "
                    f"{100 * self.limits.accuracy_drop:g}"
                )
        if self.flips is not None and self.flips > self.limits.flips:
            found.append(
                f"{100 * self.flips:.2f}% of answers flip, and {100 * self.limits.flips:g}% may"
            )
        return [*found, *self._failures_of_watermark()]

    def _failures_of_watermark(self) -> Iterator[str]:
        if self.watermark_psnr is not None and self.watermark_psnr < self.limits.psnr:
            yield (
                f"PSNR with a watermark is {self.watermark_psnr:.2f} dB, "
                f"{self.limits.psnr - self.watermark_psnr:.2f} under {self.limits.psnr:g}"
            )
        off = abs((self.watermark_strength or 0) - 1)
        if self.watermark_strength is not None and off > self.limits.strength:
            yield (
                f"the watermark is laid {self.watermark_strength:.2f} times as strong as by fp32, "
                f"and may differ by {100 * self.limits.strength:g}%"
            )
        if self.recovered is not None and self.recovered_fp32 is not None:
            drop = self.recovered_fp32 - self.recovered
            if drop > self.limits.recovery_drop:
                yield (
                    f"{100 * self.recovered:.2f}% of payloads are recovered, fp32 has "
                    f"{100 * self.recovered_fp32:.2f}%, and it may be "
                    f"{100 * self.limits.recovery_drop:g} points less"
                )
        if self.score is not None and self.score_fp32 is not None:
            drop = self.score_fp32 - self.score
            if drop > self.limits.score_drop:
                yield (
                    f"payloads stand out of noise by {self.score:.2f} deviations, fp32's by "
                    f"{self.score_fp32:.2f}, and it may be {self.limits.score_drop:g} less"
                )
