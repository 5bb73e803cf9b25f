"""The curve of a training run, as a figure."""

import json
from pathlib import Path


def draw_curve(run: Path) -> Path:
    """Draw ``history.jsonl`` of a run folder as ``curve.png``: loss and held-out PSNR by step."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    lines = (run / "history.jsonl").read_text().splitlines()
    history = list({entry["step"]: entry for entry in map(json.loads, lines)}.values())
    steps = [entry["step"] for entry in history]
    figure, left = plt.subplots(figsize=(7, 4), layout="constrained")
    left.plot(steps, [entry["loss"] for entry in history], color="tab:grey")
    left.set(xlabel="step", ylabel="training loss")
    right = left.twinx()
    right.plot(steps, [entry["psnr"] for entry in history], color="tab:blue")
    right.set_ylabel("held-out PSNR (dB)", color="tab:blue")
    path = run / "curve.png"
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path
