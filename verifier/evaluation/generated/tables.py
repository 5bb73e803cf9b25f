"""Tables of the detector of generated pictures: Wang et al. 2020, table 2 in form."""

from collections.abc import Mapping, Sequence

import numpy as np

Precisions = Mapping[str, float]


def precision_table(
    rows: Sequence[tuple[str, Precisions]], chance: Precisions, seen: Sequence[str] = ()
) -> str:
    """Write a line a model: AP of each generator in percent, and the mean over unseen ones.

    Parameters
    ----------
    rows
        The model's name, and AP by generator.
    chance
        AP of guessing.
    seen
        Generators that were trained on; they don't count for the mean.
    """
    names = list(chance)
    unseen = [name for name in names if name not in seen] or names
    lines = [
        f"| model | {' | '.join(_marked(name, seen) for name in names)} | mean of unseen |",
        f"|---|{'---|' * (len(names) + 1)}",
    ]
    for model, found in (*rows, ("*chance*", chance)):
        values = [found[name] for name in names]
        mean = float(np.mean([found[name] for name in unseen]))
        lines.append(f"| {model} | {' | '.join(f'{100 * v:.1f}' for v in (*values, mean))} |")
    return "\n".join([*lines, ""])


def _marked(name: str, seen: Sequence[str]) -> str:
    return f"{name} (seen)" if name in seen else name


def ranking_table(rows: Sequence[tuple[str, float]]) -> str:
    """Write a line a picture, the likeliest generated first: its name and score."""
    lines = ["| rank | picture | score |", "|---|---|---|"]
    lines += [f"| {n} | {name} | {score:.2f} |" for n, (name, score) in enumerate(rows, 1)]
    return "\n".join([*lines, ""])
