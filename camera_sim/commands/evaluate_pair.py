"""``camsim evaluate pair``: every table of a NIP–FAN pair, from its shipped weights."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar, get_args

from PIL import Image

from camera_sim.developing.files import open_engine
from camera_sim.errors import CameraSimError, RawError
from camera_sim.raw.raw_image import RawImage, read_raw
from camera_sim.weights import FOLDER
from channel.errors import PictureError, UnknownPlatformError
from channel.evaluation.table import Table
from channel.extras import require_torch
from channel.offered import offered
from channel.options import ANY, SOME, Count
from channel.picture_file.srgb import load_picture, picture_files
from channel.terminal import track

if TYPE_CHECKING:
    from camera_sim.evaluation.pair_tables import TradeOff, UnknownCameraPicture
    from camera_sim.training.pair.captures import DevelopedCapture, Pair, Picture, Scores, Send

T = TypeVar("T")
TableName = Literal[
    "fidelity", "visibility", "channels", "camera", "strengths", "runs", "unknown-camera",
    "edits",
    "attacks", "raw",
]  # fmt: skip
TABLES: tuple[TableName, ...] = get_args(TableName)
PAIR = "rnet-fan-3"


@dataclass(frozen=True)
class PairOptions:
    """Which pair is meant.

    Parameters
    ----------
    pair
        Its name.
    weights
        A joint run's folder (default: the shipped).
    before
        Folder of weights of the pipeline before joint training.
    """

    _: KW_ONLY
    pair: str = PAIR
    weights: Path | None = None
    before: Path = FOLDER


@dataclass(frozen=True)
class EvaluatePair(PairOptions):
    """A camera and its FAN: accuracy after platforms, fidelity, unknown cameras, attacks.

    Photograph held-out pictures with the simulated sensor, develop them with a pair's pipeline,
    edit them, send them, and print what its FAN says. All through libjpeg, at 8 bits.

    Parameters
    ----------
    pictures
        A folder of pictures that no training saw.
    raw
        Real RAW files as well.
    runs
        Joint runs of one pipeline as well, for a curve of accuracy against fidelity.
    unknown_camera
        A folder of other photographs, as they were found.
    table
        Which tables (default all).
    through
        Platforms of the tables channels and camera, or none (default all); 1:2 and JPEG 50 is
        always among them.
    limit
        Use the first so many pictures.
    out
        Folder for the figures.
    keep
        Write the pictures to FOLDER/<label>/, for camsim evaluate scores.
    """

    pictures: Path
    _: KW_ONLY
    raw: Annotated[tuple[Path, ...], ANY] = ()
    runs: Annotated[tuple[Path, ...], ANY] = ()
    unknown_camera: Path | None = None
    table: Annotated[tuple[TableName, ...], SOME] = TABLES
    through: Annotated[tuple[str, ...], SOME] | None = None
    limit: Count | None = None
    out: Path | None = None
    keep: Path | None = None

    def __call__(self) -> int:
        """Print the tables."""
        require_torch("the tables of a pair need")
        from camera_sim.training.pair import captures as bench

        _check(self)
        channels = _channels(self.through)
        pair = bench.open_pair(self.pair, self.weights, self.before)
        files = picture_files(self.pictures)[: self.limit]
        if len(files) < 2:  # splices and attacks take from one picture what they put into another
            raise PictureError(f"{self.pictures} gives {len(files)} picture; at least 2 are needed")
        captures = developed(pair, files)
        if self.keep:
            _keep(self.keep, captures, files)
        print(f"{self.pair}: {len(captures)} pictures of {self.pictures.name}\n")
        if "fidelity" in self.table:
            from camera_sim.evaluation.pair_tables import fidelity_table

            print(fidelity_table(captures))
        if "visibility" in self.table:
            _print_visibility(captures)
        scores = None
        if {"channels", "unknown-camera"} & set(self.table):
            scores = bench.score_histories(pair, captures, bench.paper_channel)
            if not any(len(score.logits) for score in scores):
                raise PictureError(
                    f"no part of the pictures of {self.pictures} can be scored after 1:2 and "
                    "JPEG 50; give larger ones, or some with more texture"
                )
        if "channels" in self.table and scores:
            print_channels(pair, captures, scores, channels, self.out)
        if "camera" in self.table:
            _print_camera(pair, captures, channels, self.out)
        if "strengths" in self.table:
            _print_strengths(pair, files, self.out)
        if "runs" in self.table and self.runs:
            _print_runs(self.runs, self.before, files, self.out)
        if "unknown-camera" in self.table and scores:
            _print_unknown_camera(pair, captures, scores, files, self)
        _print_unseen_edits(pair, captures, self.table)
        if "raw" in self.table and self.raw:
            print(_raw(pair, self.raw, self.out))
        return 0


def _check(args: EvaluatePair) -> None:
    """Refuse tables that are asked for and have nothing to show."""
    for table, files in (("raw", args.raw), ("runs", args.runs)):
        if args.table is not TABLES and table in args.table and not files:
            raise CameraSimError(f"the table {table} is of what --{table} names; name some")


def _print_unseen_edits(
    pair: "Pair", captures: "Sequence[DevelopedCapture]", asked: Sequence[str]
) -> None:
    """Print what is made of edits that no training saw, those of an attacker among them."""
    from camera_sim.evaluation import pair_tables as tables
    from camera_sim.training.pair.captures import paper_channel

    if "edits" in asked:
        print(tables.further_edits_table(pair, captures, paper_channel))
        print(tables.local_edits_table(pair, captures, paper_channel))
    if "attacks" in asked:
        print(tables.attack_table(pair, captures, paper_channel))


def _print_visibility(captures: "Sequence[DevelopedCapture]") -> None:
    from camera_sim.evaluation.visibility import visibility_table

    try:
        print(visibility_table(captures))
    except CameraSimError as missing:
        print(f"The table of visibility is left out: {missing}\n")


def developed(pair: "Pair", files: Sequence[Path]) -> "list[DevelopedCapture]":
    """Photograph each picture and develop it."""
    return [pair.develop(name, capture) for name, capture in _captures(files)]


def _captures(files: Sequence[Path]) -> "Iterator[tuple[str, RawImage]]":
    """Photograph each picture as `camsim evaluate nip`` does, at base ISO."""
    from camera_sim.evaluation import fidelity
    from camera_sim.sensor.sensor import BASE_ISO, LOW_PASS_BLUR

    for index, path in enumerate(_shown(files, "developing")):
        capture = fidelity.capture_of(load_picture(path), index, BASE_ISO, LOW_PASS_BLUR)
        yield path.stem, capture.image


def _shown(items: Sequence[T], words: str) -> Iterable[T]:
    return track(items, words)


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


def print_channels(
    pair: "Pair",
    captures: "Sequence[DevelopedCapture]",
    paper: "Sequence[Scores]",
    channels: "dict[str, Send]",
    out: Path | None,
) -> None:
    """Print accuracy by channel, the confusion matrix and the pooling table."""
    from camera_sim.evaluation import pair_tables as tables
    from camera_sim.training.pair import captures as bench

    labels = [label.name for label in pair.fan.entry.labels]
    rows = []
    for name, send in channels.items():
        is_paper = send is bench.paper_channel
        scores = paper if is_paper else bench.score_histories(pair, captures, send)
        rows.append(tables.channel_row(name, scores))
    print(Table(tables.CHANNEL_COLUMNS, rows, "Accuracy over the five processing histories"))
    print(tables.confusion_table(paper, labels))
    print(tables.pooling_table(paper))
    if out:
        from camera_sim.evaluation.pair_figures import draw_confusion, draw_pooling

        out.mkdir(parents=True, exist_ok=True)
        counts = bench.confusion(paper, len(labels)).tolist()
        draw_confusion(counts, out / "pair-confusion.png", "1:2 and JPEG 50, libjpeg")
        draw_pooling(paper, out / "pair-pooling.png")


def _print_camera(
    pair: "Pair",
    captures: "Sequence[DevelopedCapture]",
    channels: "dict[str, Send]",
    out: Path | None,
) -> None:
    """Print whether the camera is recognised, and draw how for the first picture."""
    from camera_sim.evaluation.pair_figures import draw_scales
    from camera_sim.evaluation.pair_tables import camera_table

    print(camera_table(pair, captures, channels))
    if out and pair.fan.pooling:
        out.mkdir(parents=True, exist_ok=True)
        draw_scales(pair, captures[0], out / "pair-scales.png")


def _print_strengths(pair: "Pair", files: Sequence[Path], out: Path | None) -> None:
    """Print and draw what a weaker and a stronger watermark would be worth."""
    from camera_sim.evaluation.pair_tables import STRENGTHS, measure_trade_off
    from camera_sim.training.pair.captures import paper_channel

    captures = [pair.develop_in_strengths(*captured, STRENGTHS) for captured in _captures(files)]
    jod = _jod()
    measured = [
        measure_trade_off(f"×{strength:g}", pair, of_strength, paper_channel, jod)
        for strength, of_strength in zip(STRENGTHS, zip(*captures, strict=True), strict=True)
    ]
    _print_trade_off("the watermark in several strengths, one FAN", measured, out, "strengths")


def _print_runs(
    runs: Sequence[Path], before: Path, files: Sequence[Path], out: Path | None
) -> None:
    """Print and draw what joint runs gave, each with a FAN of its own."""
    from camera_sim.evaluation.pair_tables import measure_trade_off
    from camera_sim.training.pair.captures import open_run, paper_channel

    jod, measured = _jod(), []
    for run_folder in runs:
        name, pair = open_run(run_folder, before)
        measured.append(measure_trade_off(name, pair, developed(pair, files), paper_channel, jod))
    _print_trade_off("a FAN of its own for each", measured, out, "runs")


def _jod() -> "Callable[[Picture, Picture], float] | None":
    from camera_sim.evaluation.visibility import FULL_HD, jod_on

    try:
        return jod_on(FULL_HD)
    except CameraSimError:
        return None


def _print_trade_off(
    title: str, measured: "Sequence[TradeOff]", out: Path | None, name: str
) -> None:
    from camera_sim.evaluation.pair_figures import draw_trade_off
    from camera_sim.evaluation.pair_tables import trade_off_table

    print(trade_off_table(title, measured))
    if out:
        out.mkdir(parents=True, exist_ok=True)
        draw_trade_off(measured, out / f"pair-{name}.png")


def _print_unknown_camera(
    pair: "Pair",
    captures: "Sequence[DevelopedCapture]",
    scores: "Sequence[Scores]",
    files: Sequence[Path],
    args: EvaluatePair,
) -> None:
    from camera_sim.evaluation.pair_tables import UnknownCameraPicture, unknown_camera_table
    from camera_sim.training.pair import captures as bench

    others = list(unknown_camera_pictures_of(captures, files))
    if args.unknown_camera:
        others += [
            UnknownCameraPicture(f"as found, {args.unknown_camera.name}", picture)
            for picture in _pictures(args.unknown_camera, args.limit)
        ]
    print(unknown_camera_table(pair, scores, others, bench.paper_channel))


def unknown_camera_pictures_of(
    captures: "Sequence[DevelopedCapture]", files: Sequence[Path]
) -> "Iterator[UnknownCameraPicture]":
    """Yield the same scenes as other pipelines develop them, and as they were found."""
    from camera_sim.evaluation import fidelity
    from camera_sim.evaluation.pair_tables import UnknownCameraPicture
    from camera_sim.sensor.sensor import BASE_ISO, LOW_PASS_BLUR

    classical = fidelity.by_engine(open_engine("classical"))
    for index, (capture, path) in enumerate(zip(captures, files, strict=True)):
        picture = load_picture(path)
        raw = fidelity.capture_of(picture, index, BASE_ISO, LOW_PASS_BLUR).image
        yield UnknownCameraPicture("the same pipeline before", capture.plain)
        yield UnknownCameraPicture("classical", classical(raw))
        yield UnknownCameraPicture("LibRaw", fidelity.by_libraw(raw))
        yield UnknownCameraPicture("as found, lossless", picture)


def _keep(folder: Path, captures: "Sequence[DevelopedCapture]", files: Sequence[Path]) -> None:
    """Write what the camera's files decode to, all histories, and pictures of unknown cameras."""
    from camera_sim.training.pair.validation import as_camera_file, edited
    from camera_sim.training.pair.workflow import HISTORIES, UNKNOWN_CAMERA
    from channel.output import write

    others = list(unknown_camera_pictures_of(captures, files))
    each = len(others) // len(captures)
    for index, capture in enumerate(_shown(captures, "keeping")):
        native = as_camera_file(capture.watermarked)
        pictures = {name: edited(native, name) for name in HISTORIES}
        pictures[UNKNOWN_CAMERA] = others[each * index + index % each].picture
        for label, picture in pictures.items():
            file = BytesIO()
            Image.fromarray(picture).save(file, "PNG")
            write(folder / label / f"{capture.name}.{label}.png", file.getvalue(), force=False)


def _pictures(folder: Path, limit: int | None) -> "list[Picture]":
    """Load those that can be, at most the middle 2048 pixels of each."""
    found = []
    for path in picture_files(folder)[:limit]:
        try:
            picture = load_picture(path)
        except PictureError:
            continue
        height, width = picture.shape[:2]
        top, left = (max(0, side - 2048) // 2 for side in (height, width))
        found.append(picture[top : top + 2048, left : left + 2048])
    return found


def _raw(pair: "Pair", files: Sequence[Path], out: Path | None) -> Table:
    from camera_sim.evaluation.pair_tables import channels, raw_table
    from camera_sim.training.pair import captures as bench

    captures = []
    for path in files:
        try:
            captures.append(pair.develop(path.name, read_raw(path), exposure=None))
        except RawError as error:
            print(f"{path.name} is left out: {error}")
    if out and captures:
        from camera_sim.evaluation.watermark_sheet import draw_watermark_sheet

        out.mkdir(parents=True, exist_ok=True)
        draw_watermark_sheet(captures, out / "pair-side-by-side.png")
    every = channels()
    return raw_table(
        pair, captures, {"1:2, JPEG 50": bench.paper_channel, "whatsapp": every["whatsapp"]}
    )
