"""``camsim evaluate pair``: the tables of a jointly trained pipeline and its FAN."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from camera_sim.weights import FOLDER
from channel.errors import PictureError, UnknownPlatformError
from channel.evaluation.table import Table
from channel.extras import require_torch
from channel.offered import offered
from channel.options import SOME, Count
from channel.picture_file.srgb import load_picture, picture_files
from channel.terminal import track

if TYPE_CHECKING:
    from camera_sim.training.pair.captures import DevelopedCapture, Pair, Send

TableName = Literal["fidelity", "channels"]
TABLES: tuple[TableName, ...] = get_args(TableName)


@dataclass(frozen=True)
class EvaluatePair:
    """A jointly trained pipeline and its FAN: fidelity, accuracy after platforms.

    Photograph held-out pictures with the simulated sensor, develop them with the pipeline of a run
    of camsim train joint, edit them, send them, and print what its FAN says. All through libjpeg,
    at 8 bits.

    Parameters
    ----------
    pictures
        A folder of pictures that no training saw.
    weights
        A joint run's folder.
    before
        Folder of weights of the pipeline before joint training.
    table
        Which tables (default all).
    through
        Platforms of the table channels, or none (default all); 1:2 and JPEG 50 is always among
        them.
    limit
        Use the first so many pictures.
    out
        Folder for the figures.
    """

    pictures: Path
    _: KW_ONLY
    weights: Path
    before: Path = FOLDER
    table: Annotated[tuple[TableName, ...], SOME] = TABLES
    through: Annotated[tuple[str, ...], SOME] | None = None
    limit: Count | None = None
    out: Path | None = None

    def __call__(self) -> int:
        """Print the tables."""
        require_torch("the tables of a pair need")
        from camera_sim.evaluation.pair_tables import fidelity_table
        from camera_sim.training.pair.captures import open_pair

        channels = _channels(self.through)
        pair = open_pair(self.weights, self.before)
        files = picture_files(self.pictures)[: self.limit]
        captures = developed(pair, files)
        count = f"{len(captures)} picture{'' if len(captures) == 1 else 's'}"
        print(f"{pair.fan.entry.name}: {count} of {self.pictures.name}\n")
        if "fidelity" in self.table:
            print(fidelity_table(captures))
        if "channels" in self.table:
            _print_channels(pair, captures, channels, self)
        return 0


def developed(pair: "Pair", files: Sequence[Path]) -> "list[DevelopedCapture]":
    """Photograph each picture as `camsim evaluate nip`` does, at base ISO, and develop it."""
    from camera_sim.evaluation import fidelity
    from camera_sim.sensor.sensor import BASE_ISO, LOW_PASS_BLUR

    return [
        pair.develop(
            path.stem, fidelity.capture_of(load_picture(path), index, BASE_ISO, LOW_PASS_BLUR).image
        )
        for index, path in enumerate(track(files, "developing"))
    ]


def _channels(names: Sequence[str] | None) -> "dict[str, Send]":
    """Return what pictures are transmitted through, of those that are named."""
    from camera_sim.evaluation.pair_tables import channels
    from camera_sim.training.pair.captures import paper_channel

    every = channels()
    choices = [name for name, send in every.items() if send is not paper_channel]
    for name in names or ():
        if name not in choices:
            raise UnknownPlatformError(
                f"there is no platform {name!r}; {offered(name, choices, 'choose from')}"
            )
    return {
        name: send
        for name, send in every.items()
        if names is None or name in names or send is paper_channel
    }


def _print_channels(
    pair: "Pair",
    captures: "Sequence[DevelopedCapture]",
    channels: "dict[str, Send]",
    args: EvaluatePair,
) -> None:
    """Print accuracy by channel, the confusion matrix and the pooling table."""
    from camera_sim.evaluation import pair_tables as tables
    from camera_sim.training.pair import captures as bench

    paper = bench.score_histories(pair, captures, bench.paper_channel)
    if not any(len(score.logits) for score in paper):
        raise PictureError(
            f"no part of the pictures of {args.pictures} can be scored after 1:2 and JPEG 50; "
            "give larger ones, or some with more texture"
        )
    labels = [label.name for label in pair.fan.entry.labels]
    rows = []
    for name, send in channels.items():
        is_paper = send is bench.paper_channel
        scores = paper if is_paper else bench.score_histories(pair, captures, send)
        rows.append(tables.channel_row(name, scores))
    print(Table(tables.CHANNEL_COLUMNS, rows, "Accuracy over the five processing histories"))
    print(tables.confusion_table(paper, labels))
    print(tables.pooling_table(paper))
    if args.out:
        from camera_sim.evaluation.pair_figures import draw_confusion, draw_pooling

        args.out.mkdir(parents=True, exist_ok=True)
        counts = bench.confusion(paper, len(labels)).tolist()
        draw_confusion(counts, args.out / "pair-confusion.png", "1:2 and JPEG 50, libjpeg")
        draw_pooling(paper, args.out / "pair-pooling.png")
