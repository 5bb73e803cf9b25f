"""``camsim evaluate features``: FF-RS, what detectors do without channels, and colour."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated

from channel.options import SOME, Count, Whole
from verifier.commands.evaluate_generated import require_opencv
from verifier.commands.explain import NetworkOptions, network_of
from verifier.weights import FOLDER


@dataclass(frozen=True)
class EvaluateFeatures:
    """Which channels find generated pictures (FF-RS), and which go by colour.

    Rank a detector's channels by FF-RS over generated pictures, silence the top, random and
    lowest ones, and test each for colour: Chandrasegaran et al., ECCV 2022. Needs the extra
    'explain'.

    Parameters
    ----------
    natural
        Folders of photographs.
    generated
        Folders of generated pictures.
    models
        Folders of weights to compare (default: the shipped ones): of each its model of generated
        pictures, or else of origins.
    resnet50
        A ResNet-50 of yours in their place.
    silenced
        Channels to silence, and whose colour is reported.
    limit
        Use the first so many pictures of each folder.
    seed
        Of all that is drawn at random.
    """

    _: KW_ONLY
    natural: Annotated[tuple[Path, ...], SOME]
    generated: Annotated[tuple[Path, ...], SOME]
    models: Annotated[tuple[Path, ...], SOME] = (FOLDER,)
    resnet50: Path | None = None
    silenced: Annotated[tuple[Count, ...], SOME] = (15, 30, 60)
    limit: Count | None = None
    seed: Whole = 0

    def __call__(self) -> int:
        """Print the tables."""
        require_opencv()
        folders = [FOLDER] if self.resnet50 else self.models
        networks = [
            network_of(NetworkOptions(resnet50=self.resnet50, weights=folder)) for folder in folders
        ]
        from verifier.evaluation.generated.bench import centre_crops
        from verifier.evaluation.generated.log_odds import place_of_generated
        from verifier.explain.features import (
            colour_table,
            measure_features,
            ranking_table,
            sensitivity_table,
        )
        from verifier.training.generated.sets import GENERATED, NATURAL, pictures_of_sets

        for network in networks:
            place_of_generated(network.name, network.labels)
        pictures = [
            picture
            for kind, folders in ((NATURAL, self.natural), (GENERATED, self.generated))
            for folder in folders
            for picture in pictures_of_sets(kind, [folder])[: self.limit]
        ]
        crops = centre_crops(pictures, self.seed)
        generated = sum(crop.picture.kind == GENERATED for crop in crops)
        print(
            f"{len(crops) - generated} photographs and {generated} generated pictures; average "
            f"precision of guessing {generated / len(crops):.1%}\n"
        )
        found = [measure_features(network, crops, self.silenced, self.seed) for network in networks]
        print(sensitivity_table(found))
        print(colour_table(found))
        print(ranking_table(networks[0], found[0], self.silenced[0]))
        return 0
