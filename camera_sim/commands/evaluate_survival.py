"""``camsim evaluate survival``: the ledger of what survives which platform."""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import KW_ONLY, asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from camera_sim.commands.earlier_run import earlier_run
from camera_sim.developing.files import open_engine
from camera_sim.errors import CameraSimError
from camera_sim.weights import FOLDER
from channel.errors import ChannelError
from channel.evaluation.processor import processor_name
from channel.extras import of_extra
from channel.options import SOME, Count, Out, Positive, Whole, within
from channel.output import write
from channel.picture_file.opening import open_picture
from channel.picture_file.srgb import load_picture, picture_files
from channel.platforms import platform
from channel.terminal import Progress, complain

if TYPE_CHECKING:
    from camera_sim.evaluation.survival.signed_photos import Signer
    from camera_sim.evaluation.survival.trial import PhotoTrial, Survived, Verifier
    from camera_sim.evaluation.watermark.photos import Picture

KEEPING = ("discord", "flickr")  # serve the file that was uploaded
ENOUGH = 0.97  # of a size, that a photograph must have to be counted for it


@dataclass(frozen=True)
class EvaluateSurvival:
    """The ledger: what of a signed photo survives which platform, by size and quality.

    Simulate captures of large photographs, develop them with a watermark, sign them, send them
    through the platforms' real codecs, and say what the verifier still finds. A run that was
    stopped goes on where it was.

    Parameters
    ----------
    photos
        A folder of photographs, best of 24 megapixels and more, that no tuning saw. One at a time
        is in memory, and a second one, of which parts are put into it.
    out
        A folder for the ledger: Markdown, JSON and a picture.
    platform
        Through which (default: those of `camsim evaluate watermark`, and two that keep files).
    megapixels
        Sizes that photographs are scaled to; those that are smaller are left out, and counted.
    quality
        Of the camera's JPEG file, up to 100.
    pipeline
        Whose network lays the watermark.
    weights
        Folder of weights.
    limit
        Use the first so many photographs of each size.
    seed
        Of keys and payloads.
    force
        Begin anew in a folder that holds a run of other settings or models.
    """

    photos: Path
    _: KW_ONLY
    out: Out
    platform: Annotated[tuple[str, ...], SOME] = ()
    megapixels: Annotated[tuple[Positive, ...], SOME] = (8, 12, 24)
    quality: Annotated[tuple[Annotated[int, within(1, 100)], ...], SOME] = (95,)
    pipeline: str = "qnet"
    weights: Path = FOLDER
    limit: Count | None = None
    seed: Whole = 0
    force: bool = False

    def __call__(self) -> int:
        """Print the ledger, and write it; 1 if a photograph could not be used."""
        with of_extra("train"):
            import cv2  # noqa: F401
        return _Evaluation(self).run()


