"""Tables of the detector of generated pictures: Wang et al. 2020, table 2 in form."""

from collections.abc import Mapping, Sequence

import numpy as np

from channel.evaluation.table import Table

Precisions = Mapping[str, float]


def precision_table(
    rows: Sequence[tuple[str, Precisions]],
    chance: Precisions,
    counts: Mapping[str, int],
    seen: Sequence[str] = (),
) -> str:
    """Write a line a model: AP of each generator in percent, and the mean over unseen ones.

    Two more lines give what guessing would, and how many pictures there are.

    Parameters
    ----------
    rows
        The model's name, and AP by generator.
    chance
        AP of guessing.
    counts
        Pictures of each generator.
    seen
        Generators that were trained on; they don't count for the mean.
    """
    names = list(chance)
    unseen = [name for name in names if name not in seen] or names
    table = []
    for model, found in (*rows, ("*chance*", chance)):
        values = [found[name] for name in names]
        mean = float(np.mean([found[name] for name in unseen]))
        table.append((model, *(f"{100 * value:.1f}" for value in (*values, mean))))
    pictures = [counts[name] for name in names]
    total = sum(counts[name] for name in unseen)
    table.append(("*pictures*", *map(str, pictures), str(total)))
    marked = (_marked(name, seen) for name in names)
    return str(Table(("model", *marked, "mean of unseen"), table))


def robustness_table(
    what: str, curves: Sequence[tuple[str, Sequence[float], Sequence[Precisions]]]
) -> str:
    """Write a line a model: AP in percent, the mean over generators, at each step of a change.

    Parameters
    ----------
    what
        The change, such as "JPEG quality".
    curves
        For each model its name, the steps, and AP by generator at each.
    """
    steps = curves[0][1]
    rows = [
        (model, *(f"{100 * float(np.mean(list(one.values()))):.1f}" for one in found))
        for model, _, found in curves
    ]
    return str(Table((what, *(f"{step:g}" for step in steps)), rows))


def _marked(name: str, seen: Sequence[str]) -> str:
    return f"{name} (seen)" if name in seen else name


def ranking_table(rows: Sequence[tuple[str, float]]) -> str:
    """Write a line a picture, the likeliest generated first: its name and score."""
    ranked = [(n, name, f"{score:.2f}") for n, (name, score) in enumerate(rows, 1)]
    return str(Table(("rank", "picture", "score"), ranked))
