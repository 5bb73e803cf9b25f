"""Recovery against visibility: the same photos at several strengths of the watermark."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from camera_sim.evaluation.watermark.changes import through
from camera_sim.evaluation.watermark.fidelity import Fidelity
from camera_sim.evaluation.watermark.photos import Shot
from camera_sim.evaluation.watermark.recovery import trials
from channel.evaluation.drawing import new_figure, save_figure
from channel.evaluation.table import Table

STRENGTHS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4)
CURVE_PLATFORMS = ("whatsapp", "instagram")


@dataclass(frozen=True)
class CurvePoint:
    """All photos at one strength.

    Attributes
    ----------
    strength
        1 is what is shipped.
    recovered
        Share of photos by platform, and after a cut to a quarter of the area.
    """

    strength: float
    psnr: float
    jod: float
    worst_jod: float
    recovered: dict[str, float]


def curve_table(points: Sequence[CurvePoint], photos: int) -> Table:
    """Show every strength in a row."""
    names = list(points[0].recovered)
    rows = [
        (
            f"{point.strength:g}",
            f"{point.psnr:.1f}",
            f"{point.jod:.3f} ({point.worst_jod:.3f})",
            *(f"{point.recovered[name]:.1%}" for name in names),
        )
        for point in points
    ]
    columns = ("strength", "PSNR, dB", "JOD (worst)", *names)
    return Table(columns, rows, f"Recovery against visibility, {photos} photos; 1 is shipped")


def draw_curve(points: Sequence[CurvePoint], path: Path) -> Path:
    """Draw recovery over mean JOD, a line for each kind of change."""
    figure = new_figure(7, 4.5)
    axes = figure.subplots()
    for name in points[0].recovered:
        axes.plot(
            [point.jod for point in points],
            [100 * point.recovered[name] for point in points],
            marker="o",
            label=name,
        )
    shipped = next((point for point in points if point.strength == 1), None)
    if shipped:
        axes.axvline(shipped.jod, color="black", linewidth=0.8, linestyle=":")
    axes.set(xlabel="mean JOD, FullHD at 100% (10 is unseen)", ylabel="photos recovered, %")
    axes.set_xlim(right=10)
    axes.legend()
    return save_figure(figure, path)


def points_of(shots: Iterable[Shot], measure: Callable[[Shot], Fidelity]) -> list[CurvePoint]:
    """Try every strength on all photos."""
    changes = {name: through(name) for name in CURVE_PLATFORMS}
    found: dict[float, list[tuple[Fidelity, dict[str, bool]]]] = {s: [] for s in STRENGTHS}
    for shot in shots:
        for strength in STRENGTHS:
            weaker = replace(shot, strength=strength)
            read = {trial.change: trial.recovered for trial in trials(weaker, changes)}
            found[strength].append((measure(weaker), read))
    return [_point(strength, of_strength) for strength, of_strength in found.items()]


def _point(strength: float, found: list[tuple[Fidelity, dict[str, bool]]]) -> CurvePoint:
    seen = [fidelity.jod for fidelity, _ in found]
    return CurvePoint(
        strength=strength,
        psnr=float(np.mean([fidelity.psnr for fidelity, _ in found])),
        jod=float(np.mean(seen)),
        worst_jod=min(seen),
        recovered={
            name: float(np.mean([read[name] for _, read in found])) for name in CURVE_PLATFORMS
        },
    )
