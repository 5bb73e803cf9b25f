"""``camsim evaluate parts``: whether changed parts are found by the watermark alone."""

import json
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Annotated

from camera_sim.commands.earlier_run import check_new
from camera_sim.commands.photographs_options import PhotographsOptions
from camera_sim.developing.files import open_engine
from camera_sim.errors import CameraSimError
from channel.evaluation.processor import processor_name
from channel.extras import of_extra
from channel.options import SOME
from channel.output import write
from channel.picture_file.srgb import load_picture, picture_files

if TYPE_CHECKING:
    from camera_sim.evaluation.watermark.part_trials import PartTrial


@dataclass(frozen=True)
class EvaluateParts(PhotographsOptions):
    """Whether changed parts are found by the watermark alone, without a reference.

    Simulate captures of large photographs, develop them with a watermark, change a part or none,
    send them through the platforms' real codecs, and ask which parts lack the watermark.

    Parameters
    ----------
    platform
        Through which, each by itself: facebook+telegram is a chain, file the camera's own file, and
        paper the channel of Korus & Memon 2019 (default: five, and three chains).
    """

    _: KW_ONLY
    platform: Annotated[tuple[str, ...], SOME] = ()

    def __call__(self) -> int:
        """Print the tables, written after each photograph; 1 if one could not be used."""
        with of_extra("train"):
            import cv2  # noqa: F401
        from camera_sim.evaluation.watermark.edited import ways_of

        ways_of(self.platform)  # that they exist is said before minutes of work
        check_new(self.out, "parts.md", "copies.jsonl", force=self.force)
        from camera_sim.evaluation.each_photo import each_photo

        files = picture_files(self.photos)
        if len(files) < 2:
            raise CameraSimError(
                f"{self.photos} holds one photograph; parts of a second one are put into it"
            )
        count = len(files[: self.limit])
        trials: list[PartTrial] = []
        text = ""
        failed: list[str] = []
        every = each_photo(_of_photo, self, count, self.processes, failed)
        for done, found in enumerate(every, 1):
            trials += found
            text = self._tables(trials, done)
            self._write(text, trials)
        print(text)
        return int(bool(failed))

    def _tables(self, trials: "list[PartTrial]", photos: int) -> str:
        from camera_sim.evaluation.watermark.part_tables import parts_by_edit, parts_by_way

        said = (
            f"{photos} photographs of {self.photos.name}, pipeline {self.pipeline}; "
            f"{processor_name()}\n"
        )
        return "\n".join([said, str(parts_by_way(trials)), str(parts_by_edit(trials))])

    def _write(self, text: str, trials: "list[PartTrial]") -> None:
        if self.out:
            write(self.out / "parts.md", text.encode(), force=True)
            lines = "".join(json.dumps(one.row()) + "\n" for one in trials)
            write(self.out / "copies.jsonl", lines.encode(), force=True)


def _of_photo(args: EvaluateParts, number: int) -> "list[PartTrial]":
    """Try one of the photographs; parts of the one before it are put into it."""
    from camera_sim.evaluation.watermark.edited import ways_of
    from camera_sim.evaluation.watermark.part_trials import part_trials
    from camera_sim.evaluation.watermark.photos import Keys, shots

    files = picture_files(args.photos)
    engine = open_engine(args.pipeline, args.weights)
    keys = Keys.of_seed(args.seed, number)
    shot = next(iter(shots([files[number]], engine, keys, first=number)))
    other = load_picture(files[number - 1])
    return list(part_trials(shot, other, ways_of(args.platform), number))