@dataclass
class _Evaluation:
    """The photographs at each size, one after another; each is written as soon as it is known."""

    args: EvaluateSurvival
    failed: set[Path] = field(default_factory=set)
    smaller: dict[float, int] = field(default_factory=dict)

    def run(self) -> int:
        """Fill the ledger."""
        from camera_sim.evaluation.bench import peak_memory
        from camera_sim.evaluation.watermark import changes

        start = time.perf_counter()
        self.files = picture_files(self.args.photos)
        self.platforms = self.args.platform or (*changes.PLATFORMS, *KEEPING)
        for name in self.platforms:
            platform(name)  # that it exists is said before hours of work
        self.engine = open_engine(self.args.pipeline, self.args.weights)
        self.trials = self._done()
        work = self._work()
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack, Progress() as bar:
            signer, verifier = self._parts(Path(folder), stack)
            task = bar.add_task("photographs, by size and quality", total=len(work))
            for number, megapixels in work:
                self._try(number, megapixels, signer, verifier)
                bar.advance(task)
        if not self.trials:
            raise CameraSimError(f"no photograph of {self.args.photos} could be used")
        self._write()
        print(self._text())
        if work:
            minutes, memory = (time.perf_counter() - start) / 60, peak_memory() / 1e9
            print(f"{len(work)} photographs by size and quality in {minutes:.1f} minutes;")
            print(f"one at a time in memory, {memory:.1f} GB at most.")
        return int(bool(self.failed))

    def _parts(self, folder: Path, stack: ExitStack) -> "tuple[Signer, Verifier]":
        from camera_sim.evaluation.survival.signed_photos import Signer
        from camera_sim.evaluation.survival.trial import verifier_of

        signer = Signer.in_folder(folder, self.args.pipeline)
        return signer, stack.enter_context(verifier_of(signer.anchor))

    def _work(self) -> list[tuple[int, float]]:
        """List which photographs are large enough for which size, and not done yet."""
        work, sizes = [], [self._size(file) for file in self.files]
        for megapixels in self.args.megapixels:
            large = [n for n, size in enumerate(sizes) if size >= ENOUGH * megapixels]
            self.smaller[megapixels] = sum(size > 0 for size in sizes) - len(large)
            work += [(number, megapixels) for number in large[: self.args.limit]]
        done = {(one.photo, one.megapixels) for one in self.trials}
        return [(n, size) for n, size in work if (self.files[n].name, size) not in done]

    def _size(self, file: Path) -> float:
        """Return megapixels; 0 of what can't be read, which is told."""
        try:
            opened = open_picture(file.read_bytes())
        except (OSError, ChannelError) as error:
            complain(f"{file}: {error}")
            self.failed.add(file)
            return 0.0
        return opened.width * opened.height / 1e6

    def _try(self, number: int, size: float, signer: "Signer", verifier: "Verifier") -> None:
        """Send one photograph of a size through all platforms; a bad one is told and left out."""
        try:
            found = [
                trial.through(name)
                for trial in self._photo_trials(number, size, signer, verifier)
                for name in self.platforms
            ]
        except (CameraSimError, ChannelError) as error:
            complain(error)
            self.failed.add(self.files[number])
            return
        self.trials += found
        self._write()

    def _photo_trials(
        self, number: int, size: float, signer: "Signer", verifier: "Verifier"
    ) -> "Iterator[PhotoTrial]":

        from camera_sim.evaluation.survival.trial import EditJudge, PhotoTrial
        from camera_sim.evaluation.watermark.photos import Keys, shots

        keys = Keys.of_seed(self.args.seed)
        shot = next(iter(shots([self.files[number]], self.engine, keys, size, first=number)))
        other, judge = self._other_than(number), EditJudge()
        for quality in self.args.quality:
            file = signer.signed(shot, quality)
            yield PhotoTrial(shot, file, other, size, quality, verifier, judge)

    def _other_than(self, number: int) -> "Picture":
        """Load the first photograph before it that can be read, going around."""
        for step in range(1, len(self.files)):
            with suppress(ChannelError):  # it was told when sizes were looked at
                return load_picture(self.files[number - step])
        raise CameraSimError("one photograph alone can be read; parts are put in from a second")

    def _text(self) -> str:
        from camera_sim.evaluation.survival.tables import edits_table, ledger_table

        photos = len({one.photo for one in self.trials})
        head = (
            f"{photos} photographs of {self.args.photos.name}, pipeline {self.args.pipeline}; "
            f"{processor_name()}\n"
        )
        smaller = ", ".join(f"{n} for {size:g} MP" for size, n in self.smaller.items())
        left_out = f"Left out since they are smaller: {smaller}\n"
        tables = str(ledger_table(self.trials)), str(edits_table(self.trials))
        return "\n".join([head, left_out, *tables])

    def _write(self) -> None:
        from camera_sim.evaluation.survival.tables import draw_ledger

        content = {"settings": self._settings(), "trials": [asdict(one) for one in self.trials]}
        text = json.dumps(content, indent=1, ensure_ascii=False)
        write(self.args.out / "survival.json", text.encode(), force=True)
        write(self.args.out / "survival.md", self._text().encode(), force=True)
        draw_ledger(self.trials, self.args.out / "survival.png")

    def _settings(self) -> dict[str, Any]:
        from camera_sim.evaluation.run_settings import settings_of

        args = self.args
        return {
            **settings_of(self.files, args.pipeline, args.weights, args.seed),
            "platform": list(self.platforms),
            "quality": list(args.quality),
        }

    def _done(self) -> "list[Survived]":
        from camera_sim.evaluation.survival.trial import Survived

        def survived(one: dict[str, Any]) -> Survived:
            return Survived(**one | {"size": tuple(one["size"])})

        file, force = self.args.out / "survival.json", self.args.force
        return earlier_run(file, self._settings(), "trials", survived, force=force)
