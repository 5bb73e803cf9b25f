"""``camsim train pairs``: photographs beside their own reconstructions, to train a detector on."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from channel.extras import require_torch
from channel.options import ANY, SOME, Count, Out, Positive, Whole
from channel.terminal import Progress as Bar
from verifier.commands.train_generated import ListedSetsOptions
from verifier.errors import TrainingError

if TYPE_CHECKING:
    from verifier.training.picture_sets import Picture


@dataclass(frozen=True)
class TrainPairs(ListedSetsOptions):
    """Aligned pairs: photographs, made again by the decoders of generators.

    Write a folder for each photograph and scale: the photograph, and its reconstruction by each
    decoder, of the same scene and size (Chen et al., NeurIPS 2025). What is whole already stays.

    Parameters
    ----------
    natural
        Photographs; each folder is a set.
    out
        Folder of the pairs.
    generator
        Runs of camsim train generator, by their folders.
    taef2
        The weights of the TAEF2 autoencoder (.pth): its encoder, then its decoder.
    scales
        At which photographs are made again (default 1 and 0.5).
    threads
        Threads of torch (default: every core).
    seed
        Of what a decoder draws at random.
    """

    _: KW_ONLY
    natural: Annotated[tuple[Path, ...], SOME]
    out: Out
    generator: Annotated[tuple[Path, ...], ANY] = ()
    taef2: Annotated[tuple[Path, ...], ANY] = ()
    scales: Annotated[tuple[Positive, ...], SOME] = (1.0, 0.5)
    threads: Count | None = None
    seed: Whole = 0

    def __call__(self) -> int:
        """Write the pairs, and say how many there are."""
        require_torch()
        from verifier.training.generated.aligned_pairs import write_pairs
        from verifier.training.seeded import make_ready

        make_ready(self.seed, self.threads)
        decoders = decoders_of(self.taef2, self.generator)
        photographs = listed_photographs(self)
        with Bar() as bar:
            task = bar.add_task("making pairs", total=len(photographs))
            count = write_pairs(
                photographs, decoders, self.scales, self.out, lambda: bar.advance(task)
            )
        print(f"{count} scenes by {', '.join(decoders)} → {self.out}")
        return 0


def listed_photographs(args: TrainPairs) -> "list[Picture]":
    """List the photographs; with a list of sets, those of the sets for training alone."""
    from verifier.training.generated.sets import NATURAL, pictures_of_sets
    from verifier.training.listed_sets import named_in, read_listed_sets

    pictures = pictures_of_sets(NATURAL, args.natural)
    if args.sets is None:
        return list(pictures)
    listed = read_listed_sets(args.sets)
    return [one for one in pictures if named_in(listed, one.set).part == "training"]


def decoders_of(
    taef2: Sequence[Path], generators: Sequence[Path]
) -> dict[str, Callable[[Any], Any]]:
    """Load the decoders by name.

    Parameters
    ----------
    taef2
        The encoder's weights, then the decoder's; or none.
    generators
        Folders of runs.

    Raises
    ------
    TrainingError
        If there are none, or two of one name.
    WeightsError
        If a file isn't of its autoencoder.
    """
    from verifier.training.generated.generator import load_generator
    from verifier.training.generated.taef2 import load_taef2

    if len(taef2) not in (0, 2):
        raise TrainingError("--taef2 takes two files: the encoder's weights, then the decoder's")
    found: dict[str, Callable[[Any], Any]] = {}
    if taef2:
        found["taef2"] = load_taef2(*taef2)
    for run in generators:
        name = run.resolve().name
        if name in found or name == "photograph":
            raise TrainingError(f"two decoders would be called {name!r}; rename a run's folder")
        found[name] = load_generator(run).made_again
    if not found:
        raise TrainingError("no decoder is given; name --taef2 or a --generator")
    return found
