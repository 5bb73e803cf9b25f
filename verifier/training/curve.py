"""The curve of a training run, as a figure."""

from pathlib import Path

from channel.evaluation.drawing import new_figure, save_figure
from verifier.training.history import history_of


def draw_curve(run: Path) -> Path:
    """Draw ``history.jsonl`` of a run folder as ``curve.png``: loss and held-out PSNR by step."""
    return _drawn(run, "psnr", 1, "held-out PSNR (dB)")


def draw_accuracy(run: Path) -> Path:
    """Draw the same of a run that has accuracies: loss and held-out accuracy by step."""
    return _drawn(run, "accuracy", 100, "held-out patches named rightly (%)")


def draw_strength(run: Path) -> Path:
    """Draw the same of a watermark's strength: how far it is off on held-out patches."""
    return _drawn(run, "off", 100, "held-out strength off by (%)")


def draw_learning(run: Path) -> Path:
    """Draw accuracy by how many patches of each picture are learnt from, instead of by step."""
    label = "held-out patches named rightly (%)"
    return _drawn(run, "accuracy", 100, label, "patches of each picture")


def draw_precision(run: Path) -> Path:
    """Draw the same of a run that has average precisions, of held-out scenes."""
    return _drawn(run, "precision", 1, "average precision on held-out scenes")


def _drawn(run: Path, key: str, scale: float, label: str, below: str = "step") -> Path:
    history = history_of(run)
    steps = [entry["step"] for entry in history]
    figure = new_figure(7, 4)
    left = figure.add_subplot()
    left.plot(steps, [entry["loss"] for entry in history], color="tab:grey")
    left.set(xlabel=below, ylabel="training loss")
    right = left.twinx()
    right.plot(steps, [scale * entry[key] for entry in history], color="tab:blue")
    right.set_ylabel(label, color="tab:blue")
    return save_figure(figure, run / "curve.png")
