"""``camsim evaluate edits``: whether edits are named from what is left of a photo's watermark."""

import json
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from camera_sim.commands.earlier_run import check_new
from camera_sim.commands.photographs_options import PhotographsOptions
from camera_sim.developing.files import open_engine
from channel.evaluation.processor import processor_name
from channel.extras import require_torch
from channel.options import SOME
from channel.output import write
from channel.picture_file.srgb import picture_files

if TYPE_CHECKING:
    from camera_sim.evaluation.watermark.edited import Measured


@dataclass(frozen=True)
class EvaluateEdits(PhotographsOptions):
    """Whether edits are named from what is left of a photo's watermark, by platform.

    Simulate captures of large photographs, develop them with a watermark, edit them or not, send
    them through the platforms' real codecs, and ask with the photo's own key and without.

    Parameters
    ----------
    models
        Folder of the verifier's models (default: the shipped).
    platform
        Through which, each by itself: facebook+telegram is a chain, file the camera's own file, and
        paper the channel of Korus & Memon 2019 (default: five, and three chains).
    held_out
        Ask about other edits as well: median, gamma, noise, other strengths.
    """

    _: KW_ONLY
    models: Path | None = None
    platform: Annotated[tuple[str, ...], SOME] = ()
    held_out: bool = False

    def __call__(self) -> int:
        """Print the tables, written after each photograph; 1 if one could not be used."""
        require_torch("the tables of edits need")
        from camera_sim.evaluation.each_photo import each_photo
        from camera_sim.evaluation.watermark.edited import ways_of

        ways_of(self.platform)  # that they exist is said before minutes of work
        check_new(self.out, "edits.md", "copies.jsonl", force=self.force)

        count = len(picture_files(self.photos)[: self.limit])
        rows: list[Measured] = []
        text = ""
        failed: list[str] = []
        every = each_photo(_of_photo, self, count, self.processes, failed)
        for done, found in enumerate(every, 1):
            rows += found
            text = self._tables(rows, done)
            self._write(text, rows)
        print(text)
        return int(bool(failed))

    def _tables(self, rows: "list[Measured]", photos: int) -> str:
        from camera_sim.evaluation.watermark.edit_judging import EditJudge
        from camera_sim.evaluation.watermark.edit_tables import (
            blurs_table,
            by_edit,
            by_way,
            turned_wrong,
        )
        from camera_sim.evaluation.watermark.edited import STANDARD, Edit

        judge = EditJudge(self.models)
        said = (
            f"{photos} photographs of {self.photos.name}, pipeline {self.pipeline}; "
            f"{processor_name()}\n"
        )
        parts = [said]
        for keyed, key in ((False, "the group's key alone"), (True, "the photo's own key")):
            judged = judge(rows, keyed=keyed)
            standard = [one for one in judged if Edit(one.row.kind, one.row.amount) in STANDARD]
            reliability = judge.reliability([one.row for one in standard], keyed=keyed)
            parts += [
                str(by_way(standard, f"By platform, {key}")),
                str(by_edit(judged, f"By edit, {key}")),
                str(turned_wrong(judged, f"Sent on, {key}")),
                str(blurs_table(judged, f"How strongly it was smoothed, {key}", keyed=keyed)),
            ]
            if reliability:
                parts.append(
                    f"Expected calibration error, {key}: {reliability.error:.3f} of "
                    f"{sum(reliability.count):.0f} copies judged; of a calibrated model by chance "
                    f"{reliability.error_by_chance:.3f}.\n"
                )
        return "\n".join(parts)

    def _write(self, text: str, rows: "list[Measured]") -> None:
        if self.out:
            write(self.out / "edits.md", text.encode(), force=True)
            lines = "".join(json.dumps(row.row()) + "\n" for row in rows)
            write(self.out / "copies.jsonl", lines.encode(), force=True)


def _of_photo(args: EvaluateEdits, number: int) -> "list[Measured]":
    """Measure all copies of one of the photographs, in a process of its own."""
    from camera_sim.evaluation.watermark.edited import HELD_OUT, STANDARD, measured, ways_of
    from camera_sim.evaluation.watermark.photos import Keys, shots

    files = picture_files(args.photos)[: args.limit]
    engine = open_engine(args.pipeline, args.weights)
    keys = Keys.of_seed(args.seed, number)
    shot = next(iter(shots([files[number]], engine, keys, first=number)))
    edits = (*STANDARD, *(HELD_OUT if args.held_out else ()))
    ways = ways_of(args.platform)
    return [row for edit in edits for row in measured(shot, edit, ways)]
