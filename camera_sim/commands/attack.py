"""``camsim attack``: a vendor's rehearsal of attacks on the watermark, and what notices them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from camera_sim.commands.earlier_run import earlier_run
from camera_sim.developing.files import open_engine
from camera_sim.errors import CameraSimError
from camera_sim.weights import FOLDER
from channel.errors import ChannelError
from channel.evaluation.processor import processor_name
from channel.extras import require_torch
from channel.options import SOME, Count, Out, Whole, within
from channel.output import write
from channel.terminal import Progress, complain

if TYPE_CHECKING:
    from camera_sim.evaluation.attacks.judging import Outcome
    from camera_sim.evaluation.attacks.rehearsal import Rehearsal

AttackName = Literal[
    "averaging", "copying", "repairing", "redeveloping", "removing", "colluding", "impersonating"
]  # fmt: skip
SMALLEST, LARGEST = 128, 1024  # what a watermark needs, and what is looked at of a picture


@dataclass(frozen=True)
class Attack:
    """Rehearse attacks on the watermark: what is removed, forged, noticed.

    Simulate captures of large photographs, or take RAW files; develop them with a watermark, attack
    them, and have the verifier judge them with the group's key, the photo's and the reference. Keys
    are of the rehearsal alone. A run that was stopped goes on where it was.

    Parameters
    ----------
    photos
        A folder of photographs or RAW files, two or more.
    out
        A folder for the tables, every attempt and what is prepared.
    attack
        Which attacks (default: all).
    average
        How many photos are averaged.
    at
        Pixels a side of the photos that are averaged: in the picture's own coordinates lines of the
        watermark are the same at every size.
    pipeline
        Whose network lays the watermark.
    weights
        Folder of weights.
    limit
        Attack the first so many photos; averages are taken of all.
    seed
        Of keys, payloads and all that is drawn.
    force
        Begin anew in a folder that holds a run of other settings or models.
    """

    photos: Path
    _: KW_ONLY
    out: Out
    attack: Annotated[tuple[AttackName, ...], SOME] = ()
    average: Annotated[tuple[Count, ...], SOME] = (10, 100, 1000)
    at: Annotated[int, within(SMALLEST, LARGEST)] = 768
    pipeline: str = "qnet"
    weights: Path = FOLDER
    limit: Count | None = None
    seed: Whole = 0
    force: bool = False

    def __call__(self) -> int:
        """Print the tables, and write them; 1 if a photo could not be used."""
        require_torch("a rehearsal of attacks needs")
        from camera_sim.evaluation.attacks.rehearsal import ATTACKS, Rehearsal, photo_files

        files = photo_files(self.photos)
        rehearsal = Rehearsal(
            files=files,
            engine=open_engine(self.pipeline, self.weights),
            attacks=self.attack or tuple(ATTACKS),
            limit=min(self.limit or len(files), len(files)),
            counts=sorted(set(self.average)),
            side=self.at,
            seed=self.seed,
            out=self.out,
        )
        return _Run(self, rehearsal).run()


class _Run:
    """The photos, one after another; what is known of each is written at once."""

    def __init__(self, args: Attack, rehearsal: "Rehearsal") -> None:
        from camera_sim.evaluation.run_settings import settings_of

        self.args, self.rehearsal = args, rehearsal
        self.settings: dict[str, Any] = {
            **settings_of(rehearsal.files, args.pipeline, args.weights, args.seed),
            "average": list(rehearsal.counts),
            "at": args.at,
            "limit": rehearsal.limit,
        }
        self.outcomes = self._done()

    def run(self) -> int:
        """Try what is left, and print the tables."""
        left = self._left()
        if left:
            _ = self.rehearsal.attacker  # averages first: their time is another's
        failed = [
            number for number, attacks in self._tracked(left) if not self._try(number, attacks)
        ]
        if not self.outcomes:
            raise CameraSimError(f"no photo of {self.args.photos} could be attacked")
        self._write()
        print(self._tables())
        return int(bool(failed))

    def _left(self) -> list[tuple[int, list[str]]]:
        """List photos with the attacks on them that are not done yet."""
        done = {(outcome.photo, outcome.attack) for outcome in self.outcomes}
        names = [self.rehearsal.files[n].name for n in range(self.rehearsal.limit)]
        every = [
            (number, [one for one in self.rehearsal.attacks if (name, one) not in done])
            for number, name in enumerate(names)
        ]
        return [(number, attacks) for number, attacks in every if attacks]

    def _tracked(self, left: list[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
        with Progress() as bar:
            task = bar.add_task("attacks", total=sum(len(attacks) for _, attacks in left))
            self._advance = partial(bar.advance, task)
            yield from left

    def _try(self, number: int, attacks: Sequence[str]) -> bool:
        """Attack a photo; False if it can't be used, which is told."""
        try:
            for found in self.rehearsal.outcomes(number, attacks):
                self.outcomes += found
                self._write()
                self._advance()
        except (CameraSimError, ChannelError) as error:
            complain(error)
            return False
        return True

    def _tables(self) -> str:
        from camera_sim.evaluation.attacks.rehearsal import ATTACKS
        from camera_sim.evaluation.attacks.tables import attack_table

        photos = len({outcome.photo for outcome in self.outcomes})
        head = (
            f"Photos of {self.args.photos.name} that were attacked: {photos}; pipeline "
            f"{self.args.pipeline}; averages at {self.args.at} pixels; {processor_name()}\n"
        )
        tried = {outcome.attack for outcome in self.outcomes}
        names = [name for name in ATTACKS if name in tried]
        tables = (str(attack_table(name, self.outcomes)) for name in names)
        return "\n".join([head, *tables])

    def _write(self) -> None:
        content = {"settings": self.settings, "attempts": [asdict(o) for o in self.outcomes]}
        text = json.dumps(content, indent=1, ensure_ascii=False)
        write(self.args.out / "attacks.json", text.encode(), force=True)
        write(self.args.out / "attacks.md", self._tables().encode(), force=True)

    def _done(self) -> "list[Outcome]":
        from camera_sim.evaluation.attacks.judging import Outcome

        file, force = self.args.out / "attacks.json", self.args.force
        return earlier_run(file, self.settings, "attempts", lambda one: Outcome(**one), force=force)
