"""``camsim train pooling``: a pair's network that judges whole pictures."""

import os
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import Annotated

from camera_sim.commands.evaluate_pair import PairOptions
from camera_sim.errors import TrainingError
from channel.extras import require_torch
from channel.options import ANY, SOME, Count, Out, Whole
from channel.picture_file.srgb import picture_files
from channel.terminal import track

PARTS, DRAWS = 40, 25


@dataclass(frozen=True)
class TrainPooling(PairOptions):
    """A pair's network that judges whole pictures.

    Simulate captures, develop them with a pair, edit them, and transmit them through
    platforms at any size. Learn what all blocks of a picture say together, once it is
    synchronised with the camera's watermark. It resumes where a run in --out stopped.

    Parameters
    ----------
    pictures
        All folders are drawn from alike; large pictures teach most.
    whole
        Of large pictures, each taken whole, at base ISO, and transmitted through 1:2 and JPEG 50.
    out
        Folder of the run.
    parts
        Of 25 scenes each, with five processing histories and three channels.
    workers
        Processes.
    seed
        Of all that is drawn at random.
    """

    _: KW_ONLY
    pictures: Annotated[tuple[Path, ...], SOME]
    whole: Annotated[tuple[Path, ...], ANY] = ()
    out: Out
    parts: Count = PARTS
    workers: Count = os.cpu_count() or 1
    seed: Whole = 0

    def __call__(self) -> int:
        """Gather, learn, and print what held-out pictures are called."""
        require_torch()
        from camera_sim.training.pair import captures, pooling
        from camera_sim.training.pair.pooling_data import PairOpener

        folders = [picture_files(folder) for folder in self.pictures]
        wholes = [picture_files(folder) for folder in self.whole]
        everything, whole = [*folders, *wholes], [path for files in wholes for path in files]
        named = zip([*self.pictures, *self.whole], everything, strict=True)
        if short := [folder for folder, files in named if len(files) < 2]:
            raise TrainingError(
                f"{short[0]} holds one picture; training needs at least 2 of a folder"
            )
        pair = captures.open_pair(self.pair, self.weights, self.before)
        recipe = pooling.PoolingRecipe(self.parts, DRAWS, self.seed)
        pattern = pooling.measured_pattern(pair, folders[0])
        opener = PairOpener(self.pair, self.weights, self.before)
        gathered = pooling.gather(
            opener, folders, whole, pattern, recipe, self.out / "gathered", self.workers
        )
        files = list(track(gathered, "gathering", self.parts + len(whole)))
        kept = pooling.kept_of(sorted(files))
        taken = pooling.count_of(kept, whole, everything)
        if whole and not taken:
            raise TrainingError("no picture of --whole can be used: choose larger, textured ones")
        recipe = replace(recipe, whole=taken)
        held = pooling.held_out(kept, everything)
        network = pooling.learn(kept, ~held, self.seed)
        print(pooling.validation_table(network, kept, held))
        folder = pooling.export(network, pattern, pair, self.weights, recipe, self.out)
        print(
            f"pooling of {self.pair} → {folder}; see what it can do, and calibrate it, with\n"
            f"  camsim evaluate pair PICTURES --pair {self.pair} --weights {self.out}\n"
            f"  camsim evaluate scores PICTURES --model {self.pair} --weights {folder} "
            "--out scores.csv"
        )
        return 0
